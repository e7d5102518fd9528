import { beforeAll, expect, test } from 'vitest'
import type { FundOrder, TokenAuthorization } from '../../peer/chain/escrow.ts'
import { secp256k1 } from '../../protocol/base/secp256k1.ts'
import { keySigner, type TypedStruct } from '../../protocol/base/typed-data.ts'
import { authorizationNonce, FUND, VAULT_FUND } from '../../protocol/channel/orders.ts'
import { channelIdOf, escrowDomain, type Terms } from '../../protocol/channel/terms.ts'
import { bountyDomain, lockIdOf } from '../../protocol/datanet/bounty-lock.ts'
import { accountOf, hashOf, highS, keyOf } from './people.ts'
import { permitOf } from './permit.ts'
import { deployTestContract, type TestContract } from './test-token.ts'
import { createWorld, reverted, type World } from './world.ts'

const COINS = `0x${'0'.repeat(40)}`
const NEVER_S = 4_000_000_000

let world: World
let authorized: TestContract
beforeAll(async () => {
  world = await createWorld(['payer', 'operator', 'stranger'])
  await world.drip('payer')
  authorized = await deployTestContract(world, 'AuthorizedToken')
  await authorized.call('stranger', 'mint', [accountOf('payer'), 10n ** 9n])
})

const domain = () => escrowDomain(world.contracts.chainId, world.contracts.escrow)
const idOf = (terms: Terms) => channelIdOf(domain(), terms)
const depositOf = async (terms: Terms) =>
  (await world.as('stranger').escrow.channel(idOf(terms))).depositWei

let nonces = 0n
async function order(
  struct: TypedStruct,
  terms: Terms,
  amountWei: bigint,
  over: { signer?: string; nonce?: bigint; deadlineS?: number } = {}
): Promise<FundOrder> {
  const { signer = 'payer', nonce = nonces++, deadlineS = NEVER_S } = over
  const value = { channelId: idOf(terms), amountWei, nonce, deadline: deadlineS }
  const signature = await keySigner(keyOf(signer)).signTypedData(domain(), struct, value)
  return { nonce, deadlineS, signature }
}

test("takes the chain's own coin, to the unit", async () => {
  const terms = world.terms({ salt: hashOf('coins'), token: COINS })
  const { escrow, gasBalanceOf } = world.as('payer')
  await escrow.fund(terms, 1_000n)
  await world.as('stranger').escrow.fund(terms, 11n)
  expect(await depositOf(terms)).toBe(1_011n)
  expect(await gasBalanceOf(world.contracts.escrow)).toBe(1_011n)

  await escrow.startWithdraw(terms, 11n)
  await world.warp(terms.withdrawDelayS)
  await world
    .as('stranger')
    .escrow.claim([world.row(terms, { cumulativeWei: 600n, royaltyWei: 100n })])
  const before = await gasBalanceOf(accountOf('operator'))
  await world.as('stranger').escrow.pull(terms.operator, COINS)
  expect(await gasBalanceOf(accountOf('operator'))).toBe(before + 500n)
  const held = await gasBalanceOf(accountOf('payer'))
  await world.as('stranger').escrow.finishWithdraw(terms)
  expect(await gasBalanceOf(accountOf('payer'))).toBe(held + 11n)
  await world.as('stranger').pool.collect(terms)
  expect(await gasBalanceOf(world.contracts.pool)).toBe(100n)
})

test('refuses coins that do not fit, with a token, and sent to the pool by anyone', async () => {
  const { escrow, pool } = world.as('payer').contracts
  const { createContract } = await import('../../peer/chain/ethers/contract.ts')
  const { ChannelEscrow } = await import('../../protocol/contracts/abi/ChannelEscrow.ts')
  const contract = createContract(ChannelEscrow.abi, escrow, world.rpc)
  const send = (token: string, valueWei: bigint) => {
    const terms = world.terms({ token, salt: hashOf('misfit') })
    const tuple = { ...terms, withdrawDelayS: BigInt(terms.withdrawDelayS) }
    const data = contract.encode('fund', [tuple, 100n])
    return world.senderOf('payer').send({ to: escrow, data, what: 'fund', valueWei })
  }
  await expect(send(COINS, 99n)).rejects.toMatchObject(reverted('EscrowTransferInexact'))
  await expect(send(COINS, 101n)).rejects.toMatchObject(reverted('EscrowTransferInexact'))
  await expect(send(world.contracts.token, 1n)).rejects.toMatchObject(
    reverted('EscrowValueUnexpected')
  )
  const gift = { to: pool, data: '0x', what: 'gift', valueWei: 1n }
  await expect(world.senderOf('payer').send(gift)).rejects.toMatchObject(
    reverted('PoolCoinsUnexpected')
  )
})

test("funds by the payer's permit and order, whoever sends them, even when the permit ran ahead", async () => {
  const terms = world.terms({ salt: hashOf('permit') })
  const { escrow } = world.as('operator')
  const permit = await permitOf(world, 'payer', 300n, NEVER_S)
  await escrow.fundWithPermit(terms, 100n, await order(FUND, terms, 100n), permit)
  // The permit is used up; the allowance that it left still pays.
  await escrow.fundWithPermit(terms, 200n, await order(FUND, terms, 200n), permit)
  expect(await depositOf(terms)).toBe(300n)
  await expect(
    escrow.fundWithPermit(terms, 1n, await order(FUND, terms, 1n), permit)
  ).rejects.toMatchObject(reverted('ERC20InsufficientAllowance'))
})

// ORDER-W1
test('refuses an order by another, for another channel or amount, used, cancelled, late or high', async () => {
  const terms = world.terms({ salt: hashOf('orders') })
  const other = world.terms({ salt: hashOf('other orders') })
  await world.as('payer').token.approve(world.contracts.escrow, 10n ** 6n)
  const { escrow } = world.as('stranger')
  const permit = await permitOf(world, 'stranger', 0n, NEVER_S)
  const fund = (by: FundOrder, amountWei = 100n) =>
    escrow.fundWithPermit(terms, amountWei, by, permit)
  const invalid = reverted('EscrowSignatureInvalid')
  await expect(fund(await order(FUND, terms, 100n, { signer: 'stranger' }))).rejects.toMatchObject(
    invalid
  )
  await expect(fund(await order(FUND, other, 100n))).rejects.toMatchObject(invalid)
  await expect(fund(await order(FUND, terms, 100n), 101n)).rejects.toMatchObject(invalid)
  // Money in the vault is another matter than an allowance.
  await expect(fund(await order(VAULT_FUND, terms, 100n))).rejects.toMatchObject(invalid)
  const good = await order(FUND, terms, 100n)
  await expect(fund({ ...good, signature: highS(good.signature) })).rejects.toMatchObject(invalid)
  const late = { deadlineS: Math.floor((await world.as('payer').nowMs()) / 1000) - 1 }
  await expect(fund(await order(FUND, terms, 100n, late))).rejects.toMatchObject(
    reverted('EscrowDeadlinePassed')
  )
  await fund(good)
  await expect(fund(good)).rejects.toMatchObject(reverted('EscrowNonceUsed'))
  const cancelled = await order(FUND, terms, 100n)
  await world.as('payer').escrow.cancelOrder(cancelled.nonce)
  await expect(fund(cancelled)).rejects.toMatchObject(reverted('EscrowNonceUsed'))
  expect(await escrow.isNonceUsed(accountOf('payer'), cancelled.nonce)).toBe(true)
  expect(await escrow.isNonceUsed(accountOf('payer'), 10n ** 9n)).toBe(false)
  expect(await depositOf(terms)).toBe(100n)
})

test('funds by an authorization that fits one channel and one amount alone', async () => {
  const terms = world.terms({ salt: hashOf('authorized'), token: authorized.address })
  const salt = hashOf('one authorization')
  const struct = {
    name: 'ReceiveWithAuthorization',
    fields: [
      { name: 'from', type: 'address' },
      { name: 'to', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'validAfter', type: 'uint256' },
      { name: 'validBefore', type: 'uint256' },
      { name: 'nonce', type: 'bytes32' }
    ]
  }
  const tokenDomain = {
    name: 'Authorized',
    version: '1',
    chainId: world.contracts.chainId,
    verifyingContract: authorized.address
  }
  const signature = await keySigner(keyOf('payer')).signTypedData(tokenDomain, struct, {
    from: accountOf('payer'),
    to: world.contracts.escrow,
    value: 100n,
    validAfter: 0,
    validBefore: NEVER_S,
    nonce: authorizationNonce(idOf(terms), 100n, salt)
  })
  const authorization: TokenAuthorization = {
    from: accountOf('payer'),
    validAfterS: 0,
    validBeforeS: NEVER_S,
    salt,
    signature
  }
  const { escrow } = world.as('stranger')
  const fund = (into: Terms, amountWei: bigint) =>
    escrow.fundWithAuthorization(into, amountWei, authorization)
  const refused = { code: 'CHAIN_REVERTED' }
  await expect(fund({ ...terms, salt: hashOf('thief') }, 100n)).rejects.toMatchObject(refused)
  await expect(fund({ ...terms, operator: accountOf('thief') }, 100n)).rejects.toMatchObject(
    refused
  )
  await expect(fund(terms, 99n)).rejects.toMatchObject(refused)
  await fund(terms, 100n)
  expect(await depositOf(terms)).toBe(100n)
  await expect(fund(terms, 100n)).rejects.toMatchObject(refused)
})

test("the chain's own coin knows no permits and no authorizations", async () => {
  const terms = world.terms({ salt: hashOf('neither'), token: COINS })
  const { escrow } = world.as('stranger')
  const signature = new Uint8Array(64)
  const unsupported = reverted('EscrowTokenUnsupported')
  const permit = { valueWei: 1n, deadlineS: NEVER_S, signature }
  await expect(
    escrow.fundWithPermit(terms, 1n, { nonce: 0n, deadlineS: NEVER_S, signature }, permit)
  ).rejects.toMatchObject(unsupported)
  const authorization = {
    from: accountOf('payer'),
    validAfterS: 0,
    validBeforeS: NEVER_S,
    salt: hashOf('salt'),
    signature
  }
  await expect(escrow.fundWithAuthorization(terms, 1n, authorization)).rejects.toMatchObject(
    unsupported
  )
})

test('one vault funds many channels, each by an order of the payer', async () => {
  const { escrow, token } = world.as('payer')
  await token.approve(world.contracts.escrow, 10n ** 30n)
  await escrow.vaultDeposit(accountOf('payer'), world.contracts.token, 500n)
  for (const [i, amountWei] of [100n, 150n].entries()) {
    const terms = world.terms({ salt: hashOf(`vault ${i}`), operator: accountOf(`operator ${i}`) })
    const signed = await order(VAULT_FUND, terms, amountWei)
    await world.as('stranger').escrow.fundFromVault(terms, amountWei, signed)
    expect(await depositOf(terms)).toBe(amountWei)
  }
  const vault = () => escrow.vaultOf(accountOf('payer'), world.contracts.token)
  expect(await vault()).toEqual({ balanceWei: 250n })
  const terms = world.terms({ salt: hashOf('vault last') })
  const fund = async (amountWei: bigint, struct = VAULT_FUND, signer = 'payer') =>
    world
      .as('stranger')
      .escrow.fundFromVault(terms, amountWei, await order(struct, terms, amountWei, { signer }))
  await expect(fund(251n)).rejects.toMatchObject(reverted('EscrowVaultTooLow'))
  await expect(fund(1n, FUND)).rejects.toMatchObject(reverted('EscrowSignatureInvalid'))
  await expect(fund(1n, VAULT_FUND, 'stranger')).rejects.toMatchObject(
    reverted('EscrowSignatureInvalid')
  )
  expect(await vault()).toEqual({ balanceWei: 250n })
})

test("gives a vault's money back after its delay, less what orders used meanwhile", async () => {
  const { escrow, gasBalanceOf } = world.as('payer')
  const [owner, stranger] = [accountOf('payer'), world.as('stranger').escrow]
  await stranger.vaultDeposit(owner, COINS, 100n)
  await expect(escrow.vaultStartWithdraw(COINS, 0n)).rejects.toMatchObject(
    reverted('EscrowAmountZero')
  )
  await expect(escrow.vaultStartWithdraw(COINS, 101n)).rejects.toMatchObject(
    reverted('EscrowWithdrawTooLarge')
  )
  await expect(stranger.vaultFinishWithdraw(owner, COINS)).rejects.toMatchObject(
    reverted('EscrowVaultWithdrawMissing')
  )
  await escrow.vaultStartWithdraw(COINS, 100n)
  const { withdrawal } = await escrow.vaultOf(owner, COINS)
  expect(withdrawal?.amountWei).toBe(100n)
  await world.warp(999)
  await expect(stranger.vaultFinishWithdraw(owner, COINS)).rejects.toMatchObject(
    reverted('EscrowWithdrawEarly')
  )
  const terms = world.terms({ salt: hashOf('vault race'), token: COINS })
  await stranger.fundFromVault(terms, 30n, await order(VAULT_FUND, terms, 30n))
  await world.warp(1)
  const before = await gasBalanceOf(owner)
  await stranger.vaultFinishWithdraw(owner, COINS)
  expect(await gasBalanceOf(owner)).toBe(before + 70n)
  expect(await escrow.vaultOf(owner, COINS)).toEqual({ balanceWei: 0n })
})

test('refuses a vault deposit of nothing, for nobody, beyond 104 bits, and less a fee', async () => {
  const { escrow } = world.as('payer')
  const { token } = world.contracts
  const owner = accountOf('payer')
  await expect(escrow.vaultDeposit(owner, token, 0n)).rejects.toMatchObject(
    reverted('EscrowAmountZero')
  )
  await expect(escrow.vaultDeposit(COINS, token, 1n)).rejects.toMatchObject(
    reverted('EscrowTermsInvalid')
  )
  await expect(escrow.vaultDeposit(owner, token, 1n << 104n)).rejects.toMatchObject(
    reverted('EscrowDepositTooLarge')
  )
  const hostile = await deployTestContract(world, 'HostileToken')
  await hostile.call('payer', 'mint', [owner, 100n])
  await hostile.call('payer', 'approve', [world.contracts.escrow, 100n])
  await hostile.call('payer', 'setFee', [1n])
  await expect(escrow.vaultDeposit(owner, hostile.address, 50n)).rejects.toMatchObject(
    reverted('EscrowTransferInexact')
  )
})

test('an authorization funds the bounty that it names, and no other, whoever sends it', async () => {
  const { bounty } = world.as('stranger')
  const address = world.contracts.bounty as string
  const expiresAtS = Math.floor((await world.as('payer').nowMs()) / 1_000) + 1_000
  const lock = {
    datanet: hashOf('d'),
    question: hashOf('q'),
    token: authorized.address,
    expiresAtS
  }
  const id = lockIdOf(bountyDomain(world.contracts.chainId, address), lock)
  const [from, salt] = [accountOf('payer'), hashOf('bounty')]
  const nonce = authorizationNonce(id, 40n, salt)
  const said = [from, address, 40n, 0n, BigInt(NEVER_S), nonce]
  const digest = String(await authorized.read('digestOf', said))
  const signature = secp256k1.sign(Buffer.from(digest.slice(2), 'hex'), keyOf('payer'))
  const times = { validAfterS: 0, validBeforeS: NEVER_S }
  const journal = { signed() {} }
  const by = { authorization: { from, ...times, salt, signature } }
  const stolen = { ...lock, question: hashOf('another') }
  const refused = { code: 'CHAIN_REVERTED' }
  await expect(bounty.fund(stolen, 40n, journal, by)).rejects.toMatchObject(refused)
  await expect(bounty.fund(lock, 41n, journal, by)).rejects.toMatchObject(refused)
  await bounty.fund(lock, 40n, journal, by)
  expect(await bounty.fundedBy(id, from)).toBe(40n)
})
