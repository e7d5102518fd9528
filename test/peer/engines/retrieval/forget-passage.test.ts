import { expect, it } from 'vitest'
import { sampleContributions } from '../../../../peer/devnet/sample.ts'
import { loadEmbedder } from '../../../../peer/engines/retrieval/embedder.ts'
import { forgetPassage } from '../../../../peer/engines/retrieval/forget-passage.ts'
import {
  buildRetrievalIndex,
  loadRetrievalIndex
} from '../../../../peer/engines/retrieval/retrieval-index.ts'

const { signal } = new AbortController()
const passages = sampleContributions({ seed: 5, count: 6 }).map(({ title, text }, index) => ({
  contribution: `contribution-${index}`,
  contributor: `0x${'22'.repeat(20)}`,
  title,
  text
}))

it('leaves no vector of the passage and every one of the others', async () => {
  const embedder = await loadEmbedder()
  if (embedder === undefined) return
  const artefact = await buildRetrievalIndex(passages, { signal, embedder })
  const left = passages.filter(({ contribution }) => contribution !== 'contribution-2')
  const forgotten = forgetPassage(artefact, 'contribution-2')
  const [before, after] = [artefact, forgotten].map((bytes) => loadRetrievalIndex(bytes, left))
  expect(after?.vectors).toEqual(before?.vectors)
  const [gone] = passages.filter(({ contribution }) => contribution === 'contribution-2')
  const own = loadRetrievalIndex(artefact, gone === undefined ? [] : [gone]).vectors?.rows
  expect(own?.some((value) => value !== 0)).toBe(true)
  const needle = Buffer.from(own?.slice(0, 384) ?? [])
  expect(Buffer.from(artefact).includes(needle)).toBe(true)
  expect(Buffer.from(forgotten).includes(needle)).toBe(false)
  expect(() => loadRetrievalIndex(forgotten, passages)).toThrow()
  expect(forgetPassage(artefact, 'unheard-of')).toBe(artefact)
})
