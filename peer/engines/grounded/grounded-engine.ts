import { DatanetError, isAbort } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { refuseUncountable } from '../../../protocol/model/price.ts'
import { encodeToolCalls, withoutToolCalls } from '../../../protocol/model/tool-calls.ts'
import type { Evidence } from '../../../protocol/receipt/attribution.ts'
import { answerSentences } from '../attribution/answer-sentences.ts'
import type { AttributionGround } from '../attribution/ground.ts'
import type { Engine, EngineChunk, EngineOutcome, EnginePassage, EngineRequest } from '../engine.ts'
import type { Embedder } from '../retrieval/embedder.ts'
import { createFind } from '../retrieval/finding.ts'
import type { RetrievalIndex } from '../retrieval/retrieval-index.ts'
import type { TextEnd, TextModel } from '../text-model.ts'
import { createMarks, withoutMarks } from './marks.ts'
import { fitting, groundedMessages, noAnswer } from './prompt.ts'
import { createTextCutter } from './text-cutter.ts'

/** Contributions that a model is shown. */
const SHOWN = 6
/** What was said longer ago is not meant by “it”. */
const MAX_TURNS = 4
/** A server's count of an answer this many times ours, or a part of it this small, is worth a note. */
const USAGE_FACTOR = 4
/** Answers shorter than this say nothing about a vocabulary. */
const USAGE_LEAST = 64

/**
 * An engine that has a language model answer from the contributions that search finds, and abstains
 * below the calibrated score without asking the model. Marks such as [1] are the contributions in the
 * order they are cited; where the model sets none, those its words rest on are cited. With tools or a
 * schema the model is always asked, and its tool calls end the answer (specs/06-model.md §Tool calls).
 * Credits come from the words of the answer, never from what the model says it used. Notes:
 * EMBEDDINGS_MISSING and PASSAGES_MISSING as in the retrieval engine, USAGE_DIFFERS once the server
 * counted an answer very differently from the public tokenizer.
 */
export function createGroundedEngine(
  components: {
    readonly index: RetrievalIndex
    readonly embedder?: Embedder | undefined
    readonly text: TextModel
    /** Whose words an answer has: they are cited where the model sets no marks. */
    readonly ground: Pick<AttributionGround, 'attribute' | 'copies'>
  },
  init: {
    readonly datanet: string
    /** Tokens of a text as billing counts them. */
    readonly countTokens: (text: string) => number
  }
): Engine {
  const { index, text: model, ground } = components
  const { datanet, countTokens } = init
  const { corpus, vectors } = index
  const embedder = vectors === undefined ? undefined : components.embedder
  const calibration = embedder === undefined ? index.lexical : (index.hybrid ?? index.lexical)
  const find = createFind({ corpus, vectors, embedder })
  let isUsageOff = false

  function outcomeOf(
    said: string,
    shown: readonly EnginePassage[],
    cited: readonly number[],
    end: { readonly truncated: boolean; readonly isPlain: boolean }
  ): EngineOutcome {
    const isNone = end.isPlain && withoutMarks(said).trim() === noAnswer(datanet)
    const evidence = ground.attribute(said)
    const used = isNone ? [] : cited.length > 0 ? cited : supported(evidence, shown)
    return {
      outcome: isNone ? 'abstained' : 'answered',
      truncated: end.truncated,
      citations: used.flatMap((place) => cite(shown[place], answerSentences(said), evidence))
    }
  }

  async function* abstain(limit: number): AsyncGenerator<EngineChunk, EngineOutcome> {
    const text = noAnswer(datanet)
    const truncated = countTokens(text) > limit
    if (!truncated) yield { text }
    return { outcome: 'abstained', truncated, citations: [] }
  }

  function compareUsage(end: TextEnd, said: string): void {
    const counted = countTokens(said)
    const claimed = end.usage?.outputTokens
    if (claimed === undefined || Math.max(counted, claimed) < USAGE_LEAST) return
    isUsageOff ||= claimed > counted * USAGE_FACTOR || counted > claimed * USAGE_FACTOR
  }

  return {
    kind: model.kind,
    describe: () => ({
      kind: model.kind,
      passages: corpus.passages.length,
      base: model.base,
      notes: [
        ...(embedder === undefined ? ['EMBEDDINGS_MISSING'] : []),
        ...(index.missing > 0 ? ['PASSAGES_MISSING'] : []),
        ...(isUsageOff ? ['USAGE_DIFFERS'] : [])
      ],
      abstainBelowPpm: calibration.abstainBelowPpm,
      evaluation: {
        questions: calibration.questions,
        answered: calibration.answered,
        abstained: calibration.questions - calibration.answered,
        falselyAnswered: calibration.falselyAnswered
      }
    }),
    async *generate(request, { signal }) {
      signal.throwIfAborted()
      const { form, maxOutputTokens = Infinity } = request
      if (form !== undefined && !model.forms) {
        throw new DatanetError('INPUT_INVALID', { param: 'form' })
      }
      const isPlain = form === undefined
      const { hits, scorePpm } = await find(turnsOf(request), { signal, without: ground.copies })
      const isKnown = hits.length > 0 && scorePpm >= calibration.abstainBelowPpm
      if (isPlain && !isKnown) return yield* abstain(maxOutputTokens)
      const shown = fitting(
        hits.slice(0, SHOWN).map(({ passage }) => corpus.passages[passage] as EnginePassage)
      )
      const cutter = createTextCutter()
      const marks = createMarks(isPlain ? shown.length : 0)
      const upstream = new AbortController()
      const generation = model.generate(
        {
          messages: groundedMessages(request, shown, { datanet, isPlain }),
          ...(form === undefined ? {} : { form }),
          ...(maxOutputTokens === Infinity ? {} : { maxTokens: maxOutputTokens })
        },
        { signal: AbortSignal.any([signal, upstream.signal]) }
      )
      const limit = { count: countTokens, tokens: maxOutputTokens }
      let said = ''
      /** The end of what came, also where it has not left yet. */
      let heard = ''
      let truncated = false
      /** What of the pieces is within the bound: all of them, or up to a word of the one that passes it. */
      const within = (pieces: readonly string[]): readonly EngineChunk[] =>
        pieces.flatMap((piece) => {
          if (truncated) return []
          const text = cutToFit(said, piece, limit)
          truncated = text.length < piece.length
          said += text
          return text === '' ? [] : [{ text }]
        })
      try {
        for (;;) {
          const step = await generation.next()
          const { done, value } = step
          const clean = done === true ? marks.end() : withoutToolCalls(value)
          const text = done === true || !isPlain ? clean : marks.take(clean)
          heard = (heard + text).slice(-2 * LIMITS.tokenizerRun - text.length)
          refuseEndlessRun(heard)
          yield* within(cutter.take(text))
          if (truncated) break
          if (done !== true) continue
          yield* within(cutter.end())
          const calls = encodeToolCalls(value.toolCalls)
          refuseEndlessRun(calls)
          // Half a tool call is none.
          if (countTokens(said + calls) > maxOutputTokens) truncated = true
          else if (calls !== '') {
            said += calls
            yield { text: calls }
          }
          truncated ||= value.finish === 'length'
          compareUsage(value, said)
          break
        }
      } catch (error) {
        // Its caller has left: what was said so far still rests on somebody's words.
        if (!isAbort(error) || said === '') throw error
      } finally {
        upstream.abort()
        await generation.return(undefined as never).catch(() => {})
      }
      if (said === '' && !truncated) throw new DatanetError('ENGINE_FAILED', { reason: 'no text' })
      return outcomeOf(said, shown, marks.cited, { truncated, isPlain })
    }
  }
}

/** A model's endless run of characters cannot be counted, and is no fault of the request. */
function refuseEndlessRun(text: string): void {
  try {
    refuseUncountable(text)
  } catch (cause) {
    throw new DatanetError('ENGINE_FAILED', { reason: 'endless run' }, { cause })
  }
}

function cutToFit(
  said: string,
  piece: string,
  limit: { readonly count: (text: string) => number; readonly tokens: number }
): string {
  if (limit.tokens === Infinity || limit.count(said + piece) <= limit.tokens) return piece
  const words = piece.split(/(?<= )/)
  while (words.length > 0 && limit.count(said + words.join('')) > limit.tokens) words.pop()
  return words.join('')
}

/** The passages shown that the answer has most of its words from, a sentence at a time. */
function supported(evidence: Evidence, shown: readonly EnginePassage[]): readonly number[] {
  const places = evidence.passages.map(({ contribution }) =>
    shown.findIndex((passage) => passage.contribution === contribution)
  )
  const found = evidence.sentences.flatMap((_, sentence) => {
    const strengths = places.map((_, passage) => strengthOf(evidence, sentence, passage))
    const most = Math.max(0, ...strengths)
    return most === 0 ? [] : [places[strengths.indexOf(most)] as number]
  })
  return [...new Set(found)].filter((place) => place >= 0)
}

/** How much of a sentence a passage has: in spans, or as its support. */
function strengthOf({ spans, sentences }: Evidence, sentence: number, passage: number): number {
  const from = sentences.slice(0, sentence).reduce((sum, { words }) => sum + words, 0)
  const { words = 0, supports = [] } = sentences[sentence] ?? {}
  const own = spans.filter((span) => span.passage === passage)
  const spoken = own.reduce((sum, span) => {
    const end = Math.min(from + words, span.from + span.words)
    return sum + Math.max(0, end - Math.max(from, span.from))
  }, 0)
  const support = supports.find((one) => one.passage === passage)?.simPpm ?? 0
  return Math.max(support, words === 0 ? 0 : Math.floor((spoken * 1_000_000) / words))
}

/** The sentence that rests on the passage most is its quotation. */
function cite(
  passage: EnginePassage | undefined,
  sentences: readonly string[],
  evidence: Evidence
): EngineOutcome['citations'] {
  if (passage === undefined) return []
  const { contribution, title, sourceUrl } = passage
  const place = evidence.passages.findIndex((one) => one.contribution === contribution)
  const strengths = sentences.map((_, sentence) => strengthOf(evidence, sentence, place))
  const quote = sentences[strengths.indexOf(Math.max(...strengths))] ?? ''
  return [{ contribution, title, quote, ...(sourceUrl === undefined ? {} : { sourceUrl }) }]
}

function turnsOf({ messages }: EngineRequest): readonly string[] {
  const turns = messages.filter(({ role }) => role === 'user').map(({ content }) => content.trim())
  if (!turns.at(-1)) throw new DatanetError('INPUT_INVALID', { reason: 'no user message' })
  return turns.slice(-MAX_TURNS)
}
