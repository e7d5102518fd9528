import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createBonds } from '../../../../peer/services/receipt/bonds.ts'
import { createEquivocations } from '../../../../peer/services/receipt/equivocations.ts'
import { createChannelStore } from '../../../../peer/store/channels.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { createEvidenceStore } from '../../../../peer/store/evidence.ts'
import type { Wallet } from '../../../../peer/wallet/wallet.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import type { Offer } from '../../../../protocol/model/offer.ts'
import { accountOf, hashOf } from '../../../contracts/people.ts'
import { createWorld, DROP_DELAY_S, type World } from '../../../contracts/world.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

const BOND_DELAY_S = 30 * DROP_DELAY_S

let world: World
beforeAll(async () => {
  world = await createWorld(['provider', 'bonded', 'liar', 'payer', 'stranger'])
  for (const name of ['provider', 'bonded', 'liar', 'stranger']) await world.drip(name)
})

function bondsOf(name: string) {
  const wallet = { own: { address: accountOf(name) } } as unknown as Wallet
  return createBonds({ chain: world.as(name), wallet }, (offer) => {
    if (offer === 'the offer') return accountOf('provider')
    throw new DatanetError('OFFER_UNKNOWN', { offer })
  })
}

test('a bond is staked, shown to anyone, and comes back after its delay', async () => {
  const { bond, stake, unstake } = bondsOf('provider')
  const receiptSigner = accountOf('provider')
  expect(await bond('own')).toEqual({ receiptSigner, isConvicted: false, stakeWei: 0n, bonds: [] })
  expect(await refusal(() => unstake({}))).toBe('BOND_MISSING')
  expect(await refusal(() => stake(0n))).toBe('INPUT_INVALID')
  expect(await refusal(() => stake(10n ** 30n))).toBe('FUNDS_INSUFFICIENT')
  const one = { owner: receiptSigner, stakeWei: 1_000n, withdrawingWei: 0n }
  expect(await stake(1_000n)).toMatchObject({ stakeWei: 1_000n, bonds: [one] })
  expect(await stake(500n)).toMatchObject({ stakeWei: 1_500n })
  const stranger = bondsOf('stranger')
  for (const named of [receiptSigner, 'the offer']) {
    expect(await stranger.bond(named)).toMatchObject({ receiptSigner, stakeWei: 1_500n })
  }
  expect(await refusal(() => stranger.bond('another'))).toBe('OFFER_UNKNOWN')

  expect(await refusal(() => unstake({ amountWei: 1_501n }))).toBe('FUNDS_INSUFFICIENT')
  const begun = await unstake({ amountWei: 600n })
  expect(begun).toMatchObject({ stakeWei: 1_500n, returnedWei: 0n })
  expect(begun.bonds).toMatchObject([{ withdrawingWei: 600n, readyAtMs: expect.any(Number) }])
  expect(await unstake({})).toEqual(begun)
  await world.warp(BOND_DELAY_S)
  const { token } = world.as('provider')
  const before = await token.balanceOf(receiptSigner)
  expect(await unstake({})).toMatchObject({ stakeWei: 900n, returnedWei: 600n })
  expect(await token.balanceOf(receiptSigner)).toBe(before + 600n)
})

test('a bond that was taken is shown as that, and nothing can be staked again', async () => {
  const { bond, stake } = bondsOf('liar')
  await stake(1_000n)
  const key = { receiptSigner: accountOf('liar'), token: world.contracts.token }
  const proof = world.equivocation('liar', hashOf('a channel'), 3)
  const owner = accountOf('liar')
  await world.as('stranger').bond.slash({ owner, ...key }, proof, accountOf('stranger'))
  expect(await bond('own')).toMatchObject({ isConvicted: true, stakeWei: 0n, bonds: [] })
  expect(await refusal(() => stake(1n))).toBe('CHAIN_REVERTED')
})

// BOND-R2
test('a caller that asks for a bond calls nobody with less, and what is leaving does not count', async () => {
  const db = openDatabase(':memory:')
  onTestFinished(() => db.close())
  const parts = {
    evidenceStore: createEvidenceStore(db),
    channelStore: createChannelStore(db),
    chain: world.as('payer'),
    wallet: { own: { address: accountOf('payer') } } as unknown as Wallet,
    now: () => 1_800_000_000_000,
    log: () => {}
  }
  const asking = (minBondWei?: bigint) =>
    createEquivocations(parts, minBondWei === undefined ? {} : { minBondWei })
  const price = { callWei: 5n, inputTokenWei: 0n, outputTokenWei: 0n }
  const offerOf = (name: string, over = {}) => {
    const payment = { receiptSigner: accountOf(name), token: world.contracts.token }
    return {
      provider: name,
      payment,
      price,
      openWei: 5n,
      maxChunkWei: 0n,
      ...over
    } as unknown as Offer
  }
  await bondsOf('bonded').stake(900n)
  await asking().refuse(offerOf('stranger'))
  await asking(900n).refuse(offerOf('bonded'))
  const refused = (minBondWei: bigint, name: string) =>
    refusal(() => asking(minBondWei).refuse(offerOf(name)))
  expect(await refused(901n, 'bonded')).toBe('BOND_MISSING')
  expect(await refused(1n, 'stranger')).toBe('BOND_MISSING')
  await bondsOf('bonded').unstake({ amountWei: 400n })
  expect(await refused(501n, 'bonded')).toBe('BOND_MISSING')
  await asking(500n).refuse(offerOf('bonded'))
  // Another token is no bond in this one, and a free call needs none.
  const other = { payment: { receiptSigner: accountOf('bonded'), token: accountOf('none') } }
  expect(await refusal(() => asking(1n).refuse(offerOf('bonded', other)))).toBe('BOND_MISSING')
  const free = { price: { callWei: 0n, inputTokenWei: 0n, outputTokenWei: 0n }, openWei: 0n }
  await asking(1n).refuse(offerOf('stranger', free))
})
