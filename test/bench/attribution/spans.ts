import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import { PAID_SPAN } from '../../../peer/engines/attribution/ground.ts'
import { createSpanIndex, type SpanRule } from '../../../peer/engines/attribution/span-index.ts'
import { wordsOf } from '../../../peer/engines/attribution/words.ts'
import { scaleTexts } from '../models/scale-texts.ts'
import type { BenchSet } from '../models/types.ts'

const TEXTS = 100_000
const OUTPUTS = 200
const SPANS_EACH = 3
const DISPLAY: SpanRule = { words: 4, bits: 45 * 1024 }
const UNFILTERED: SpanRule = { words: 4, bits: 0 }

/** Where copied words come from, and how seldom others are taken for copied. */
export function measureSpans(foreign: readonly BenchSet[], only: (id: string) => boolean) {
  const random = createSeededRandom(41)
  const texts = scaleTexts(TEXTS).map(({ title, text }) => `${title}\n${text}`)
  const words = texts.map(wordsOf)
  const startMs = process.cpuUsage().user / 1000
  const index = createSpanIndex(texts)
  const buildMs = process.cpuUsage().user / 1000 - startMs
  const glue = words.flat()

  /** The part of planted runs of `length` words that are found in their texts. */
  function planted(length: number, rule: SpanRule): number {
    let [found, all] = [0, 0]
    for (let output = 0; output < OUTPUTS; output++) {
      const said: string[] = []
      const sources: { from: number; place: number }[] = []
      const glued = () => {
        for (let n = 0; n < 8; n++) said.push(random.pick(glue))
      }
      while (sources.length < SPANS_EACH) {
        const place = random.below(words.length)
        const own = words[place] as readonly string[]
        if (own.length < length) continue
        glued()
        sources.push({ from: said.length, place })
        const at = random.below(own.length - length + 1)
        said.push(...own.slice(at, at + length))
      }
      glued()
      const spans = index.trace(said, rule)
      for (const { from, place } of sources) {
        all += 1
        const holds = spans.some(
          (span) =>
            span.from < from + length &&
            span.from + span.words > from &&
            span.holders.includes(place)
        )
        found += Number(holds)
      }
    }
    return found / all
  }

  /** The part of the words of other Datanets that stand in a run that passes the rule. */
  function falselyCredited(rule: SpanRule): number {
    let [covered, all] = [0, 0]
    for (const { passages } of foreign) {
      for (const { id, text } of passages) {
        if (!only(id)) continue
        const said = wordsOf(text)
        all += said.length
        for (const span of index.trace(said, rule)) covered += span.words
      }
    }
    return covered / all
  }

  const took: number[] = []
  for (let n = 0; n < OUTPUTS; n++) {
    const said: string[] = []
    while (said.length < 200) said.push(...(random.pick(words) as readonly string[]).slice(0, 40))
    const start = performance.now()
    index.trace(said.slice(0, 200), PAID_SPAN)
    took.push(performance.now() - start)
  }
  took.sort((a, b) => a - b)
  const at = (part: number): number => took[Math.floor(part * (took.length - 1))] as number
  return {
    megabytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6,
    buildMs,
    indexBytes: index.byteLength,
    plantedRecallDisplay: planted(6, DISPLAY),
    plantedRecallPay: planted(8, PAID_SPAN),
    falseCreditShare: falselyCredited(PAID_SPAN),
    falseDisplayShare: falselyCredited(DISPLAY),
    falseUnfilteredShare: falselyCredited(UNFILTERED),
    spanP50Ms: at(0.5),
    spanP95Ms: at(0.95)
  }
}
