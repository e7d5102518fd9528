import { DatanetError } from '../../../protocol/base/errors.ts'
import type { AttributionGround } from '../attribution/ground.ts'
import type { Engine, EngineChunk, EngineOutcome, EnginePassage, EngineRequest } from '../engine.ts'
import { compose, type Quotation } from './compose.ts'
import type { Embedder } from './embedder.ts'
import { createFind } from './finding.ts'
import type { RetrievalIndex } from './retrieval-index.ts'

/** What was said longer ago is not meant by “it”. */
const MAX_TURNS = 4

/**
 * An engine that answers with verbatim sentences of a Datanet, says where each stands, and abstains
 * below the score that was calibrated on the Datanet itself. Without the embedder, or in an index
 * built without one, it searches by words alone and notes EMBEDDINGS_MISSING; passages withdrawn
 * since the index was built are noted as PASSAGES_MISSING. Equal questions get equal answers.
 */
export function createRetrievalEngine(
  components: {
    readonly index: RetrievalIndex
    readonly embedder?: Embedder | undefined
    /** Which passages are copies: beside its copies no passage stands out, and it would abstain. */
    readonly ground?: Pick<AttributionGround, 'copies'>
  },
  init: {
    /** Title of the Datanet, in whose name it abstains. */
    readonly datanet: string
    /** Tokens of a text as billing counts them; an estimate that errs high where none is given. */
    readonly countTokens?: (text: string) => number
  }
): Engine {
  const { index } = components
  const { corpus, vectors } = index
  const countTokens = init.countTokens ?? estimateTokens
  const embedder = vectors === undefined ? undefined : components.embedder
  const calibration = embedder === undefined ? index.lexical : (index.hybrid ?? index.lexical)
  const notes = [
    ...(embedder === undefined ? ['EMBEDDINGS_MISSING'] : []),
    ...(index.missing > 0 ? ['PASSAGES_MISSING'] : [])
  ]
  const find = createFind({ corpus, vectors, embedder })
  const { ground } = components
  const unlike = ground === undefined ? {} : { without: ground.copies }

  return {
    kind: 'retrieval',
    describe: () => ({
      kind: 'retrieval',
      passages: corpus.passages.length,
      ...(embedder === undefined ? {} : { base: embedder.model }),
      notes,
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
      // It quotes; a tool or a schema would go unheard.
      if (request.form !== undefined) throw new DatanetError('INPUT_INVALID', { param: 'form' })
      const found = await find(turnsOf(request), { signal, ...unlike })
      const { hits, reading } = found
      const limit = { count: countTokens, tokens: request.maxOutputTokens ?? Infinity }
      if (hits.length === 0 || found.scorePpm < calibration.abstainBelowPpm) {
        const text = `The Datanet “${init.datanet}” holds no contribution that answers this question.`
        const said = yield* speak([text], limit, signal)
        return { outcome: 'abstained', truncated: said.truncated, citations: [] }
      }
      const quotations = compose(corpus, found.question, hits, reading)
      const sources = [...new Set(quotations.map(({ passage }) => passage))]
      const said = yield* speak(marked(quotations, sources), limit, signal)
      const spoken = quotations
        .slice(0, said.pieces)
        .map((quotation) =>
          said.cut === undefined ? quotation : { ...quotation, sentence: said.cut }
        )
      return {
        outcome: 'answered',
        truncated: said.truncated,
        citations: sources.flatMap((source) => cite(source, spoken, corpus.passages))
      }
    }
  }
}

/** The sentences as they are shown: a mark where a source ends, a space between. */
function marked(quotations: readonly Quotation[], sources: readonly number[]): readonly string[] {
  return quotations.map(({ passage, sentence, title }, position) => {
    const next = quotations[position + 1]
    if (title === true && next?.passage === passage) return `${sentence}: `
    const mark = next?.passage === passage ? '' : ` [${sources.indexOf(passage) + 1}]`
    return `${sentence}${mark}${next === undefined ? '' : ' '}`
  })
}

interface Spoken {
  readonly pieces: number
  readonly truncated: boolean
  /** What was said of the first piece when not even that fitted. */
  readonly cut?: string
}

/** Yields whole pieces while they fit; the first one is cut at a word when even it does not. */
async function* speak(
  pieces: readonly string[],
  limit: { readonly count: (text: string) => number; readonly tokens: number },
  signal: AbortSignal
): AsyncGenerator<EngineChunk, Spoken> {
  let said = ''
  for (const [position, piece] of pieces.entries()) {
    signal.throwIfAborted()
    if (limit.tokens !== Infinity && limit.count(said + piece) > limit.tokens) {
      if (position > 0) return { pieces: position, truncated: true }
      const words = piece.split(/(?<= )/)
      while (words.length > 0 && limit.count(words.join('')) > limit.tokens) words.pop()
      const cut = words.join('')
      if (cut === '') return { pieces: 0, truncated: true }
      yield { text: cut }
      return { pieces: 1, truncated: true, cut }
    }
    said += piece
    yield { text: piece }
  }
  return { pieces: pieces.length, truncated: false }
}

function cite(
  source: number,
  spoken: readonly Quotation[],
  passages: readonly EnginePassage[]
): EngineOutcome['citations'] {
  const quote = spoken.find(({ passage }) => passage === source)?.sentence
  const passage = passages[source]
  if (quote === undefined || passage === undefined) return []
  const { contribution, title, sourceUrl } = passage
  return [{ contribution, title, quote, ...(sourceUrl === undefined ? {} : { sourceUrl }) }]
}

/** What the person said, earlier turns first. */
function turnsOf({ messages }: EngineRequest): readonly string[] {
  const turns = messages.filter(({ role }) => role === 'user').map(({ content }) => content.trim())
  if (!turns.at(-1)) throw new DatanetError('INPUT_INVALID', { reason: 'no user message' })
  return turns.slice(-MAX_TURNS)
}

/** English runs at four bytes a token and over; three errs on the side of saying less. */
function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3)
}
