import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import type { Engine, EngineOutcome } from '../../../peer/engines/engine.ts'
import type { BenchQuestion } from './types.ts'

/** What the engine made of one question. */
export interface Asked {
  readonly question: BenchQuestion
  readonly outcome: EngineOutcome['outcome']
  readonly text: string
  /** The contribution cited first. */
  readonly cited: string | undefined
  readonly durationMs: number
}

const { signal } = new AbortController()

/** The whole answer of an engine to a dialogue, with answers of its own between the turns. */
export async function askEngine(engine: Engine, question: BenchQuestion): Promise<Asked> {
  const messages = question.turns.flatMap((content, index) => [
    ...(index === 0 ? [] : [{ role: 'assistant' as const, content: 'I see.' }]),
    { role: 'user' as const, content }
  ])
  const startMs = performance.now()
  const answer = engine.generate({ messages }, { signal })
  let text = ''
  for (;;) {
    const { done, value } = await answer.next()
    if (done !== true) {
      text += value.text
      continue
    }
    const cited = value.citations[0]?.contribution
    const durationMs = performance.now() - startMs
    return { question, outcome: value.outcome, text, cited, durationMs }
  }
}

/** Counts of a run as shares of 1. */
export interface Quality {
  readonly questions: number
  /** Of the answerable: answered, and by a passage that answers. */
  readonly answered: number
  readonly right: number
  /** Of those answered at all: by a passage that does not answer. */
  readonly wrong: number
  /** Of the unanswerable: answered nevertheless. */
  readonly falselyAnswered: number
  /** Of the abstentions: those on questions that nothing answers. */
  readonly abstainPrecision: number
  /** Of the questions that nothing answers: those abstained from. */
  readonly abstainRecall: number
  /** Of the right answers to questions with a known span: those that hold it. */
  readonly spanExact: number
  /** Of the same: words in common with the sentence that holds it. */
  readonly spanF1: number
}

/** What a run of questions comes to. */
export function qualityOf(asked: readonly Asked[]): Quality {
  const known = asked.filter(({ question }) => question.gold.length > 0)
  const unknown = asked.filter(({ question }) => question.gold.length === 0)
  const isAnswered = ({ outcome }: Asked): boolean => outcome === 'answered'
  const isRight = (one: Asked): boolean =>
    isAnswered(one) && one.question.gold.includes(one.cited ?? '')
  const share = (part: number, of: number): number => (of === 0 ? 0 : part / of)
  const abstained = asked.filter((one) => !isAnswered(one))
  const rightly = abstained.filter(({ question }) => question.gold.length === 0)
  const spans = known.filter((one) => isRight(one) && one.question.span !== undefined)
  const exact = spans.filter(({ text, question }) =>
    text.toLowerCase().includes((question.span as string).toLowerCase())
  )
  const answered = known.filter(isAnswered)
  const right = known.filter(isRight)
  return {
    questions: asked.length,
    answered: share(answered.length, known.length),
    right: share(right.length, known.length),
    wrong: share(answered.length - right.length, answered.length),
    falselyAnswered: share(unknown.filter(isAnswered).length, unknown.length),
    abstainPrecision: share(rightly.length, abstained.length),
    abstainRecall: share(rightly.length, unknown.length),
    spanExact: share(exact.length, spans.length),
    spanF1: share(
      spans.reduce((sum, { text, question }) => sum + f1(text, question.sentence as string), 0),
      spans.length
    )
  }
}

/** The 2.5 % quantile of the mean of `differences` over resamples: above it lies the gain at 95 %. */
export function lowerBound(differences: readonly number[], resamples = 5_000): number {
  const random = createSeededRandom(95)
  const means = Array.from({ length: resamples }, () => {
    let sum = 0
    for (let draw = 0; draw < differences.length; draw++) {
      sum += differences[random.below(differences.length)] as number
    }
    return sum / differences.length
  })
  return means.sort((a, b) => a - b)[Math.floor(resamples * 0.025)] as number
}

function f1(answer: string, sentence: string): number {
  const words = (text: string): string[] =>
    text
      .toLowerCase()
      .replace(/\[\d+\]/g, '')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  const [said, meant] = [words(answer), words(sentence)]
  const left = [...meant]
  let shared = 0
  for (const word of said) {
    const at = left.indexOf(word)
    if (at < 0) continue
    left.splice(at, 1)
    shared++
  }
  return said.length + meant.length === 0 ? 0 : (2 * shared) / (said.length + meant.length)
}
