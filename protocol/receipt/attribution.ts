import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { PPM } from '../base/units.ts'

/**
 * What was measured about one visible answer, all integers, so that anyone comes to the same credits:
 * which words stand where in the Datanet, and how strongly passages support the rest.
 * specs/08-receipt.md §Evidence
 */
export interface Evidence {
  /** How many passages the answer was compared with: those of the revision that were not withdrawn. */
  readonly compared: number
  /** Those that are named below, older ones first. */
  readonly passages: readonly EvidencePassage[]
  /** Runs of the answer's words that stand in a passage, from left to right; none overlaps another. */
  readonly spans: readonly EvidenceSpan[]
  readonly sentences: readonly {
    /** How many words the sentence has; at least 1. */
    readonly words: number
    readonly supports: readonly { readonly passage: number; readonly simPpm: number }[]
  }[]
}

/** A passage that an answer has something from, or that one of those has something from. */
export interface EvidencePassage {
  /** CID text. */
  readonly contribution: string
  /** The place of the older passage that gets a part of what this one earns. */
  readonly upstream?: number
  readonly upstreamPpm?: number
}

/** Words of an answer that stand in a passage in this order. */
export interface EvidenceSpan {
  /** The first of them, counted from 0 through the whole answer, and how many they are. */
  readonly from: number
  readonly words: number
  /** How much they tell, in 1/1024 bit. */
  readonly bits: number
  readonly passage: number
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

/** Supports below this do not count: half is chance where two texts have one subject. */
export const SUPPORT_THRESHOLD_PPM = 500_000

/** One share of an answer before it has an account. */
export type Share = Pick<Credit, 'contribution' | 'basis' | 'ppm'>

/**
 * What each contribution has of an answer, in ppm that sum to 1 000 000: a word in a span is its
 * passage's; of the other words of a sentence the exact Shapley value of v(S) = Σ words·max_{p∈S} sim
 * decides; what nothing supports is `unattributed`. Passages hand their part on upstream. Lines fall by
 * ppm, then by contribution, then by basis; what is less than a ppm goes to the largest fractions first.
 * More lines than a receipt has: the smallest become `unattributed`. Refuses malformed evidence
 * (ATTRIBUTION_INVALID). specs/08-receipt.md §Coverage
 */
export function sharesOf(evidence: Evidence): readonly Share[] {
  verifyEvidence(evidence)
  const words = evidence.sentences.reduce((sum, sentence) => sum + sentence.words, 0)
  if (words === 0) return UNATTRIBUTED
  const spoken = new Map<number, Fraction>()
  for (const span of evidence.spans) {
    const sum = add(spoken.get(span.passage) ?? ZERO, { n: BigInt(span.words), d: 1n })
    spoken.set(span.passage, sum)
  }
  const lines = [
    ...linesOf('span', flowUp(evidence.passages, spoken)),
    ...linesOf('retrieved', flowUp(evidence.passages, supportedWords(evidence)))
  ].map((line) => ({
    ...line,
    contribution: evidence.passages[line.passage]?.contribution as string,
    share: reduce({ n: line.value.n, d: line.value.d * BigInt(words) })
  }))
  lines.sort(
    (a, b) =>
      compare(b.share, a.share) ||
      compareText(a.contribution, b.contribution) ||
      compareText(a.basis, b.basis)
  )
  const kept = lines.slice(0, LIMITS.credits - 1)
  const rest = kept.reduce((left, { share }) => subtract(left, share), ONE)
  const ppm = apportion([...kept.map(({ share }) => share), rest])
  const shares: Share[] = kept.map(({ contribution, basis }, index) => {
    return { contribution, basis, ppm: ppm[index] as number }
  })
  shares.push({ basis: 'unattributed', ppm: ppm.at(-1) as number })
  return shares.filter((share) => share.ppm > 0)
}

/**
 * The credits of an answer: its shares, each with its contribution's account. Refuses malformed
 * evidence and contributions without an owner (ATTRIBUTION_INVALID). specs/08-receipt.md §Credits
 */
export function coverageCredits(
  evidence: Evidence,
  owners: ReadonlyMap<string, string>
): readonly Credit[] {
  return sharesOf(evidence).map((share): Credit => {
    if (share.contribution === undefined) return share
    const account = owners.get(share.contribution)
    if (account === undefined) {
      const details = { contribution: share.contribution, reason: 'no owner' }
      throw new DatanetError('ATTRIBUTION_INVALID', details)
    }
    return { contribution: share.contribution, account, basis: share.basis, ppm: share.ppm }
  })
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

type Player = readonly [passage: number, simPpm: bigint]

const ZERO: Fraction = { n: 0n, d: 1n }
const ONE: Fraction = { n: 1n, d: 1n }

/** By passage: the words outside spans that it supports, as the game divides them. */
function supportedWords(evidence: Evidence): Map<number, Fraction> {
  const values = new Map<number, Fraction>()
  let supported = 0n
  for (const { words, players } of playedSentences(evidence)) {
    if (players.length === 0 || words === 0n) continue
    supported += words
    for (const [passage, value] of sentenceShapley(players)) {
      values.set(passage, add(values.get(passage) ?? ZERO, { ...value, n: value.n * words }))
    }
  }
  const whole = [...values.values()].reduce(add, ZERO)
  for (const [passage, { n, d }] of values) {
    values.set(passage, reduce({ n: n * whole.d * supported, d: d * whole.n }))
  }
  return values
}

/** Each hands its part on to an older one, which stands before it; that one does the same. */
function flowUp(
  passages: readonly EvidencePassage[],
  values: Map<number, Fraction>
): Map<number, Fraction> {
  for (let passage = passages.length - 1; passage > 0; passage--) {
    const value = values.get(passage)
    const { upstream, upstreamPpm } = passages[passage] as EvidencePassage
    if (value === undefined || upstream === undefined || upstreamPpm === undefined) continue
    const part = reduce({ n: value.n * BigInt(upstreamPpm), d: value.d * BigInt(PPM) })
    values.set(passage, subtract(value, part))
    values.set(upstream, add(values.get(upstream) ?? ZERO, part))
  }
  return values
}

function linesOf(basis: 'span' | 'retrieved', values: ReadonlyMap<number, Fraction>) {
  return [...values]
    .filter(([, { n }]) => n > 0n)
    .map(([passage, value]) => ({ basis, passage, value }))
}

/** Several supports by one passage are one player: the best counts. Words of spans are not played for. */
function playedSentences(evidence: Evidence): { words: bigint; players: Player[] }[] {
  let end = 0
  return evidence.sentences.map(({ words, supports }) => {
    const [from, to] = [end, end + words]
    end = to
    const covered = evidence.spans.reduce(
      (sum, span) =>
        sum + Math.max(0, Math.min(to, span.from + span.words) - Math.max(from, span.from)),
      0
    )
    const best = new Map<number, number>()
    for (const { passage, simPpm } of supports) {
      if (simPpm < SUPPORT_THRESHOLD_PPM) continue
      best.set(passage, Math.max(simPpm, best.get(passage) ?? 0))
    }
    const players = [...best].map(([passage, simPpm]): Player => [passage, BigInt(simPpm)])
    return { words: BigInt(words - covered), players }
  })
}

function verifyEvidence({ compared, passages, spans, sentences }: Evidence): void {
  integer(compared, 0, LIMITS.revisionRows)
  for (const [place, { upstream, upstreamPpm }] of passages.entries()) {
    if ((upstream === undefined) !== (upstreamPpm === undefined)) malformed({ place })
    if (upstream !== undefined) integer(upstream, 0, place - 1)
    if (upstreamPpm !== undefined) integer(upstreamPpm, 1, PPM)
  }
  let words = 0
  for (const sentence of sentences) {
    integer(sentence.words, 1, 2 ** 32)
    words += sentence.words
    for (const { passage, simPpm } of sentence.supports) {
      integer(passage, 0, passages.length - 1)
      integer(simPpm, 1, PPM)
    }
  }
  let end = 0
  for (const span of spans) {
    integer(span.passage, 0, passages.length - 1)
    integer(span.bits, 0, 2 ** 32)
    integer(span.words, 1, words)
    integer(span.from, end, words - span.words)
    end = span.from + span.words
  }
}

/** The airport game: each rise of the maximum is paid for equally by all who reach it. */
function sentenceShapley(players: readonly Player[]): Map<number, Fraction> {
  const rising = [...players].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))
  const values = new Map<number, Fraction>()
  let below = 0n
  let paid = ZERO
  for (const [index, [passage, sim]] of rising.entries()) {
    paid = add(paid, { n: sim - below, d: BigInt(rising.length - index) })
    below = sim
    values.set(passage, paid)
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
  if (!Number.isSafeInteger(value) || value < low || value > high) malformed({ value, low, high })
}

function malformed(details: Record<string, unknown>): never {
  throw new DatanetError('ATTRIBUTION_INVALID', details)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
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
