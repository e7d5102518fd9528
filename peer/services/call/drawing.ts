import { randomFillSync } from 'node:crypto'

/** Drawn from the system at once: asking it for every call costs more than what the call does with it. */
const DRAWS = 128

/** Random bytes, `bytes` at a time, each given out once and in a copy of its own. */
export function createDrawing(bytes: number): () => Uint8Array {
  const pool = Buffer.alloc(DRAWS * bytes)
  let used = DRAWS
  return () => {
    if (used === DRAWS) {
      randomFillSync(pool)
      used = 0
    }
    const from = used * bytes
    used += 1
    const drawn = new Uint8Array(pool.subarray(from, from + bytes))
    pool.fill(0, from, from + bytes)
    return drawn
  }
}
