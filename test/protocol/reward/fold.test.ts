import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeReceipt, encodeReceipt } from '../../../protocol/receipt/receipt.ts'
import { type ChannelRoyalty, dropLeaves, foldRewards } from '../../../protocol/reward/fold.ts'
import { UNASSIGNED, UNITS_PER_WEI } from '../../../protocol/reward/split.ts'
import { address, hash, sampleReceipt } from '../receipt/sample-receipt.ts'
import { anyChannels, anyParties, anyReceipt, channelOf, signAll } from './sample-pool.ts'

const parties = {
  policy: {
    royaltyPpm: 300_000,
    contributorsPpm: 500_000,
    builderPpm: 200_000,
    curatorsPpm: 200_000,
    treasuryPpm: 100_000
  },
  curators: [address(30), address(31)],
  treasuries: [address(40)]
}
const refusal = (code: string) => expect.objectContaining({ code })
const leavesOf = (channels: readonly ChannelRoyalty[], by = parties) =>
  dropLeaves(foldRewards(channels, () => by))
const weiOf = (channels: readonly ChannelRoyalty[]) =>
  Object.fromEntries(leavesOf(channels).map((leaf) => [leaf.account, leaf.cumulativeWei]))
const total = (channels: readonly ChannelRoyalty[]) =>
  leavesOf(channels).reduce((sum, leaf) => sum + leaf.cumulativeWei, 0n)

const three = signAll(hash(1), [sampleReceipt, sampleReceipt, sampleReceipt])
const one = { [address(10)]: 90n, [address(11)]: 45n, [address(20)]: 60n, [address(30)]: 30n }
const shared = { ...one, [address(31)]: 30n, [address(40)]: 45n }
const times = (n: bigint) =>
  Object.fromEntries(Object.entries(shared).map(([who, wei]) => [who, wei * n]))

describe('the fold', () => {
  test('pays committed receipts by their own credit lines', () => {
    expect(weiOf([channelOf(hash(1), three, 3, 900n)])).toEqual(times(3n))
  })

  test('leaves unassigned what was captured for receipts the payer has not committed to', () => {
    expect(weiOf([channelOf(hash(1), three, 1, 900n)])).toEqual({
      ...times(1n),
      [UNASSIGNED]: 600n
    })
  })

  test('pays a receipt that only the provider signed to treasuries alone, once the channel closed', () => {
    const closed = weiOf([channelOf(hash(1), three, 1, 900n, true)])
    expect(closed).toEqual({ ...times(1n), [address(40)]: 45n + 600n })
  })

  test('pays nothing that was not captured, the last receipt in part', () => {
    expect(weiOf([channelOf(hash(1), three, 3, 0n)])).toEqual({})
    expect(weiOf([channelOf(hash(1), three, 3, 450n)])[address(10)]).toBe(90n + 45n)
    expect(total([channelOf(hash(1), three, 3, 450n)])).toBe(450n)
  })

  test('pays a late commitment to the credit lines and takes from none but the unassigned', () => {
    const before = weiOf([channelOf(hash(1), three, 1, 900n)])
    const after = weiOf([channelOf(hash(1), three, 3, 900n)])
    for (const [who, wei] of Object.entries(before)) {
      if (who !== UNASSIGNED) expect((after[who] as bigint) >= wei).toBe(true)
    }
  })

  test('adds fractions of many receipts before it rounds', () => {
    const small = { ...sampleReceipt, priceWei: 1n, royaltyWei: 1n }
    const many = signAll(
      hash(1),
      Array.from({ length: 100 }, () => small)
    )
    // 0.3 wei of each receipt: rounded one by one it would never come to anything
    expect(weiOf([channelOf(hash(1), many, 100, 100n)])[address(10)]).toBe(30n)
  })

  test('takes receipts as they come over the wire', () => {
    const sent = three.map((receipt) => decodeReceipt(encodeReceipt(receipt)))
    expect(weiOf([channelOf(hash(1), sent, 3, 900n)])).toEqual(times(3n))
  })

  test('asks for the parties of each receipt', () => {
    const seen: number[] = []
    foldRewards([channelOf(hash(1), three, 3, 900n)], ({ seq }) => {
      seen.push(seq)
      return parties
    })
    expect(seen).toEqual([0, 1, 2])
  })
})

describe('laws of the fold', () => {
  test('leaves and unassigned sum to the pool, to the unit', () => {
    fc.assert(
      fc.property(anyChannels, anyParties, (channels, by) => {
        const rewards = foldRewards(channels, () => by)
        const poolWei = channels.reduce((sum, channel) => sum + channel.capturedWei, 0n)
        const units = [...rewards.shares.values()].reduce((sum, share) => sum + share, 0n)
        expect(rewards.poolWei).toBe(poolWei)
        expect(units).toBe(poolWei * UNITS_PER_WEI)
        const leaves = dropLeaves(rewards)
        expect(leaves.reduce((sum, leaf) => sum + leaf.cumulativeWei, 0n)).toBe(poolWei)
        expect(leaves.every((leaf) => leaf.cumulativeWei > 0n)).toBe(true)
      })
    )
  })

  test('the same receipts give the same drop in any order and with repetitions', () => {
    fc.assert(
      fc.property(anyChannels, anyParties, fc.infiniteStream(fc.nat()), (channels, by, dice) => {
        const shuffle = <T>(items: readonly T[]) =>
          items
            .map((item) => [dice.next().value as number, item] as const)
            .sort(([a], [b]) => a - b)
            .map(([, item]) => item)
        const shuffled = shuffle(channels).map((channel) => ({
          ...channel,
          receipts: shuffle([...channel.receipts, ...channel.receipts])
        }))
        expect(leavesOf(shuffled, by)).toEqual(leavesOf(channels, by))
      })
    )
  })

  test('more captured, more committed, more receipts or a closed channel take from nobody', () => {
    const growth = fc.record({
      receipts: fc.array(anyReceipt, { minLength: 1, maxLength: 6 }),
      marks: fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6), fc.nat(6)),
      amounts: fc.tuple(fc.bigInt(0n, 10n ** 18n), fc.bigInt(0n, 10n ** 18n)),
      closes: fc.boolean()
    })
    fc.assert(
      fc.property(growth, anyParties, ({ receipts, marks, amounts, closes }, by) => {
        const signed = signAll(hash(1), receipts)
        const [m0, m1, m2, m3] = marks.sort().map((m) => Math.min(m, signed.length)) as [
          number,
          number,
          number,
          number
        ]
        const [less, more] = amounts.sort((a, b) => (a < b ? -1 : 1))
        const early = channelOf(hash(1), signed.slice(0, Math.max(m1, m0)), m0, less)
        const late = channelOf(hash(1), signed.slice(0, m3), m2, more, closes)
        const after = new Map(leavesOf([late], by).map((l) => [l.account, l.cumulativeWei]))
        for (const { account, cumulativeWei } of leavesOf([early], by)) {
          if (account === UNASSIGNED) continue
          expect((after.get(account) ?? 0n) >= cumulativeWei).toBe(true)
        }
      })
    )
  })

  test('a receipt that only the provider signed never pays its own credit lines', () => {
    fc.assert(
      fc.property(fc.array(anyReceipt, { maxLength: 5 }), anyParties, (receipts, by) => {
        const signed = signAll(hash(1), receipts)
        const royaltyWei = receipts.reduce((sum, receipt) => sum + receipt.royaltyWei, 0n)
        for (const isClosed of [true, false]) {
          const paid = leavesOf([channelOf(hash(1), signed, 0, royaltyWei, isClosed)], by)
          const allowed = new Set([UNASSIGNED, ...(isClosed ? by.treasuries : [])])
          expect(paid.every(({ account }) => allowed.has(account))).toBe(true)
        }
      })
    )
  })
})

describe('the fold refuses', () => {
  test('receipts that are missing', () => {
    const channel = channelOf(hash(1), three, 3, 900n)
    const gap = { ...channel, receipts: three.filter((_, i) => i !== 1) }
    expect(() => leavesOf([gap])).toThrow(refusal('DROP_INVALID'))
    expect(() => leavesOf([{ ...channel, receipts: [] }])).toThrow(refusal('DROP_INVALID'))
  })

  test('receipts that are not those of the committed root', () => {
    const channel = channelOf(hash(1), three, 3, 900n)
    const other = signAll(hash(1), [sampleReceipt, sampleReceipt, { ...sampleReceipt, attempt: 1 }])
    expect(() => leavesOf([{ ...channel, receipts: other }])).toThrow(refusal('DROP_INVALID'))
    const wrong = { receipts: 0, receiptsRoot: hash(5) }
    expect(() => leavesOf([{ ...channel, voucher: wrong }])).toThrow(refusal('DROP_INVALID'))
  })

  test('receipts of another channel', () => {
    const channel = channelOf(hash(2), three, 0, 900n)
    expect(() => leavesOf([channel])).toThrow(refusal('DROP_INVALID'))
  })

  test('a channel listed twice', () => {
    const channel = channelOf(hash(1), three, 3, 900n)
    expect(() => leavesOf([channel, channel])).toThrow(refusal('DROP_INVALID'))
  })

  test('two receipts for one place', () => {
    const [, twin] = signAll(hash(1), [sampleReceipt, { ...sampleReceipt, method: 'other/1' }])
    const channel = channelOf(hash(1), [...three, twin as (typeof three)[0]], 0, 900n)
    expect(() => leavesOf([channel])).toThrow(refusal('RECORD_EQUIVOCATES'))
  })
})
