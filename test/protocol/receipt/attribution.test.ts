import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDatanetError } from '../../../protocol/base/errors.ts'
import {
  type Credit,
  coverageCredits,
  type Evidence,
  verifyCredits
} from '../../../protocol/receipt/attribution.ts'

const PPM = 1_000_000
const ACCOUNT = `0x${'ab'.repeat(20)}`
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${i}`)
const ownersOf = (count: number): Map<string, string> =>
  new Map(names(count).map((name) => [name, ACCOUNT]))

/** Random evidence over `players` contributions; `sparse` leaves some sentences to nobody. */
const evidence = (players: number): fc.Arbitrary<Evidence> =>
  fc.record({
    thresholdPpm: fc.integer({ min: 0, max: 600_000 }),
    sentences: fc.array(
      fc.record({
        weight: fc.integer({ min: 1, max: 200 }),
        supports: fc.array(
          fc.record({
            contribution: fc.constantFrom(...names(players)),
            simPpm: fc.integer({ min: 0, max: PPM })
          }),
          { maxLength: 8 }
        )
      }),
      { minLength: 1, maxLength: 6 }
    )
  })

/** v(S) by its definition, in weight·ppm. */
function worthOf({ sentences, thresholdPpm }: Evidence, coalition: ReadonlySet<string>): number {
  return sentences.reduce((sum, { weight, supports }) => {
    const sims = supports
      .filter(({ contribution, simPpm }) => coalition.has(contribution) && simPpm >= thresholdPpm)
      .map(({ simPpm }) => simPpm)
    return sum + weight * Math.max(0, ...sims)
  }, 0)
}

/** The Shapley value by its definition: every coalition, every player. */
function enumerated(game: Evidence, players: readonly string[]): number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
  const size = players.length
  return players.map((player, own) => {
    let value = 0
    for (let mask = 0; mask < 1 << size; mask++) {
      if ((mask >> own) & 1) continue
      const coalition = new Set(players.filter((_, index) => (mask >> index) & 1))
      const share =
        (factorial(coalition.size) * factorial(size - coalition.size - 1)) / factorial(size)
      value += share * (worthOf(game, new Set([...coalition, player])) - worthOf(game, coalition))
    }
    return value
  })
}

function ppmOf(credits: readonly Credit[], contribution: string): number {
  return credits.find((credit) => credit.contribution === contribution)?.ppm ?? 0
}

describe('coverageCredits', () => {
  it('equals the Shapley value by enumeration within one ppm of rounding a line', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((k) => fc.tuple(fc.constant(k), evidence(k))),
        ([k, game]) => {
          const credits = coverageCredits(game, ownersOf(k))
          const shapley = enumerated(game, names(k))
          const total = shapley.reduce((sum, value) => sum + value, 0)
          const supported = game.sentences.filter(({ supports }) =>
            supports.some(({ simPpm }) => simPpm > 0 && simPpm >= game.thresholdPpm)
          )
          const weight = (all: Evidence['sentences']): number =>
            all.reduce((sum, sentence) => sum + sentence.weight, 0)
          const share = weight(supported) / weight(game.sentences)
          for (const [index, name] of names(k).entries()) {
            const exact = total === 0 ? 0 : ((shapley[index] as number) / total) * share * PPM
            expect(Math.abs(ppmOf(credits, name) - exact)).toBeLessThanOrEqual(1.001)
          }
        }
      )
    )
  })

  it('always gives away exactly the whole', () => {
    fc.assert(
      fc.property(evidence(40), (game) => {
        const credits = coverageCredits(game, ownersOf(40))
        expect(credits.reduce((sum, { ppm }) => sum + ppm, 0)).toBe(PPM)
        expect(() => verifyCredits(credits)).not.toThrow()
      })
    )
  })

  it('does not depend on the order of sentences or supports', () => {
    fc.assert(
      fc.property(evidence(6), (game) => {
        const turned = {
          ...game,
          sentences: [...game.sentences]
            .reverse()
            .map((sentence) => ({ ...sentence, supports: [...sentence.supports].reverse() }))
        }
        expect(coverageCredits(turned, ownersOf(6))).toEqual(coverageCredits(game, ownersOf(6)))
      })
    )
  })

  it('gives equals the same and strangers nothing', () => {
    fc.assert(
      fc.property(evidence(4), (game) => {
        // c4 repeats every support of c0; c5 supports nothing
        const doubled = {
          ...game,
          sentences: game.sentences.map((sentence) => ({
            ...sentence,
            supports: sentence.supports.flatMap((support) =>
              support.contribution === 'c0'
                ? [support, { ...support, contribution: 'c4' }]
                : [support]
            )
          }))
        }
        const credits = coverageCredits(doubled, ownersOf(6))
        expect(Math.abs(ppmOf(credits, 'c0') - ppmOf(credits, 'c4'))).toBeLessThanOrEqual(1)
        expect(ppmOf(credits, 'c5')).toBe(0)
      })
    )
  })

  it('counts several passages of one contribution as one player', () => {
    const supports = [
      { contribution: 'c0', simPpm: 900_000 },
      { contribution: 'c0', simPpm: 800_000 },
      { contribution: 'c1', simPpm: 900_000 }
    ]
    const credits = coverageCredits(
      { thresholdPpm: 0, sentences: [{ weight: 3, supports }] },
      ownersOf(2)
    )
    expect(credits.map(({ ppm }) => ppm)).toEqual([500_000, 500_000])
  })

  it('leaves to nobody what nobody supports, by weight', () => {
    const sentences = [
      { weight: 3, supports: [{ contribution: 'c0', simPpm: 700_000 }] },
      { weight: 1, supports: [{ contribution: 'c1', simPpm: 400_000 }] }
    ]
    const credits = coverageCredits({ thresholdPpm: 500_000, sentences }, ownersOf(2))
    expect(credits).toEqual([
      { contribution: 'c0', account: ACCOUNT, basis: 'retrieved', ppm: 750_000 },
      { basis: 'unattributed', ppm: 250_000 }
    ])
  })

  it('attributes an answer without support to nobody at all', () => {
    const sentences = [{ weight: 9, supports: [] }]
    expect(coverageCredits({ thresholdPpm: 0, sentences }, new Map())).toEqual([
      { basis: 'unattributed', ppm: PPM }
    ])
    expect(coverageCredits({ thresholdPpm: 0, sentences: [] }, new Map())).toHaveLength(1)
  })

  it('keeps to 64 lines and leaves the smallest shares to nobody', () => {
    const supports = names(90).map((contribution, i) => ({ contribution, simPpm: 500_000 + i }))
    const credits = coverageCredits(
      { thresholdPpm: 0, sentences: [{ weight: 1, supports }] },
      ownersOf(90)
    )
    expect(credits).toHaveLength(64)
    expect(credits.at(-1)?.basis).toBe('unattributed')
    expect(ppmOf(credits, 'c89')).toBeGreaterThan(0)
    expect(ppmOf(credits, 'c0')).toBe(0)
    verifyCredits(credits)
  })

  it('refuses a contribution without an owner and evidence that is not integers', () => {
    const one = (weight: number, simPpm: number): Evidence => ({
      thresholdPpm: 0,
      sentences: [{ weight, supports: [{ contribution: 'c0', simPpm }] }]
    })
    expect(codeOf(() => coverageCredits(one(1, 5), new Map()))).toBe('ATTRIBUTION_INVALID')
    for (const bad of [one(0, 5), one(1.5, 5), one(1, -1), one(1, PPM + 1), one(1, Number.NaN)]) {
      expect(codeOf(() => coverageCredits(bad, ownersOf(1)))).toBe('ATTRIBUTION_INVALID')
    }
  })
})

describe('verifyCredits', () => {
  const line = (contribution: string, ppm: number): Credit => ({
    contribution,
    account: ACCOUNT,
    basis: 'retrieved',
    ppm
  })

  it.each<[string, readonly Credit[]]>([
    ['no line', []],
    ['a sum below the whole', [line('a', 999_999)]],
    ['a sum above the whole', [line('a', 600_000), line('b', 600_000)]],
    ['a negative share', [line('a', -1), line('b', 1_000_001)]],
    ['an empty share', [line('a', 0), line('b', PPM)]],
    ['a broken share', [line('a', 0.5), line('b', 999_999.5)]],
    ['a line twice', [line('a', 500_000), line('a', 500_000)]],
    ['nobody named', [{ basis: 'unattributed', account: ACCOUNT, ppm: PPM }]],
    ['a nameless contribution', [{ basis: 'retrieved', ppm: PPM }]],
    ['a nameless account', [{ basis: 'span', contribution: 'a', ppm: PPM }]],
    ['65 lines', Array.from({ length: 65 }, (_, i) => line(`c${i}`, i === 0 ? PPM - 64 : 1))]
  ])('refuses %s', (_, credits) => {
    expect(codeOf(() => verifyCredits(credits))).toBe('ATTRIBUTION_INVALID')
  })

  it('accepts one contribution on two bases and a line for nobody', () => {
    const span: Credit = { ...line('a', 400_000), basis: 'span' }
    verifyCredits([line('a', 500_000), span, { basis: 'unattributed', ppm: 100_000 }])
  })
})

function codeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    return isDatanetError(error) ? error.code : String(error)
  }
  return undefined
}
