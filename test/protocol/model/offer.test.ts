import { beforeAll, describe, expect, test } from 'vitest'
import { sealEnvelope } from '../../../protocol/base/envelope.ts'
import { encodeRecord } from '../../../protocol/base/schema.ts'
import {
  isFree,
  type Offer,
  offerSchema,
  type SignedOffer,
  signOffer,
  verifyOffer,
  verifyRoyaltyFloor
} from '../../../protocol/model/offer.ts'
import { refusal } from '../base/refusal.ts'
import { manifest } from '../datanet/people.ts'
import { NOW_MS, offer, peer } from './sample-model.ts'

const FREE = {
  price: { callWei: 0n, inputTokenWei: 0n, outputTokenWei: 0n },
  openWei: 0n,
  maxChunkWei: 0n
}
let provider: Awaited<ReturnType<typeof peer>>
let other: Awaited<ReturnType<typeof peer>>
let signed: SignedOffer

beforeAll(async () => {
  provider = await peer(1)
  other = await peer(2)
  signed = await signOffer(offer(provider.id), provider.key)
})

function free(change: Partial<Offer> = {}): Offer {
  return offer(provider.id, { ...FREE, ...change })
}

test('an offer is verified as its provider sealed it', async () => {
  const verified = await verifyOffer(signed.bytes, NOW_MS)
  expect(verified.offer).toEqual(offer(provider.id))
  expect(verified.cid.equals(signed.cid)).toBe(true)
})

test('an offer is not sealed by another peer, and not taken from one', async () => {
  const mine = offer(provider.id)
  expect(await refusal(() => signOffer(mine, other.key))).toBe('SIGNER_UNEXPECTED')
  const forged = await sealEnvelope('datanet/offer/1', encodeRecord(offerSchema, mine), other.key)
  expect(await refusal(() => verifyOffer(forged, NOW_MS))).toBe('SIGNER_UNEXPECTED')
})

test('an offer holds from five minutes before its date until it expires', async () => {
  const at = (nowMs: number) => verifyOffer(signed.bytes, nowMs)
  await at(NOW_MS - 300_000)
  await at(NOW_MS + 600_000)
  expect(await refusal(() => at(NOW_MS - 300_001))).toBe('RECORD_FROM_FUTURE')
  expect(await refusal(() => at(NOW_MS + 600_001))).toBe('OFFER_EXPIRED')
})

test('an offer that costs nothing owes no royalty, and one that asks for anything is not free', async () => {
  expect(isFree(free())).toBe(true)
  expect(isFree(free({ openWei: 1n }))).toBe(false)
  expect(isFree(free({ maxChunkWei: 1n }))).toBe(false)
  for (const name of ['callWei', 'inputTokenWei', 'outputTokenWei'] as const) {
    expect(isFree(free({ price: { ...FREE.price, [name]: 1n } }))).toBe(false)
  }
  const { bytes } = await signOffer(free(), provider.key)
  expect((await verifyOffer(bytes, NOW_MS)).offer).toEqual(free())
  const poor = { ...manifest().royalty, royaltyPpm: 0 }
  expect(() => verifyRoyaltyFloor(free({ policy: poor }), [manifest()])).not.toThrow()
})

describe('an offer does not exist with', () => {
  const refused = (change: Partial<Offer>) =>
    refusal(() => signOffer(offer(provider.id, change), provider.key))
  const payment = offer('x').payment

  test.each<[string, Partial<Offer>]>([
    ['a life over ten minutes', { expiresAtMs: NOW_MS + 600_001 }],
    [
      'no way to withdraw for a month and more',
      { payment: { ...payment, withdrawDelayS: 2_592_001 } }
    ],
    ['a withdrawal at once', { payment: { ...payment, withdrawDelayS: 0 } }],
    ['room for more than a frame', { maxInputBytes: 2_228_225 }],
    ['shares that are not a whole', { policy: { ...manifest().royalty, treasuryPpm: 0 } }]
  ])('%s', async (_, change) => {
    expect(await refused(change)).toBe('RECORD_MALFORMED')
  })
})

describe('the royalty floor', () => {
  const floor = manifest().royalty
  const paying = (policy: Partial<Offer['policy']>) =>
    offer('x', { policy: { ...floor, ...policy } })

  test('is kept by what the Datanet asks and more', () => {
    expect(() => verifyRoyaltyFloor(paying({}), [manifest()])).not.toThrow()
    expect(() => verifyRoyaltyFloor(paying({ royaltyPpm: 400_000 }), [manifest()])).not.toThrow()
  })

  test('is broken by less royalty, or less of it for contributors', async () => {
    const poor = paying({ royaltyPpm: 299_999 })
    expect(await refusal(() => verifyRoyaltyFloor(poor, [manifest()]))).toBe('ROYALTY_TOO_LOW')
    const greedy = paying({ contributorsPpm: 699_999, builderPpm: 100_001 })
    expect(await refusal(() => verifyRoyaltyFloor(greedy, [manifest()]))).toBe('ROYALTY_TOO_LOW')
  })

  test('is the highest among the Datanets of the model', async () => {
    const dear = manifest({ royalty: { ...floor, royaltyPpm: 300_001 } })
    const act = () => verifyRoyaltyFloor(paying({}), [manifest(), dear])
    expect(await refusal(act)).toBe('ROYALTY_TOO_LOW')
  })

  test('is not thinned by a Datanet that asks for nothing, whatever the shares of a call', () => {
    const poor = manifest({ royalty: { ...floor, royaltyPpm: 0, contributorsPpm: 0 } })
    expect(() => verifyRoyaltyFloor(paying({ royaltyPpm: 299_999 }), [manifest(), poor])).toThrow()
    // Σ shareᵢ·floorᵢ of two Datanets, for every share in steps of a hundredth.
    const { royaltyPpm } = paying({}).policy
    const floors = [floor.royaltyPpm, 0]
    for (let share = 0; share <= 100; share++) {
      const meanPpm = ((floors[0] as number) * share + (floors[1] as number) * (100 - share)) / 100
      expect(royaltyPpm).toBeGreaterThanOrEqual(meanPpm)
    }
    expect(() => verifyRoyaltyFloor(paying({}), [manifest(), poor])).not.toThrow()
  })

  test('is met by no offer where no Datanet is named', async () => {
    expect(await refusal(() => verifyRoyaltyFloor(paying({}), []))).toBe('ROYALTY_TOO_LOW')
  })
})
