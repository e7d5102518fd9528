import { NEAR } from './likeness-index.ts'
import { likeness, minHash } from './min-hash.ts'

/**
 * The place among `others` of the question most like `question`, of several the first; undefined where
 * none is its near-duplicate. For lists that are short enough to be read through.
 */
export function nearlyAsked(question: string, others: readonly string[]): number | undefined {
  const own = minHash(question)
  if (own === undefined) return undefined
  let nearest: number | undefined
  let most: number = NEAR
  for (const [place, other] of others.entries()) {
    const signature = minHash(other)
    const part = signature === undefined ? 0 : likeness(own, signature)
    if (part > most || (part === most && nearest === undefined)) {
      nearest = place
      most = part
    }
  }
  return nearest
}
