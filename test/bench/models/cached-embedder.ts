import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Embedder, loadEmbedder } from '../../../peer/engines/retrieval/embedder.ts'
import { sha256 } from '../../../protocol/base/codec.ts'

const FOLDER = join(import.meta.dirname, 'cache')
const KEY_BYTES = 16

/**
 * The embedder of the peer, with what it made before kept in `cache/` (ignored by git): a vector is
 * the same whenever it is made. Refuses to start without the optional packages.
 */
export async function cachedEmbedder(): Promise<Embedder & { readonly made: () => number }> {
  const embedder = await loadEmbedder()
  if (embedder === undefined) throw new Error('the embedding packages are not installed')
  mkdirSync(FOLDER, { recursive: true })
  const path = join(FOLDER, `${embedder.modelHash.slice(0, 16)}.vectors`)
  const row = KEY_BYTES + embedder.dimensions
  const kept = new Map<string, Int8Array>()
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
  for (let at = 0; at + row <= bytes.length; at += row) {
    const key = bytes.toString('latin1', at, at + KEY_BYTES)
    kept.set(
      key,
      new Int8Array(bytes.buffer, bytes.byteOffset + at + KEY_BYTES, embedder.dimensions)
    )
  }
  let made = 0
  return {
    ...embedder,
    made: () => made,
    async embed(text, options) {
      const digest = sha256(Buffer.from(text)).subarray(0, KEY_BYTES)
      const key = Buffer.from(digest).toString('latin1')
      const known = kept.get(key)
      if (known !== undefined) return known
      const vector = await embedder.embed(text, options)
      appendFileSync(path, Buffer.concat([digest, new Uint8Array(vector.buffer)]))
      kept.set(key, vector)
      made++
      return vector
    }
  }
}
