import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Chain, ChainContracts } from '../../../../peer/chain/chain.ts'
import { createEthersChain } from '../../../../peer/chain/ethers-chain.ts'
import { createFunding } from '../../../../peer/services/channel/funding.ts'
import { createVault } from '../../../../peer/services/channel/vault.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { createFundingStore } from '../../../../peer/store/funding.ts'
import type { Wallet } from '../../../../peer/wallet/wallet.ts'
import { keySigner } from '../../../../protocol/base/typed-data.ts'
import { channelIdOf, escrowDomain, type Terms } from '../../../../protocol/channel/terms.ts'
import { accountOf, hashOf, keyOf } from '../../../contracts/people.ts'
import { deployTestContract, type TestContract } from '../../../contracts/test-token.ts'
import { createWorld, type World } from '../../../contracts/world.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

/** By which way a channel is paid into, on a real chain with tokens that can more or less. */
let world: World
let authorized: TestContract
let plain: TestContract
const chains: Chain[] = []

beforeAll(async () => {
  world = await createWorld(['payer', 'stranger'])
  authorized = await deployTestContract(world, 'AuthorizedToken')
  plain = await deployTestContract(world, 'HostileToken')
  await world.drip('payer')
  for (const token of [authorized, plain]) {
    await token.call('deployer', 'mint', [accountOf('payer'), 10n ** 20n])
  }
})
afterAll(() => {
  for (const chain of chains) chain.close()
})

/** The payer's peer where channels are paid in `token`, and how many transactions it sent. */
function payer(token = world.contracts.token, db = openDatabase(':memory:')) {
  const contracts: ChainContracts = { ...world.contracts, token }
  const chain = createEthersChain({
    ...{ rpc: world.rpc, contracts, secretKey: keyOf('payer'), inclusionMs: 2_000, pollMs: 1 }
  })
  chains.push(chain)
  const secretKey = keyOf('payer')
  const signer = keySigner(secretKey)
  const own = { address: signer.address, label: 'own', signer, secretKey }
  const parts = { chain, wallet: { own } as unknown as Wallet }
  const { fund, wayOf } = createFunding(parts, createFundingStore(db))
  let salts = 0
  return {
    chain,
    vault: createVault(parts),
    /** Pays `amountWei` into a new channel, or that of `given`: by which way, in how many transactions. */
    async pay(amountWei: bigint, given?: Terms) {
      const terms = given ?? world.terms({ token, salt: hashOf(`${token} ${salts++}`) })
      const { chainId, escrow } = world.contracts
      const channelId = channelIdOf(escrowDomain(chainId, escrow), terms)
      const before = await chain.transactions.nonce()
      const had = await chain.escrow.channel(channelId)
      await fund(terms, amountWei, {})
      const { depositWei } = await chain.escrow.channel(channelId)
      expect(depositWei - had.depositWei).toBe(amountWei)
      return [wayOf(channelId), (await chain.transactions.nonce()) - before]
    }
  }
}

test('a token with permits is paid in one transaction, again and again', async () => {
  const { pay, chain } = payer()
  expect(await pay(1_000n)).toEqual(['permit', 1])
  expect(await pay(2_000n)).toEqual(['permit', 1])
  expect(await chain.token.allowance(accountOf('payer'), world.contracts.escrow)).toBe(0n)
})

test('orders are numbered on after a restart, and anew where the data are an older copy', async () => {
  const db = openDatabase(':memory:')
  const next = () => BigInt(String(db.get('SELECT next FROM order_nonce')?.next))
  expect(await payer(undefined, db).pay(1_000n)).toEqual(['permit', 1])
  const second = next()
  expect(await payer(undefined, db).pay(1_000n)).toEqual(['permit', 1])
  expect(next()).toBe(second + 1n)
  // As it was before the second order.
  createFundingStore(db).forgetNonce()
  createFundingStore(db).takeNonce(() => second - 1n)
  const { pay } = payer(undefined, db)
  expect((await pay(1_000n))[0]).toBe('permit')
  expect(next() >> 8n).not.toBe(second >> 8n)
  expect((await pay(1_000n))[0]).toBe('permit')
})

test('a token with authorizations is paid by one', async () => {
  const { pay } = payer(authorized.address)
  expect(await pay(1_000n)).toEqual(['authorization', 1])
  const terms = world.terms({ token: authorized.address, salt: hashOf('topped up') })
  expect(await pay(1_000n, terms)).toEqual(['authorization', 1])
  expect(await pay(1_000n, terms)).toEqual(['authorization', 1])
})

test('a token that can neither is approved first', async () => {
  const { pay } = payer(plain.address)
  expect(await pay(1_000n)).toEqual(['approval', 2])
})

test('what a token says and does not keep is not tried twice', async () => {
  const { chain, pay } = payer()
  // As those whose permits are of another form than the standard's.
  const { signing } = chain.token
  let asked = 0
  Object.assign(chain.token, {
    signing: {
      ...signing,
      async domain() {
        asked += 1
        return { ...(await signing.domain()), version: '7' }
      }
    }
  })
  expect(await pay(1_000n)).toEqual(['approval', 2])
  expect(await pay(1_000n)).toEqual(['approval', 2])
  expect(asked).toBe(1)
})

test('an allowance that is there is used up first', async () => {
  const { chain, pay } = payer()
  await chain.token.approve(world.contracts.escrow, 1_500n)
  expect(await pay(1_000n)).toEqual(['allowance', 1])
  expect(await pay(1_000n)).toEqual(['permit', 1])
})

test('one deposit in the vault pays for many channels, as long as it lasts', async () => {
  const { vault, pay, chain } = payer()
  expect(await vault.vault()).toMatchObject({ balanceWei: 0n, withdrawingWei: 0n })
  expect(await refusal(() => vault.vaultDeposit(0n))).toBe('INPUT_INVALID')
  expect(await refusal(() => vault.vaultDeposit(10n ** 30n))).toBe('FUNDS_INSUFFICIENT')
  expect(await vault.vaultDeposit(2_500n)).toMatchObject({ balanceWei: 2_500n })
  const both = await Promise.all([pay(1_000n), pay(1_000n)])
  expect(both.map(([way]) => way)).toEqual(['vault', 'vault'])
  expect(await vault.vault()).toMatchObject({ balanceWei: 500n })
  expect((await pay(1_000n))[0]).toBe('permit')

  // Taken out it is done twice, and no channel is paid from what is on its way.
  expect(await refusal(() => vault.vaultWithdraw({ amountWei: 501n }))).toBe('FUNDS_INSUFFICIENT')
  const begun = await vault.vaultWithdraw({})
  expect(begun).toMatchObject({ withdrawingWei: 500n, returnedWei: 0n })
  expect(begun.readyAtMs).toBeGreaterThan(await chain.nowMs())
  expect(await vault.vaultWithdraw({})).toEqual(begun)
  expect((await pay(500n))[0]).toBe('permit')
  expect(await vault.vaultWithdraw({ amountWei: 400n })).toMatchObject({ withdrawingWei: 400n })
  expect((await pay(100n))[0]).toBe('vault')
  await world.warp(3_600)
  const before = await chain.token.balanceOf(accountOf('payer'))
  expect(await vault.vaultWithdraw({})).toEqual({
    account: accountOf('payer'),
    balanceWei: 0n,
    withdrawingWei: 0n,
    returnedWei: 400n
  })
  expect(await chain.token.balanceOf(accountOf('payer'))).toBe(before + 400n)
  expect(await refusal(() => vault.vaultWithdraw({}))).toBe('INPUT_INVALID')
})

test('who holds too little is told so before anything is signed', async () => {
  const { pay } = payer(plain.address)
  expect(await refusal(() => pay(10n ** 21n))).toBe('FUNDS_INSUFFICIENT')
})
