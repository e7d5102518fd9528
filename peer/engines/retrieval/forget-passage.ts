import { decodeCanonical, encodeCanonical } from '../../../protocol/base/codec.ts'

/** As a retrieval index is made; the rest of it tells nothing of single passages. */
interface Artefact {
  readonly passages?: ReadonlyArray<{ readonly contribution: string; readonly digest: Uint8Array }>
  readonly dense?: {
    readonly dimensions: number
    readonly windows: Uint8Array
    readonly vectors: Uint8Array
  }
}

/**
 * The index in `artefact` with nothing left that could be compared with the contribution's words: its
 * digest and its vectors are zero. It then answers as before, without the passage, and is not the
 * artefact of its card any more. The same bytes when the contribution is not in it.
 */
export function forgetPassage(artefact: Uint8Array, contribution: string): Uint8Array {
  const record = decodeCanonical(artefact, artefact.byteLength) as Artefact
  const { passages = [], dense } = record
  const row = passages.findIndex((passage) => passage.contribution === contribution)
  if (row < 0) return artefact
  const digests = passages.map((passage, n) =>
    n === row ? { ...passage, digest: new Uint8Array(passage.digest.byteLength) } : passage
  )
  if (dense === undefined) return encodeCanonical({ ...record, passages: digests })
  const before = dense.windows.subarray(0, row).reduce((sum, windows) => sum + windows, 0)
  const own = dense.windows[row] as number
  const vectors = Uint8Array.from(dense.vectors)
  vectors.fill(0, before * dense.dimensions, (before + own) * dense.dimensions)
  return encodeCanonical({ ...record, passages: digests, dense: { ...dense, vectors } })
}
