import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { sampleContributions } from '../../../../peer/devnet/sample.ts'
import type { EnginePassage } from '../../../../peer/engines/engine.ts'
import { type Embedder, loadEmbedder } from '../../../../peer/engines/retrieval/embedder.ts'
import {
  buildRetrievalIndex,
  loadRetrievalIndex,
  type RetrievalIndex
} from '../../../../peer/engines/retrieval/retrieval-index.ts'
import { decodeCanonical, encodeCanonical } from '../../../../protocol/base/codec.ts'
import { isAbort, isDatanetError } from '../../../../protocol/base/errors.ts'

const { signal } = new AbortController()
const passages: readonly EnginePassage[] = sampleContributions({ seed: 7, count: 14 }).map(
  ({ title, text, sourceUrl }, index) => ({
    contribution: `contribution-${index}`,
    contributor: `0x${'22'.repeat(20)}`,
    title,
    text,
    sourceUrl
  })
)
let embedder: Embedder | undefined
let hybrid: Uint8Array
let lexical: Uint8Array

beforeAll(async () => {
  embedder = await loadEmbedder()
  hybrid = await buildRetrievalIndex(passages, { signal })
  lexical = await buildRetrievalIndex(passages, { signal, embedder: false })
})

describe('buildRetrievalIndex', () => {
  it('makes the same bytes of the same passages in any order', async () => {
    const turned = [...passages].reverse()
    expect(await buildRetrievalIndex(turned, { signal })).toEqual(hybrid)
    expect(await buildRetrievalIndex(turned, { signal, embedder: false })).toEqual(lexical)
  })

  it('keeps no words of the contributions', () => {
    const bytes = Buffer.from(hybrid).toString('latin1')
    for (const { title, text } of passages) {
      expect(bytes).not.toContain(title)
      expect(bytes).not.toContain(text.slice(0, 24))
    }
  })

  it('reports progress to its end', async () => {
    const seen: number[] = []
    const onProgress = ({ done, total }: { done: number; total: number }): void => {
      seen.push(done / total)
    }
    await buildRetrievalIndex(passages.slice(0, 5), { signal, onProgress })
    expect(seen.at(-1)).toBe(embedder === undefined ? undefined : 1)
  })

  it('embeds only what changed, and comes to the same bytes', async () => {
    if (embedder === undefined) return
    const counting = counted(embedder)
    const artefact = await buildRetrievalIndex(passages, { signal, embedder: counting })
    const built = counting.texts()
    const [first, second, ...rest] = passages as [EnginePassage, EnginePassage, ...EnginePassage[]]
    const changed = { ...first, text: `${first.text} It was seen again in spring.` }
    const added = { ...second, contribution: 'contribution-new', title: 'Something else' }
    const now = [changed, added, ...rest]
    const { corpus } = loadRetrievalIndex(artefact, passages)
    const updated = await buildRetrievalIndex(now, {
      signal,
      embedder: counting,
      previous: { artefact, corpus }
    })
    const again = counting.texts().filter((text) => text.includes('. '))
    expect(again.filter((text) => built.includes(text))).toEqual(
      again.filter((text) => text.startsWith(`${first.title}. `) && built.includes(text))
    )
    expect(updated).toEqual(await buildRetrievalIndex(now, { signal }))
  })

  it('stops when the caller aborts, with the abort itself', async () => {
    const aborted = AbortSignal.abort()
    const error = await buildRetrievalIndex(passages, { signal: aborted }).catch((e: unknown) => e)
    expect(isAbort(error)).toBe(true)
    const controller = new AbortController()
    const building = buildRetrievalIndex(passages, { signal: controller.signal, embedder: false })
    controller.abort()
    expect(isAbort(await building.catch((e: unknown) => e))).toBe(true)
  })

  it('refuses no passages and one contribution twice', async () => {
    const twice = [passages[0] as EnginePassage, passages[0] as EnginePassage]
    expect(await codeOf(() => buildRetrievalIndex([], { signal }))).toBe('INPUT_INVALID')
    expect(await codeOf(() => buildRetrievalIndex(twice, { signal }))).toBe('INPUT_INVALID')
  })
})

describe('loadRetrievalIndex', () => {
  it('gives each passage its own vectors back', () => {
    const index = loadRetrievalIndex(hybrid, passages)
    const half = loadRetrievalIndex(hybrid, passages.slice(7))
    expect(half.missing).toBe(7)
    const rowsOf = ({ vectors }: RetrievalIndex, place: number): Int8Array | undefined => {
      const [from = 0, to = 0] = vectors?.firstRow.subarray(place, place + 2) ?? []
      return vectors?.rows.slice(from * 384, to * 384)
    }
    for (const [position, { contribution }] of half.corpus.passages.entries()) {
      const whole = index.corpus.passages.findIndex((one) => one.contribution === contribution)
      expect(rowsOf(half, position)).toEqual(rowsOf(index, whole))
    }
  })

  it('refuses a passage with other words, another owner or from elsewhere', async () => {
    const [first] = passages as [EnginePassage]
    for (const other of [
      { ...first, text: `${first.text} More.` },
      { ...first, title: 'Another title' },
      { ...first, contributor: `0x${'33'.repeat(20)}` },
      { ...first, contribution: 'unheard-of' }
    ]) {
      expect(await codeOf(() => loadRetrievalIndex(lexical, [other]))).toBe('REVISION_INVALID')
    }
  })

  it('refuses vectors that do not belong to the passages', async () => {
    const record = decodeCanonical(hybrid, hybrid.byteLength) as { dense?: { vectors: Uint8Array } }
    if (record.dense === undefined) return
    record.dense.vectors = record.dense.vectors.slice(1)
    const bytes = encodeCanonical(record)
    expect(await codeOf(() => loadRetrievalIndex(bytes, passages))).toBe('RECORD_MALFORMED')
  })

  it('refuses any damaged artefact with a code', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(lexical.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, x) => {
          const damaged = lexical.slice()
          damaged[at] = (damaged[at] as number) ^ x
          const code = await codeOf(() => loadRetrievalIndex(damaged, passages))
          // a changed calibration is another artefact, with another CID: content addressing finds that
          expect([
            'RECORD_MALFORMED',
            'RECORD_NOT_CANONICAL',
            'REVISION_INVALID',
            undefined
          ]).toContain(code)
        }
      ),
      { numRuns: 60 }
    )
  })
})

/** Notes what is embedded as a window of a passage: its title, a full stop, sentences. */
function counted(embedder: Embedder): Embedder & { texts(): string[] } {
  const texts: string[] = []
  const titles = passages.map(({ title }) => `${title}. `)
  return {
    ...embedder,
    texts: () => texts.splice(0),
    embed: (text, options) => {
      if (titles.some((title) => text.startsWith(title))) texts.push(text)
      return embedder.embed(text, options)
    }
  }
}

async function codeOf(act: () => unknown): Promise<string | undefined> {
  try {
    await act()
  } catch (error) {
    return isDatanetError(error) ? error.code : String(error)
  }
  return undefined
}
