import { termsOf } from '../attribution/terms.ts'

/** Words to term ids, each word taken apart once. */
export interface TermReader {
  /** Terms so far; ids are 0 up to here. */
  readonly size: number
  /** The ids of the terms of `text` in order, those of new terms included. Equal to `termsOf`. */
  read(text: string): number[]
  /** The id of a term, or -1 when nothing read so far holds it. */
  idOf(term: string): number
  /** Words read so far with the id of their first term. */
  words(): Iterable<readonly [word: string, id: number]>
}

const WORD = /[\p{L}\p{N}]+(?:[-'’][\p{L}\p{N}]+)*/gu

/** A reader that knows nothing yet. */
export function createTermReader(): TermReader {
  const ids = new Map<string, number>()
  // most words are one term: a number takes a tenth of what a list does
  const known = new Map<string, number | readonly number[]>()
  const idsOf = (word: string): number | readonly number[] => {
    const before = known.get(word)
    if (before !== undefined) return before
    const found = termsOf(word).map((term) => {
      const id = ids.get(term) ?? ids.size
      ids.set(own(term), id)
      return id
    })
    const kept = found.length === 1 ? (found[0] as number) : found
    known.set(own(word), kept)
    return kept
  }
  return {
    get size() {
      return ids.size
    },
    read(text) {
      const found: number[] = []
      for (const word of text.toLowerCase().match(WORD) ?? []) {
        const ids = idsOf(word)
        if (typeof ids === 'number') found.push(ids)
        else found.push(...ids)
      }
      return found
    },
    idOf: (term) => ids.get(term) ?? -1,
    *words() {
      for (const [word, ids] of known) {
        const first = typeof ids === 'number' ? ids : ids[0]
        if (first !== undefined) yield [word, first]
      }
    }
  }
}

/** A copy of its own: a piece of a long text would keep the whole text in memory. */
function own(text: string): string {
  return text.length < 13 ? text : Buffer.from(text).toString()
}
