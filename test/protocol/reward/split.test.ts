import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  splitRoyalty,
  splitToTreasuries,
  UNASSIGNED,
  UNITS_PER_WEI
} from '../../../protocol/reward/split.ts'
import { address, sampleReceipt } from '../receipt/sample-receipt.ts'
import { anyParties, anyReceipt } from './sample-pool.ts'

const policy = {
  royaltyPpm: 300_000,
  contributorsPpm: 500_000,
  builderPpm: 200_000,
  curatorsPpm: 200_000,
  treasuryPpm: 100_000
}
const parties = { policy, curators: [address(30), address(31)], treasuries: [address(40)] }
const sum = (shares: ReadonlyMap<string, bigint>) =>
  [...shares.values()].reduce((total, units) => total + units, 0n)

describe('a split', () => {
  test('gives contributors, builder, curators and treasury their parts', () => {
    const shares = splitRoyalty({ ...sampleReceipt, royaltyWei: 1_000n }, parties)
    const wei = Object.fromEntries([...shares].map(([who, units]) => [who, units / UNITS_PER_WEI]))
    expect(wei).toEqual({
      [address(10)]: 300n,
      [address(11)]: 150n,
      [address(20)]: 200n,
      [address(30)]: 100n,
      [address(31)]: 100n,
      // its own tenth, and the tenth of the contributors' half that is nobody's
      [address(40)]: 150n
    })
  })

  test('gives the curators’ part by reviews where a revision says how, of each Datanet alike', () => {
    const one = [
      { account: address(30), ppm: 750_000 },
      { account: address(32), ppm: 250_000 }
    ]
    const by = (...curation: (typeof one)[]) =>
      splitRoyalty({ ...sampleReceipt, royaltyWei: 1_000n }, { ...parties, curation })
    expect(by(one).get(address(30))).toBe(150n * UNITS_PER_WEI)
    expect(by(one).get(address(32))).toBe(50n * UNITS_PER_WEI)
    expect(by(one).get(address(31))).toBeUndefined()
    const both = by(one, [{ account: address(31), ppm: 1_000_000 }])
    expect(both.get(address(30))).toBe(75n * UNITS_PER_WEI)
    expect(both.get(address(31))).toBe(100n * UNITS_PER_WEI)
  })

  test('keeps thirds of a unit for those who share them', () => {
    const three = { ...parties, curators: [address(30), address(31), address(32)] }
    const shares = splitRoyalty({ ...sampleReceipt, royaltyWei: 1n }, three)
    expect(shares.get(address(30))).toBe(UNITS_PER_WEI / 15n)
    expect((shares.get(address(30)) as bigint) * 15n).toBe(UNITS_PER_WEI)
  })

  test('gives what nobody is credited for to the treasuries, none of it to builder or operator', () => {
    const credits = [{ basis: 'unattributed' as const, ppm: 1_000_000 }]
    const shares = splitRoyalty({ ...sampleReceipt, credits, royaltyWei: 1_000n }, parties)
    expect(shares.get(address(40))).toBe(600n * UNITS_PER_WEI)
    expect(shares.get(address(20))).toBe(200n * UNITS_PER_WEI)
  })

  test('gives the part of absent curators to the treasuries, and of absent treasuries to nobody', () => {
    const none = { ...parties, curators: [] }
    const receipt = { ...sampleReceipt, royaltyWei: 1_000n }
    expect(splitRoyalty(receipt, none).get(address(40))).toBe(350n * UNITS_PER_WEI)
    const nobody = { ...none, treasuries: [] }
    expect(splitRoyalty(receipt, nobody).get(UNASSIGNED)).toBe(350n * UNITS_PER_WEI)
  })

  test('adds up what one account gets in several roles', () => {
    const all = { policy, curators: [address(10)], treasuries: [address(10)] }
    const receipt = { ...sampleReceipt, builder: address(10), royaltyWei: 1_000n }
    expect(splitRoyalty(receipt, all).get(address(10))).toBe(850n * UNITS_PER_WEI)
  })

  test('conserves every unit of any receipt under any policy', () => {
    fc.assert(
      fc.property(anyReceipt, anyParties, (receipt, any) => {
        const shares = splitRoyalty(receipt, any)
        expect(sum(shares)).toBe(receipt.royaltyWei * UNITS_PER_WEI)
        expect([...shares.values()].every((units) => units > 0n)).toBe(true)
      })
    )
  })

  test('of a larger royalty gives nobody less', () => {
    fc.assert(
      fc.property(anyReceipt, anyParties, fc.nat(), (receipt, any, more) => {
        const less = splitRoyalty(receipt, any)
        const raised = { ...receipt, royaltyWei: receipt.royaltyWei + BigInt(more) }
        const shares = splitRoyalty(raised, any)
        for (const [who, units] of less) expect((shares.get(who) ?? 0n) >= units).toBe(true)
      })
    )
  })

  test('to treasuries alone shares equally and conserves', () => {
    for (let count = 1; count <= 32; count++) {
      const treasuries = Array.from({ length: count }, (_, n) => address(n + 1))
      const shares = splitToTreasuries(7n, treasuries)
      expect(sum(shares)).toBe(7n * UNITS_PER_WEI)
      expect(new Set(shares.values()).size).toBe(1)
    }
    expect(splitToTreasuries(7n, []).get(UNASSIGNED)).toBe(7n * UNITS_PER_WEI)
  })

  test('among more than 32 is refused', () => {
    const many = Array.from({ length: 33 }, (_, n) => address(n + 1))
    const [curation] = [many.map((account) => [{ account, ppm: 1_000_000 }])]
    for (const more of [{ curators: many }, { treasuries: many }, { curation }]) {
      expect(() => splitRoyalty(sampleReceipt, { ...parties, ...more })).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID' })
      )
    }
  })
})
