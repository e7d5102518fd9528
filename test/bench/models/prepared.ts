import type { EnginePassage } from '../../../peer/engines/engine.ts'
import { type Corpus, readCorpus } from '../../../peer/engines/retrieval/corpus.ts'
import type { Vectors } from '../../../peer/engines/retrieval/dense.ts'
import type { Embedder } from '../../../peer/engines/retrieval/embedder.ts'
import { createFind, type Find } from '../../../peer/engines/retrieval/finding.ts'
import { windowsEach, windowsOf } from '../../../peer/engines/retrieval/windows.ts'
import type { BenchSet } from './types.ts'

/** A set made ready to be searched, without the calibration that building a model does. */
export interface Prepared {
  readonly set: BenchSet
  readonly corpus: Corpus
  readonly vectors: Vectors
  readonly hybrid: Find
  readonly lexical: Find
}

const { signal } = new AbortController()

/** Every contributor of a benchmark Datanet owns one contribution. */
export function passagesOf(set: BenchSet): readonly EnginePassage[] {
  return set.passages.map(({ id, title, text }, index) => ({
    contribution: id,
    contributor: `0x${(index + 1).toString(16).padStart(40, '0')}`,
    title,
    text
  }))
}

/** Reads and embeds the passages of a set. */
export async function prepare(set: BenchSet, embedder: Embedder): Promise<Prepared> {
  const passages = passagesOf(set)
  const corpus = readCorpus(passages)
  const rows: Int8Array[] = []
  const firstRow = new Uint32Array(passages.length + 1)
  for (const [index, passage] of passages.entries()) {
    for (const { text } of windowsOf(passage, windowsEach(passages.length))) {
      rows.push(await embedder.embed(text, { signal }))
    }
    firstRow[index + 1] = rows.length
  }
  const whole = new Int8Array(rows.length * embedder.dimensions)
  for (const [index, row] of rows.entries()) whole.set(row, index * embedder.dimensions)
  const vectors = { rows: whole, firstRow }
  return {
    set,
    corpus,
    vectors,
    hybrid: createFind({ corpus, vectors, embedder }),
    lexical: createFind({ corpus })
  }
}
