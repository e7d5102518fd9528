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
const HALF = 500_000
const ACCOUNT = `0x${'ab'.repeat(20)}`
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${i}`)
const ownersOf = (count: number): Map<string, string> =>
  new Map(names(count).map((name) => [name, ACCOUNT]))

const plain = (count: number) => names(count).map((contribution) => ({ contribution }))

/** Random evidence over `players` contributions; `sparse` leaves some sentences to nobody. */
const evidence = (players: number): fc.Arbitrary<Evidence> =>
  fc.record({
    compared: fc.constant(players),
    passages: fc.constant(plain(players)),
    spans: fc.constant([]),
    sentences: fc.array(
      fc.record({
        words: fc.integer({ min: 1, max: 200 }),
        supports: fc.array(
          fc.record({
            passage: fc.nat(players - 1),
            simPpm: fc.integer({ min: 1, max: PPM })
          }),
          { maxLength: 8 }
        )
      }),
      { minLength: 1, maxLength: 6 }
    )
  })

/** The same with spans over some of the words, and passages that hand on what they earn. */
const wholeEvidence = (players: number): fc.Arbitrary<Evidence> =>
  fc
    .tuple(
      evidence(players),
      fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 60 }), fc.nat(players - 1))),
      fc.array(fc.option(fc.tuple(fc.nat(), fc.integer({ min: 1, max: PPM }))), {
        minLength: players,
        maxLength: players
      })
    )
    .map(([game, runs, upstream]) => {
      const words = game.sentences.reduce((sum, sentence) => sum + sentence.words, 0)
      let end = 0
      const spans = runs.flatMap(([gap, length, passage]) => {
        const from = end + gap
        if (from + length > words) return []
        end = from + length
        return [{ from, words: length, bits: 70_000, passage }]
      })
      const passages = game.passages.map((passage, place) => {
        const given = upstream[place]
        if (place === 0 || given === null || given === undefined) return passage
        return { ...passage, upstream: given[0] % place, upstreamPpm: given[1] }
      })
      return { ...game, spans, passages }
    })

/** Nothing in spans. */
const played = (sentences: Evidence['sentences'], players = 2): Evidence => {
  return { compared: players, passages: plain(players), spans: [], sentences }
}

/** v(S) by its definition, in words·ppm. */
function worthOf({ sentences }: Evidence, coalition: ReadonlySet<string>): number {
  return sentences.reduce((sum, { words, supports }) => {
    const sims = supports
      .filter(({ passage, simPpm }) => coalition.has(`c${passage}`) && simPpm >= HALF)
      .map(({ simPpm }) => simPpm)
    return sum + words * Math.max(0, ...sims)
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
            supports.some(({ simPpm }) => simPpm >= HALF)
          )
          const weight = (all: Evidence['sentences']): number =>
            all.reduce((sum, sentence) => sum + sentence.words, 0)
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
      fc.property(wholeEvidence(12), (game) => {
        const credits = coverageCredits(game, ownersOf(12))
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
          passages: plain(6),
          sentences: game.sentences.map((sentence) => ({
            ...sentence,
            supports: sentence.supports.flatMap((support) =>
              support.passage === 0 ? [support, { ...support, passage: 4 }] : [support]
            )
          }))
        }
        const credits = coverageCredits(doubled, ownersOf(6))
        expect(Math.abs(ppmOf(credits, 'c0') - ppmOf(credits, 'c4'))).toBeLessThanOrEqual(1)
        expect(ppmOf(credits, 'c5')).toBe(0)
      })
    )
  })

  it('counts several supports by one passage as one player', () => {
    const supports = [
      { passage: 0, simPpm: 900_000 },
      { passage: 0, simPpm: 800_000 },
      { passage: 1, simPpm: 900_000 }
    ]
    const credits = coverageCredits(played([{ words: 3, supports }]), ownersOf(2))
    expect(credits.map(({ ppm }) => ppm)).toEqual([500_000, 500_000])
  })

  it('leaves to nobody what nobody supports, by words', () => {
    const sentences = [
      { words: 3, supports: [{ passage: 0, simPpm: 700_000 }] },
      { words: 1, supports: [{ passage: 1, simPpm: 499_999 }] }
    ]
    expect(coverageCredits(played(sentences), ownersOf(2))).toEqual([
      { contribution: 'c0', account: ACCOUNT, basis: 'retrieved', ppm: 750_000 },
      { basis: 'unattributed', ppm: 250_000 }
    ])
  })

  it('attributes an answer without support to nobody at all', () => {
    const sentences = [{ words: 9, supports: [] }]
    expect(coverageCredits(played(sentences), new Map())).toEqual([
      { basis: 'unattributed', ppm: PPM }
    ])
    expect(coverageCredits(played([]), new Map())).toHaveLength(1)
  })

  it('gives words in a span to their passage alone, and the others to who supports them', () => {
    const sentences = [{ words: 10, supports: [{ passage: 1, simPpm: 900_000 }] }]
    const spans = [{ from: 2, words: 6, bits: 70_000, passage: 0 }]
    const credits = coverageCredits({ ...played(sentences), spans }, ownersOf(2))
    expect(credits.map(({ basis, contribution, ppm }) => [basis, contribution, ppm])).toEqual([
      ['span', 'c0', 600_000],
      ['retrieved', 'c1', 400_000]
    ])
  })

  it('hands on what a derivative earns, step by step to the oldest', () => {
    const sentences = [{ words: 1, supports: [{ passage: 2, simPpm: 900_000 }] }]
    const passages = [
      { contribution: 'c0' },
      { contribution: 'c1', upstream: 0, upstreamPpm: 500_000 },
      { contribution: 'c2', upstream: 1, upstreamPpm: 600_000 }
    ]
    const credits = coverageCredits({ ...played(sentences), passages }, ownersOf(3))
    expect(['c0', 'c1', 'c2'].map((name) => ppmOf(credits, name))).toEqual([
      300_000, 300_000, 400_000
    ])
  })

  it('keeps to 64 lines and leaves the smallest shares to nobody', () => {
    const supports = names(90).map((_, passage) => ({ passage, simPpm: 500_000 + passage }))
    const credits = coverageCredits(played([{ words: 1, supports }], 90), ownersOf(90))
    expect(credits).toHaveLength(64)
    expect(credits.at(-1)?.basis).toBe('unattributed')
    expect(ppmOf(credits, 'c89')).toBeGreaterThan(0)
    expect(ppmOf(credits, 'c0')).toBe(0)
    verifyCredits(credits)
  })

  it('refuses a contribution without an owner and evidence that does not hang together', () => {
    const one = (words: number, simPpm: number, passage = 0): Evidence =>
      played([{ words, supports: [{ passage, simPpm }] }], 1)
    expect(codeOf(() => coverageCredits(one(1, HALF), new Map()))).toBe('ATTRIBUTION_INVALID')
    const spanned = (...spans: [from: number, words: number][]): Evidence => ({
      ...one(9, HALF),
      spans: spans.map(([from, words]) => ({ from, words, bits: 1, passage: 0 }))
    })
    const upstream = (place: number, upstreamPpm: number): Evidence => ({
      ...one(1, HALF),
      passages: [{ contribution: 'c0', upstream: place, upstreamPpm }]
    })
    for (const bad of [
      ...[one(0, 5), one(1.5, 5), one(1, -1), one(1, PPM + 1), one(1, Number.NaN), one(1, 5, 1)],
      ...[spanned([0, 10]), spanned([0, 4], [3, 2]), spanned([5, 2], [0, 2]), spanned([-1, 2])],
      ...[upstream(0, 1), upstream(-1, 1)]
    ]) {
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
