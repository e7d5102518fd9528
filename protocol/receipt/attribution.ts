import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { PPM } from '../base/units.ts'

/**
 * What an engine measured about one visible answer: per sentence its weight and how strongly
 * contributions support it, all integers, so that anyone recomputes the same credits.
 * specs/08-receipt.md §Evidence
 */
export interface Evidence {
  readonly sentences: readonly {
    /** What the sentence counts within the answer (its length); at least 1. */
    readonly weight: number
    readonly supports: readonly { readonly contribution: string; readonly simPpm: number }[]
  }[]
  /** Supports below this do not count; a sentence without any other is nobody's. */
  readonly thresholdPpm: number
}

/** One line of a receipt's attribution. specs/08-receipt.md §Credits */
export interface Credit {
  /** CID text; absent on lines that name no contribution. */
  readonly contribution?: string
  /** The contributor's account, lowercase 0x. */
  readonly account?: string
  readonly basis: 'retrieved' | 'span' | 'trained' | 'revision' | 'unattributed'
  readonly ppm: number
}

/** The credits of an answer that rests on nobody's contribution: an abstention, a greeting. */
export const UNATTRIBUTED: readonly Credit[] = [{ basis: 'unattributed', ppm: PPM }]

/**
 * The exact Shapley value of v(S) = Σ weight·max_{p∈S} sim over the contributions, in ppm that sum
 * to 1 000 000. Sentences without support at the threshold keep their weight's share as
 * `unattributed`. Lines fall by ppm, then by contribution; what lies below one line's worth goes to
 * the largest fractions first. More players than lines: the smallest become `unattributed`.
 * Refuses malformed evidence and contributions without an owner (ATTRIBUTION_INVALID).
 * specs/08-receipt.md §Coverage
 */
export function coverageCredits(
  evidence: Evidence,
  owners: ReadonlyMap<string, string>
): readonly Credit[] {
  const game = playedSentences(evidence)
  const values = new Map<string, Fraction>()
  let weightAll = 0n
  let weightSupported = 0n
  for (const { weight, players } of game) {
    weightAll += weight
    if (players.length === 0) continue
    weightSupported += weight
    for (const [contribution, value] of sentenceShapley(players)) {
      const sum = add(values.get(contribution) ?? ZERO, { ...value, n: value.n * weight })
      values.set(contribution, sum)
    }
  }
  if (weightSupported === 0n) return UNATTRIBUTED
  const ranked = [...values].sort(([idA, a], [idB, b]) => compare(b, a) || (idA < idB ? -1 : 1))
  const whole = ranked.reduce((sum, [, value]) => add(sum, value), ZERO)
  const kept = ranked.slice(0, LIMITS.credits - 1)
  // share = value/whole · weightSupported/weightAll: one integer quotient a line, no float anywhere
  const shares = kept.map(([contribution, value]) => ({
    contribution,
    share: {
      n: value.n * whole.d * weightSupported,
      d: value.d * whole.n * weightAll
    }
  }))
  const rest = shares.reduce((left, { share }) => subtract(left, share), ONE)
  const ppm = apportion([...shares.map(({ share }) => share), rest])
  const credits = shares.map(({ contribution }, index): Credit => {
    const account = owners.get(contribution)
    if (account === undefined) {
      throw new DatanetError('ATTRIBUTION_INVALID', { contribution, reason: 'no owner' })
    }
    return { contribution, account, basis: 'retrieved', ppm: ppm[index] as number }
  })
  credits.push({ basis: 'unattributed', ppm: ppm.at(-1) as number })
  return credits.filter((credit) => credit.ppm > 0)
}

/**
 * Refuses credits that are not a division of the whole: no line or too many, a share that is not a
 * positive integer, a sum other than 1 000 000 ppm, a line named twice, a line that lacks what its
 * basis names (ATTRIBUTION_INVALID). specs/08-receipt.md §Credits
 */
export function verifyCredits(credits: readonly Credit[]): void {
  if (credits.length === 0 || credits.length > LIMITS.credits) {
    throw new DatanetError('ATTRIBUTION_INVALID', { lines: credits.length })
  }
  let sum = 0
  const seen = new Set<string>()
  for (const { contribution, account, basis, ppm } of credits) {
    if (!Number.isSafeInteger(ppm) || ppm <= 0 || ppm > PPM) {
      throw new DatanetError('ATTRIBUTION_INVALID', { basis, ppm })
    }
    const owned = contribution !== undefined && account !== undefined
    const named = contribution !== undefined || account !== undefined
    if (basis === 'unattributed' ? named : basis !== 'revision' && !owned) {
      throw new DatanetError('ATTRIBUTION_INVALID', { basis, reason: 'wrong parties' })
    }
    const line = `${basis} ${contribution ?? ''} ${contribution === undefined ? account : ''}`
    if (seen.has(line)) throw new DatanetError('ATTRIBUTION_INVALID', { line, reason: 'twice' })
    seen.add(line)
    sum += ppm
  }
  if (sum !== PPM) throw new DatanetError('ATTRIBUTION_INVALID', { sumPpm: sum })
}

interface Fraction {
  readonly n: bigint
  readonly d: bigint
}

type Player = readonly [contribution: string, simPpm: bigint]

const ZERO: Fraction = { n: 0n, d: 1n }
const ONE: Fraction = { n: 1n, d: 1n }

/** Several passages of one contribution are one player: its best support counts. */
function playedSentences(evidence: Evidence): { weight: bigint; players: Player[] }[] {
  integer(evidence.thresholdPpm, 0, PPM)
  return evidence.sentences.map(({ weight, supports }) => {
    integer(weight, 1, 2 ** 32)
    const best = new Map<string, number>()
    for (const { contribution, simPpm } of supports) {
      integer(simPpm, 0, PPM)
      if (simPpm < evidence.thresholdPpm || simPpm === 0) continue
      best.set(contribution, Math.max(simPpm, best.get(contribution) ?? 0))
    }
    const players = [...best].map(
      ([contribution, simPpm]): Player => [contribution, BigInt(simPpm)]
    )
    return { weight: BigInt(weight), players }
  })
}

/** The airport game: each rise of the maximum is paid for equally by all who reach it. */
function sentenceShapley(players: readonly Player[]): Map<string, Fraction> {
  const rising = [...players].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))
  const values = new Map<string, Fraction>()
  let below = 0n
  let paid = ZERO
  for (const [index, [contribution, sim]] of rising.entries()) {
    paid = add(paid, { n: sim - below, d: BigInt(rising.length - index) })
    below = sim
    values.set(contribution, paid)
  }
  return values
}

/** Integers that sum to PPM: floors, then one each to the largest fractions, earlier ones first. */
function apportion(shares: readonly Fraction[]): number[] {
  const floors = shares.map(({ n, d }) => (n * BigInt(PPM)) / d)
  let left = PPM - Number(floors.reduce((sum, floor) => sum + floor, 0n))
  const order = shares
    .map(({ n, d }, index) => ({ index, fraction: { n: (n * BigInt(PPM)) % d, d } }))
    .sort((a, b) => compare(b.fraction, a.fraction) || a.index - b.index)
  const ppm = floors.map(Number)
  for (const { index } of order) {
    if (left-- <= 0) break
    ppm[index] = (ppm[index] as number) + 1
  }
  return ppm
}

function integer(value: number, low: number, high: number): void {
  if (!Number.isSafeInteger(value) || value < low || value > high) {
    throw new DatanetError('ATTRIBUTION_INVALID', { value, low, high })
  }
}

function add(a: Fraction, b: Fraction): Fraction {
  return reduce({ n: a.n * b.d + b.n * a.d, d: a.d * b.d })
}

function subtract(a: Fraction, b: Fraction): Fraction {
  return add(a, { n: -b.n, d: b.d })
}

function compare(a: Fraction, b: Fraction): number {
  const difference = a.n * b.d - b.n * a.d
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function reduce({ n, d }: Fraction): Fraction {
  let [a, b] = [n < 0n ? -n : n, d]
  while (b !== 0n) [a, b] = [b, a % b]
  return a > 1n ? { n: n / a, d: d / a } : { n, d }
}
