import { setImmediate } from 'node:timers/promises'
import { rarityOf } from '../attribution/rarity.ts'
import type { Corpus } from './corpus.ts'
import type { Find } from './finding.ts'

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

/** A question formed from a passage. */
interface Probe {
  readonly passage: number
  readonly question: string
}

/** From this score on the judge is sure enough; see the curve in test/bench/results/models.json. */
const ANSWER_FROM_PPM = 550_000
/** Of the questions whose subject is not there so many may be answered before more is asked for. */
const FALSE_PPM = 100_000
/** More probes than this sharpen nothing and cost seconds. */
const MAX_PASSAGES = 32

/**
 * How the index does on questions formed from its own passages, by title and by first sentence, and
 * on the same ones with the passage and its neighbours taken away. Where too many of those are
 * answered nevertheless, as in a Datanet of many siblings, the threshold rises above the usual one.
 * Lets others run in between.
 */
export async function calibrate(
  corpus: Corpus,
  find: Find,
  options: {
    readonly signal: AbortSignal
    readonly onProbe?: ((done: number, of: number) => void) | undefined
  }
): Promise<Calibration> {
  const { signal, onProbe } = options
  const probes = probesOf(corpus)
  const truePpm: number[] = []
  const falsePpm: number[] = []
  for (const { passage, question } of probes) {
    // a peer that builds also serves: let others in between the probes
    await setImmediate(undefined, { signal })
    const found = await find([question], { signal })
    const near = found.hits.map((hit) => hit.passage)
    const without = new Set([passage, ...near.filter((other) => areNear(corpus, passage, other))])
    truePpm.push(without.has(near[0] ?? -1) ? found.scorePpm : 0)
    falsePpm.push((await find([question], { signal, without })).scorePpm)
    onProbe?.(truePpm.length, probes.length)
  }
  const falling = falsePpm.toSorted((a, b) => b - a)
  const allowed = Math.floor((falling.length * FALSE_PPM) / 1_000_000)
  const lowest = Math.max(ANSWER_FROM_PPM, (falling[allowed] ?? 0) + 1)
  const abstainBelowPpm = Math.min(lowest, 1_000_000)
  return {
    abstainBelowPpm,
    questions: probes.length,
    answered: truePpm.filter((ppm) => ppm >= abstainBelowPpm).length,
    falselyAnswered: falling.filter((ppm) => ppm >= abstainBelowPpm).length
  }
}

/** The questions that calibration asks: by the title and by the first sentence of a passage. */
function probesOf(corpus: Corpus): readonly Probe[] {
  const step = Math.max(1, Math.ceil(corpus.passages.length / MAX_PASSAGES))
  const probes: Probe[] = []
  for (let passage = 0; passage < corpus.passages.length; passage += step) {
    const { title } = corpus.passages[passage] ?? { title: '' }
    const [lead] = corpus.sentencesOf(passage)
    probes.push({ passage, question: `What is ${title}?` })
    if (lead !== undefined) probes.push({ passage, question: lead.text })
  }
  return probes
}

/**
 * Whether two passages speak of the same subject: their titles share half of what the shorter one
 * tells, or they share half of their words. An answer from one of them is no mistake, so they say
 * nothing about what mistakes look like.
 */
export function areNear(corpus: Corpus, a: number, b: number): boolean {
  const [title = [], other = []] = [corpus.titlesOf(a)[0], corpus.titlesOf(b)[0]]
  const shorter = Math.min(tell(corpus, title), tell(corpus, other))
  if (2 * tell(corpus, shared(new Set(title), other)) >= shorter) return true
  const [own, others] = [termsOf(corpus, a), termsOf(corpus, b)]
  return 3 * shared(own, others).length >= own.size + others.size
}

function termsOf(corpus: Corpus, passage: number): ReadonlySet<number> {
  const units = corpus.unitsOf(passage)
  return new Set(corpus.tokens.subarray(units[0]?.start, units.at(-1)?.end))
}

function tell(corpus: Corpus, terms: Iterable<number>): number {
  let sum = 0
  for (const term of terms) sum += rarityOf(corpus.df(term), corpus.passages.length)
  return sum
}

function shared(a: ReadonlySet<number>, b: Iterable<number>): readonly number[] {
  return [...b].filter((term) => a.has(term))
}
