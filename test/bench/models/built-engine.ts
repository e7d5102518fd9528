import type { Engine } from '../../../peer/engines/engine.ts'
import type { Embedder } from '../../../peer/engines/retrieval/embedder.ts'
import { createRetrievalEngine } from '../../../peer/engines/retrieval/retrieval-engine.ts'
import {
  buildRetrievalIndex,
  loadRetrievalIndex
} from '../../../peer/engines/retrieval/retrieval-index.ts'
import type { Prepared } from './prepared.ts'

/** The engine over a set as a peer builds it: artefact, calibration and all. */
export async function builtEngine(
  { set, corpus }: Prepared,
  embedder: Embedder | undefined
): Promise<Engine> {
  const { signal } = new AbortController()
  const { passages } = corpus
  const bytes = await buildRetrievalIndex(passages, { signal, embedder: embedder ?? false })
  const index = loadRetrievalIndex(bytes, passages)
  return createRetrievalEngine({ index, embedder }, { datanet: set.name })
}
