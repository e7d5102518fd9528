import { beforeAll, expect, test } from 'vitest'
import type { Equivocation } from '../../protocol/receipt/equivocation.ts'
import { accountOf, hashOf, highS } from './people.ts'
import { deployTestContract } from './test-token.ts'
import { createWorld, DROP_DELAY_S, reverted, type World } from './world.ts'

const COINS = `0x${'0'.repeat(40)}`
const BURNT = `0x${'0'.repeat(36)}dead`
const ZERO_HASH = `0x${'00'.repeat(32)}`
const BOND_DELAY_S = 30 * DROP_DELAY_S
const CHANNEL = hashOf('a channel')

let world: World
beforeAll(async () => {
  world = await createWorld(['payer', 'owner', 'stranger'])
  for (const name of ['owner', 'stranger']) {
    await world.drip(name)
    await world.as(name).token.approve(world.contracts.bond, 10n ** 30n)
  }
})

/** A bond of `owner` on a signer of its own. */
async function bonded(signer: string, amountWei: bigint, token = world.contracts.token) {
  const key = { owner: accountOf('owner'), receiptSigner: accountOf(signer), token }
  await world.as('owner').bond.stake(key, amountWei)
  return key
}

test('stakes tokens and coins, and gives them back after the delay', async () => {
  for (const token of [world.contracts.token, COINS]) {
    const key = await bonded(`keeper of ${token}`, 100n, token)
    const { bond } = world.as('owner')
    await bond.stake(key, 20n)
    await expect(bond.startWithdraw(key, 121n)).rejects.toMatchObject(
      reverted('BondWithdrawTooLarge')
    )
    await expect(bond.startWithdraw(key, 0n)).rejects.toMatchObject(reverted('BondAmountZero'))
    await expect(bond.finishWithdraw(key)).rejects.toMatchObject(reverted('BondWithdrawMissing'))
    await bond.startWithdraw(key, 100n)
    expect(await bond.bondOf(key)).toEqual({
      stakeWei: 120n,
      withdrawal: {
        amountWei: 100n,
        readyAtMs: (await world.as('owner').nowMs()) + BOND_DELAY_S * 1_000
      }
    })
    await world.warp(BOND_DELAY_S - 1)
    await expect(bond.finishWithdraw(key)).rejects.toMatchObject(reverted('BondWithdrawEarly'))
    await world.warp(1)
    await world.as('stranger').bond.finishWithdraw(key)
    expect(await bond.bondOf(key)).toEqual({ stakeWei: 20n })
  }
})

test('two receipts for one place take the whole bond, what is on its way out included', async () => {
  const key = await bonded('liar', 1_005n)
  const { bond } = world.as('owner')
  await bond.startWithdraw(key, 1_005n)
  const { token } = world.as('stranger')
  const burnt = await token.balanceOf(BURNT)
  const proof = world.equivocation('liar', CHANNEL, 3)
  const reporter = accountOf('reporter')
  expect(await world.as('stranger').bond.slash(key, proof, reporter)).toMatchObject({
    rewardWei: 100n
  })
  expect(await token.balanceOf(reporter)).toBe(100n)
  expect(await token.balanceOf(BURNT)).toBe(burnt + 905n)
  expect(await bond.bondOf(key)).toEqual({ stakeWei: 0n })
  await world.warp(BOND_DELAY_S)
  await expect(bond.finishWithdraw(key)).rejects.toMatchObject(reverted('BondWithdrawMissing'))
  await expect(bond.slash(key, proof, reporter)).rejects.toMatchObject(reverted('BondMissing'))
  // Nobody stakes on a signer again whose proof lies open.
  expect(await bond.isConvicted(key.receiptSigner)).toBe(true)
  await expect(bond.stake(key, 1n)).rejects.toMatchObject(reverted('BondSignerConvicted'))
})

// RECEIPT-R6
test('a receipt that was signed in a group is as good a proof, with its own path', async () => {
  const key = await bonded('grouping liar', 100n)
  const { bond } = world.as('stranger')
  const proof = world.groupedEquivocation('grouping liar', CHANNEL, 4)
  const { leaf, path = [], signature } = proof.b
  const slash = (b: Equivocation['b']) => bond.slash(key, { ...proof, b }, accountOf('reporter'))
  const invalid = reverted('BondSignatureInvalid')
  await expect(slash({ leaf, signature })).rejects.toMatchObject(invalid)
  await expect(slash({ leaf, path: [...path, ...path], signature })).rejects.toMatchObject(invalid)
  expect(await slash({ leaf, path, signature })).toMatchObject({ rewardWei: 10n })
})

test('burns coins as well', async () => {
  const key = await bonded('coin liar', 50n, COINS)
  const { gasBalanceOf, bond } = world.as('stranger')
  const burnt = await gasBalanceOf(BURNT)
  await bond.slash(key, world.equivocation('coin liar', CHANNEL, 0), accountOf('coin reporter'))
  expect(await gasBalanceOf(accountOf('coin reporter'))).toBe(5n)
  expect(await gasBalanceOf(BURNT)).toBe(burnt + 45n)
})

test('nothing but two different receipts by the signer itself touches a bond', async () => {
  const key = await bonded('honest', 100n)
  const { bond } = world.as('stranger')
  const slash = (proof: Equivocation, over = {}) =>
    bond.slash({ ...key, ...over }, proof, accountOf('stranger'))
  const own = world.equivocation('honest', CHANNEL, 1)
  const foreign = world.equivocation('stranger', CHANNEL, 1)
  const other = world.equivocation('honest', CHANNEL, 2)
  const invalid = reverted('BondSignatureInvalid')
  // Whatever terms a stranger invents, it cannot sign for the victim.
  await expect(slash(foreign)).rejects.toMatchObject(invalid)
  await expect(slash({ ...own, b: foreign.b })).rejects.toMatchObject(invalid)
  await expect(slash({ ...own, a: foreign.a })).rejects.toMatchObject(invalid)
  // Two receipts of two places contradict nothing.
  await expect(slash({ ...own, b: other.b })).rejects.toMatchObject(invalid)
  await expect(
    slash({ ...own, b: { ...own.b, signature: highS(own.b.signature) } })
  ).rejects.toMatchObject(invalid)
  const equivocal = reverted('BondNotEquivocal')
  await expect(slash({ ...own, b: own.a })).rejects.toMatchObject(equivocal)
  await expect(slash(world.equivocation('honest', ZERO_HASH, 0))).rejects.toMatchObject(equivocal)
  // The stranger's own contradictions cost whoever staked on the stranger: nobody.
  await expect(slash(foreign, { receiptSigner: accountOf('stranger') })).rejects.toMatchObject(
    reverted('BondMissing')
  )
  expect(await bond.bondOf(key)).toEqual({ stakeWei: 100n })
})

test('refuses to stake nothing, on nobody, beyond 104 bits, less a fee, or with coins too many', async () => {
  const { bond } = world.as('owner')
  const key = { receiptSigner: accountOf('someone'), token: world.contracts.token }
  await expect(bond.stake(key, 0n)).rejects.toMatchObject(reverted('BondAmountZero'))
  await expect(bond.stake({ ...key, receiptSigner: COINS }, 1n)).rejects.toMatchObject(
    reverted('BondSignerMissing')
  )
  await expect(bond.stake(key, 1n << 104n)).rejects.toMatchObject(reverted('BondTooLarge'))
  const hostile = await deployTestContract(world, 'HostileToken')
  await hostile.call('owner', 'mint', [accountOf('owner'), 100n])
  await hostile.call('owner', 'approve', [world.contracts.bond, 100n])
  await hostile.call('owner', 'setFee', [1n])
  await expect(bond.stake({ ...key, token: hostile.address }, 50n)).rejects.toMatchObject(
    reverted('BondTransferInexact')
  )
  const { createContract } = await import('../../peer/chain/ethers/contract.ts')
  const { ProviderBond } = await import('../../protocol/contracts/abi/ProviderBond.ts')
  const contract = createContract(ProviderBond.abi, world.contracts.bond, world.rpc)
  const send = (token: string, valueWei: bigint) => {
    const data = contract.encode('stake', [key.receiptSigner, token, 100n])
    return world.senderOf('owner').send({ to: world.contracts.bond, data, what: 'stake', valueWei })
  }
  await expect(send(world.contracts.token, 1n)).rejects.toMatchObject(
    reverted('BondValueUnexpected')
  )
  await expect(send(COINS, 99n)).rejects.toMatchObject(reverted('BondTransferInexact'))
})

test('a token that refuses the burn address saves nobody', async () => {
  const hostile = await deployTestContract(world, 'HostileToken')
  await hostile.call('owner', 'mint', [accountOf('owner'), 100n])
  await hostile.call('owner', 'approve', [world.contracts.bond, 100n])
  const key = await bonded('sly', 100n, hostile.address)
  await hostile.call('owner', 'freeze', [BURNT])
  const { bond } = world.as('stranger')
  await bond.slash(key, world.equivocation('sly', CHANNEL, 5), accountOf('sly reporter'))
  expect(await hostile.read('balanceOf', [accountOf('sly reporter')])).toBe(10n)
  // Its part lies in the contract, and no function moves it.
  expect(await hostile.read('balanceOf', [world.contracts.bond])).toBe(90n)
  expect(await bond.bondOf(key)).toEqual({ stakeWei: 0n })
})
