import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import { answerSentences } from '../../../peer/engines/attribution/answer-sentences.ts'
import { createGround } from '../../../peer/engines/attribution/ground.ts'
import { readCorpus } from '../../../peer/engines/retrieval/corpus.ts'
import {
  coverageCredits,
  type Evidence,
  verifyCredits
} from '../../../protocol/receipt/attribution.ts'
import { splitRoyalty, UNITS_PER_WEI } from '../../../protocol/reward/split.ts'
import { inOtherWords } from '../models/paraphrase.ts'
import { scaleTexts } from '../models/scale-texts.ts'
import type { BenchSet } from '../models/types.ts'
import { registered } from './worlds.ts'

const CASES = 20_000
const ANSWERS = 60
const CALLS = 20_000

/** Random evidence whose credits do not sum to the whole, or whose royalty is not given out to the unit. */
export function conservationFailures(): number {
  const random = createSeededRandom(71)
  const policy = {
    ...{ royaltyPpm: 300_000, builderPpm: 100_000, contributorsPpm: 700_000 },
    ...{ curatorsPpm: 150_000, treasuryPpm: 50_000 }
  }
  const account = (n: number) => `0x${(n + 1).toString(16).padStart(40, '0')}`
  let failures = 0
  for (let n = 0; n < CASES; n++) {
    const evidence = someEvidence(random)
    const owners = new Map(
      evidence.passages.map(({ contribution }, place) => [contribution, account(place % 5)])
    )
    const credits = coverageCredits(evidence, owners)
    const royaltyWei = BigInt(random.below(1_000_000))
    const shares = splitRoyalty(
      { royaltyWei, credits: [...credits], builder: account(90) },
      { policy: policy as never, curators: [account(91), account(92)], treasuries: [account(93)] }
    )
    const sum = [...shares.values()].reduce((all, one) => all + one, 0n)
    const isNegative = [...shares.values()].some((one) => one < 0n)
    try {
      verifyCredits(credits)
      if (sum !== royaltyWei * UNITS_PER_WEI || isNegative) failures += 1
    } catch {
      failures += 1
    }
  }
  return failures
}

function someEvidence(random: ReturnType<typeof createSeededRandom>): Evidence {
  const count = 1 + random.below(12)
  const passages = Array.from({ length: count }, (_, place) => ({
    contribution: `c${place}`,
    ...(place > 0 && random.below(3) === 0
      ? { upstream: random.below(place), upstreamPpm: 1 + random.below(1_000_000) }
      : {})
  }))
  const sentences = Array.from({ length: 1 + random.below(6) }, () => ({
    words: 1 + random.below(30),
    supports: Array.from({ length: random.below(6) }, () => ({
      passage: random.below(count),
      simPpm: 1 + random.below(1_000_000)
    }))
  }))
  const words = sentences.reduce((sum, sentence) => sum + sentence.words, 0)
  const length = 1 + random.below(words)
  const spans =
    random.below(2) === 0
      ? []
      : [{ from: random.below(words - length + 1), words: length, bits: 1, passage: 0 }]
  return { compared: count, passages, spans, sentences }
}

/**
 * Small fees over many calls among contributors of very different weight: the part of the money that
 * is not where exact shares would have it, and how many of fifty got nothing.
 */
export function longRun() {
  const random = createSeededRandom(73)
  const weights = Array.from({ length: 50 }, (_, n) => 1 / (n + 1))
  const due = new Map<number, number>()
  const got = new Map<number, bigint>()
  const feeWei = 5n
  for (let call = 0; call < CALLS; call++) {
    const drawn = weights.map((weight, n) => ({ n, value: weight * (1 + random.below(1_000)) }))
    const whole = drawn.reduce((sum, { value }) => sum + value, 0)
    const ppm = drawn.map(({ n, value }) => ({ n, ppm: Math.floor((value * 1_000_000) / whole) }))
    for (const { n, ppm: share } of ppm) {
      due.set(n, (due.get(n) ?? 0) + (drawn[n]?.value ?? 0) / whole)
      // As the fold does: units of a wei, carried from call to call.
      got.set(n, (got.get(n) ?? 0n) + (feeWei * BigInt(share) * UNITS_PER_WEI) / 1_000_000n)
    }
  }
  let wrong = 0
  let starved = 0
  for (const [n, exact] of due) {
    const paidWei = Number((got.get(n) ?? 0n) / UNITS_PER_WEI)
    wrong += Math.abs(paidWei - exact * Number(feeWei))
    starved += Number(paidWei === 0)
  }
  return { misallocated: wrong / 2 / (CALLS * Number(feeWei)), starved }
}

/** Evidence of quoted and reworded answers that another process does not come to. */
export function replayMismatches(set: BenchSet): number {
  const random = createSeededRandom(79)
  const ground = createGround(readCorpus(registered(set.passages)))
  const answers = someAnswers(set.passages, random)
  const child = join(import.meta.dirname, 'replay-child.ts')
  const input = JSON.stringify({ set: set.name, answers })
  const out = execFileSync(process.execPath, [child], { input, maxBuffer: 1e9 })
  const theirs = JSON.parse(`${out}`) as unknown[]
  return answers.filter(
    (answer, n) => JSON.stringify(ground.attribute(answer)) !== JSON.stringify(theirs[n])
  ).length
}

/** Processor time of saying whose an answer is, in ms, among so many contributions. */
export function costMs(contributions: number) {
  const random = createSeededRandom(83)
  const passages = scaleTexts(contributions)
  const corpus = readCorpus(passages)
  const before = process.cpuUsage().user
  const ground = createGround(corpus)
  const readMs = (process.cpuUsage().user - before) / 1000
  const answers = someAnswers(passages, random)
  for (const answer of answers) ground.attribute(answer)
  const start = process.cpuUsage()
  for (const answer of answers) ground.attribute(answer)
  const { user, system } = process.cpuUsage(start)
  return { costMs: (user + system) / 1000 / answers.length, readMs }
}

/** Three sentences that texts have, and a fourth in other words. */
function someAnswers(
  passages: readonly { readonly text: string }[],
  random: ReturnType<typeof createSeededRandom>
): readonly string[] {
  const sentence = () => random.pick(answerSentences(random.pick(passages).text)) ?? ''
  return Array.from({ length: ANSWERS }, () => {
    const [one, two, three, four] = [sentence(), sentence(), sentence(), sentence()]
    return `${one} [1] ${two} [2] ${three} [3] ${inOtherWords(four, random) ?? four}`
  })
}
