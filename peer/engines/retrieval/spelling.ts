import type { Corpus } from './corpus.ts'

/** Shorter words have too many neighbours to be guessed at. */
const SHORTEST = 5
/** From this length on two slips may be mended. */
const LONG = 9
const WORD = /[\p{L}]+/gu

const buckets = new WeakMap<Corpus, ReadonlyMap<string, readonly string[]>>()

/**
 * `text` with each word that no passage holds replaced by the one that it is a slip of the fingers
 * away from: one letter lost, doubled, swapped or wrong behind the first, two in long words. Words
 * that `isWord` knows are left: they are not misspelt, the Datanet just does not speak of them.
 */
export function mendSpelling(
  corpus: Corpus,
  text: string,
  isWord: (word: string) => boolean = () => false
): string {
  return text.replace(WORD, (word) => {
    const small = word.toLowerCase()
    if (small.length < SHORTEST || isWord(small)) return word
    const near = wordsLike(corpus, small)
    return near ?? word
  })
}

/** The nearest word of the corpus; undefined where the corpus holds the word itself, or none is near. */
function wordsLike(corpus: Corpus, word: string): string | undefined {
  const reach = word.length >= LONG ? 2 : 1
  let best: { readonly word: string; readonly distance: number; readonly df: number } | undefined
  for (let length = word.length - reach; length <= word.length + reach; length++) {
    for (const other of bucketsOf(corpus).get(`${word[0]}${length}`) ?? []) {
      if (other === word) return undefined
      const distance = slips(word, other, Math.min(reach, best?.distance ?? reach))
      if (distance > reach) continue
      const [first] = corpus.idsOf(other)
      const df = first === undefined ? 0 : corpus.df(first)
      if (
        best === undefined ||
        distance < best.distance ||
        (distance === best.distance && df > best.df)
      ) {
        best = { word: other, distance, df }
      }
    }
  }
  return best?.word
}

function bucketsOf(corpus: Corpus): ReadonlyMap<string, readonly string[]> {
  const known = buckets.get(corpus)
  if (known !== undefined) return known
  const made = new Map<string, string[]>()
  for (const [word] of corpus.words()) {
    if (word.length < SHORTEST - 1 || !/^\p{L}+$/u.test(word)) continue
    const key = `${word[0]}${word.length}`
    const bucket = made.get(key)
    if (bucket === undefined) made.set(key, [word])
    else bucket.push(word)
  }
  buckets.set(corpus, made)
  return made
}

/** Optimal string alignment distance, or more than `limit`. */
function slips(a: string, b: string, limit: number): number {
  let before = new Array<number>(b.length + 1).fill(0)
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let value = Math.min(
        (row[j] as number) + 1,
        (next[j - 1] as number) + 1,
        (row[j - 1] as number) + Number(!same)
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (before[j - 2] as number) + 1)
      }
      next[j] = value
      least = Math.min(least, value)
    }
    if (least > limit) return limit + 1
    before = row
    row = next
  }
  return row[b.length] as number
}
