import type { Corpus } from './corpus.ts'
import { type Nearness, nearnessOf, type Vectors } from './dense.ts'
import { readDialogue } from './dialogue.ts'
import type { Embedder } from './embedder.ts'
import { judge, signalsOf } from './judge.ts'
import { HYBRID_TREES, LEXICAL_TREES } from './judgement.ts'
import { readQuestion } from './question.ts'
import { type Reading, readPassage } from './reading.ts'
import { type Hit, search } from './search.ts'
import { mendSpelling } from './spelling.ts'
import { tellingIn } from './words.ts'

/** What an index has for a question. */
export interface Finding {
  /** The question as it was read: spelling mended, what it leans on before it. */
  readonly text: string
  /** What kind of thing is asked for: the last turn alone. */
  readonly question: string
  /** Best first; none where nothing is like the question at all. */
  readonly hits: readonly Hit[]
  /** The best hit, sentence by sentence. */
  readonly reading?: Reading
  /** How sure it is that the best hit answers, in ppm. */
  readonly scorePpm: number
  /** What the score was judged by. */
  readonly signals: readonly number[]
}

/** Looks for answers in one index. */
export type Find = (
  turns: readonly string[],
  options: { readonly signal: AbortSignal; readonly without?: ReadonlySet<number> }
) => Promise<Finding>

/** Sentences whose vectors are kept: popular passages are asked about again and again. */
const KEPT_SENTENCES = 1_024

/** Finds by words alone where there is no embedder or there are no vectors. */
export function createFind(components: {
  readonly corpus: Corpus
  readonly vectors?: Vectors | undefined
  readonly embedder?: Embedder | undefined
}): Find {
  const { corpus, vectors } = components
  const embedder = vectors === undefined ? undefined : components.embedder
  const telling = tellingIn(corpus, embedder)
  const isWord = (word: string): boolean => embedder?.rankOf(word) !== undefined
  const kept = new Map<string, Int8Array>()

  const embed = async (text: string, signal: AbortSignal): Promise<Int8Array> => {
    const known = kept.get(text)
    const vector = known ?? (await (embedder as Embedder).embed(text, { signal }))
    kept.delete(text)
    kept.set(text, vector)
    if (kept.size > KEPT_SENTENCES) kept.delete(kept.keys().next().value as string)
    return vector
  }

  return async (turns, { signal, without }) => {
    const asked = readDialogue(turns)
    const text = mendSpelling(corpus, asked.text, isWord)
    const own = asked.text === asked.question ? text : mendSpelling(corpus, asked.question, isWord)
    const question = readQuestion(corpus, text, { without, telling })
    const glass = await lookThrough(text, signal)
    const hits = search(corpus, question, { near: glass?.near, without })
    const best = hits[0]
    if (best === undefined) return { text, question: own, hits, scorePpm: 0, signals: [] }
    const reading = await readPassage(corpus, best.passage, own, glass)
    const signals = signalsOf(corpus, question, hits, reading, glass?.near)
    const scorePpm = judge(signals, glass === undefined ? LEXICAL_TREES : HYBRID_TREES)
    return { text, question: own, hits, reading, scorePpm, signals }
  }

  async function lookThrough(text: string, signal: AbortSignal) {
    if (vectors === undefined || embedder === undefined) return undefined
    const question = await embedder.embed(text, { signal })
    const near: Nearness = nearnessOf(vectors, question)
    return { vectors, near, question, embed: (text: string) => embed(text, signal) }
  }
}
