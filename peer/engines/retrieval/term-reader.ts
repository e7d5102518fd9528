import { termsOf } from '../attribution/terms.ts'
import { type PackedTexts, packTexts } from './packed-texts.ts'

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
  /** Says that nothing more is to be read for now: few words are then kept in little room. */
  settle(): void
}

/** More terms than these stay where they are found at once: one large index is not many small ones. */
const SETTLED_TERMS = 16_384

const WORD = /[\p{L}\p{N}]+(?:[-'’][\p{L}\p{N}]+)*/gu

/** A reader that knows nothing yet. */
export function createTermReader(): TermReader {
  let ids = new Map<string, number>()
  // most words are one term: a number takes a tenth of what a list does
  let known = new Map<string, number | readonly number[]>()
  let settled:
    | { readonly terms: PackedTexts; readonly words: PackedTexts; first: Int32Array }
    | undefined

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
  const firstOf = (found: number | readonly number[]): number | undefined =>
    typeof found === 'number' ? found : found[0]

  /** There is more to read. */
  function unsettle(): void {
    if (settled === undefined) return
    const { terms, words } = settled
    settled = undefined
    for (const term of terms.all()) ids.set(term, ids.size)
    for (const word of words.all()) idsOf(word)
  }

  return {
    get size() {
      return settled?.terms.length ?? ids.size
    },
    read(text) {
      unsettle()
      const found: number[] = []
      for (const word of text.toLowerCase().match(WORD) ?? []) {
        const ids = idsOf(word)
        if (typeof ids === 'number') found.push(ids)
        else found.push(...ids)
      }
      return found
    },
    idOf: (term) => settled?.terms.find(term) ?? ids.get(term) ?? -1,
    *words() {
      if (settled !== undefined) {
        let place = 0
        for (const word of settled.words.all()) {
          const first = settled.first[place++] as number
          if (first >= 0) yield [word, first]
        }
        return
      }
      for (const [word, ids] of known) {
        const first = firstOf(ids)
        if (first !== undefined) yield [word, first]
      }
    },
    settle() {
      if (settled !== undefined || ids.size > SETTLED_TERMS) return
      const first = Int32Array.from(known.values(), (found) => firstOf(found) ?? -1)
      settled = { terms: packTexts([...ids.keys()]), words: packTexts([...known.keys()]), first }
      ids = new Map()
      known = new Map()
    }
  }
}

/** A copy of its own: a piece of a long text would keep the whole text in memory. */
function own(text: string): string {
  return text.length < 13 ? text : Buffer.from(text).toString()
}
