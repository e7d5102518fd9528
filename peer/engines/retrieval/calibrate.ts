import { setImmediate } from 'node:timers/promises'
import { rarityOf } from '../attribution/rarity.ts'
import type { Corpus, ReadPassage } from './corpus.ts'
import { search } from './search.ts'

/** What a threshold was chosen from and how it did; counts and ppm, fit for a model card. */
export interface Calibration {
  readonly abstainBelowPpm: number
  /** Questions formed from the Datanet's own passages. */
  readonly questions: number
  /** Of them: answered from the passage they were formed from, or from a neighbour. */
  readonly answered: number
  /** Of them, with their passage and its near-duplicates taken away: answered nevertheless. */
  readonly falselyAnswered: number
}

/** What calibration asks of each passage: its vectors are made once, when the index is built. */
export interface Probe {
  readonly passage: number
  readonly question: string
  readonly vector?: Int8Array
}

/** Of the questions that the Datanet cannot answer, one in two hundred may be answered. */
const FALSE_PPM = 5_000
/** No calibration talks a Datanet into answering on less than this. */
const FLOOR_PPM = 450_000
/** More probes than this sharpen nothing and cost seconds. */
const MAX_PASSAGES = 400

/** The questions that calibration asks: by the title and by the first sentence of a passage. */
export function probesOf(corpus: Corpus): readonly Probe[] {
  const step = Math.max(1, Math.ceil(corpus.passages.length / MAX_PASSAGES))
  const probes: Probe[] = []
  for (let passage = 0; passage < corpus.passages.length; passage += step) {
    for (const unit of corpus.passages[passage]?.units.slice(0, 2) ?? []) {
      probes.push({ passage, question: unit.sentence.text })
    }
  }
  return probes
}

/**
 * The lowest threshold at which hardly a probe is answered when its subject is not there: each is
 * searched in the whole index and in one that never held its passage nor that passage's neighbours.
 * Few passages make a careful threshold, not a lucky one. Lets others run in between.
 */
export async function calibrate(
  corpus: Corpus,
  probes: readonly Probe[],
  options: {
    readonly signal: AbortSignal
    readonly vectors?: readonly Int8Array[]
  }
): Promise<Calibration> {
  const { signal, vectors } = options
  const scores: { truePpm: number; falsePpm: number }[] = []
  for (const { passage, question, vector } of probes) {
    // a peer that builds also serves: let others in between the probes
    if (scores.length % 8 === 0) await setImmediate(undefined, { signal })
    const dense = vectors && vector ? { vectors, question: vector } : undefined
    const without = neighboursOf(corpus, passage)
    const found = search(corpus, question, { dense, limit: 1 })[0]
    scores.push({
      truePpm: found !== undefined && without.has(found.passage) ? found.scorePpm : 0,
      falsePpm: search(corpus, question, { dense, without, limit: 1 })[0]?.scorePpm ?? 0
    })
  }
  const falling = scores.map(({ falsePpm }) => falsePpm).sort((a, b) => b - a)
  const allowed = Math.floor((falling.length * FALSE_PPM) / 1_000_000)
  const lowest = Math.max(FLOOR_PPM, (falling[allowed] ?? 0) + 1)
  const abstainBelowPpm = Math.min(lowest, 1_000_000)
  return {
    abstainBelowPpm,
    questions: probes.length,
    answered: scores.filter(({ truePpm }) => truePpm >= abstainBelowPpm).length,
    falselyAnswered: falling.filter((ppm) => ppm >= abstainBelowPpm).length
  }
}

/**
 * The passages that speak of the same subject, `passage` itself among them: their titles share half
 * of what the shorter one tells, or they share half of their words. An answer from one of them is
 * no mistake, so they say nothing about what mistakes look like.
 */
function neighboursOf(corpus: Corpus, passage: number): ReadonlySet<number> {
  const own = corpus.passages[passage] as ReadPassage
  const near = new Set([passage])
  for (const [index, other] of corpus.passages.entries()) {
    const [title, otherTitle] = [titleOf(own), titleOf(other)]
    const shorter = Math.min(tell(corpus, title), tell(corpus, otherTitle))
    const words = shared(own.terms, other.terms)
    if (
      2 * tell(corpus, words.size === 0 ? [] : shared(title, otherTitle)) >= shorter ||
      3 * words.size >= own.terms.size + other.terms.size
    ) {
      near.add(index)
    }
  }
  return near
}

function titleOf(read: ReadPassage): ReadonlySet<number> {
  return read.units[0]?.terms ?? new Set()
}

function tell(corpus: Corpus, terms: Iterable<number>): number {
  let sum = 0
  for (const term of terms) sum += rarityOf(corpus.df(term), corpus.passages.length)
  return sum
}

function shared(a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> {
  const both = new Set<number>()
  for (const term of a) if (b.has(term)) both.add(term)
  return both
}
