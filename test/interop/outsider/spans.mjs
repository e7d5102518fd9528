// Chapter 08, spans: runs of an answer's words that stand in a passage, and how much they tell.
import { wordsOf } from './sentences.mjs'
import { flooredLog2 } from './terms.mjs'

const LEAST_WORDS = 5
const LEAST_BITS = 60 * 1024

/** The words of all passages, ready to find runs in. */
export function runsIn(passages) {
  const texts = passages.map(({ title, text }) => wordsOf(`${title}\n${text}`))
  const all = texts.reduce((sum, { length }) => sum + length, 0)
  const starts = new Map()
  for (const [place, words] of texts.entries()) {
    for (const [at, word] of words.entries()) {
      if (!starts.has(word)) starts.set(word, [])
      starts.get(word).push({ place, at })
    }
  }
  const bits = new Map()
  const bitsOf = (word) => {
    if (!bits.has(word)) bits.set(word, flooredLog2(BigInt(all), BigInt(starts.get(word).length)))
    return bits.get(word)
  }

  /** The longest run of `words` from `from` on that stands somewhere, and in which passages. */
  function longest(words, from) {
    let found = { length: 0, holders: new Set() }
    for (const { place, at } of starts.get(words[from]) ?? []) {
      const text = texts[place]
      let length = 1
      while (from + length < words.length && words[from + length] === text[at + length]) length += 1
      if (length > found.length) found = { length, holders: new Set() }
      if (length === found.length) found.holders.add(place)
    }
    return found
  }

  return {
    /** The passages in which these words stand in a row. */
    holdersOf: (words) => {
      const { length, holders } = longest(words, 0)
      return length === words.length ? holders : new Set()
    },
    trace: (words) => {
      const spans = []
      for (let from = 0; from < words.length; ) {
        const { length, holders } = longest(words, from)
        const bits = words.slice(from, from + length).reduce((sum, one) => sum + bitsOf(one), 0)
        const isSpan = length >= LEAST_WORDS && bits >= LEAST_BITS
        if (isSpan) spans.push({ from, words: length, bits, holders })
        from += isSpan ? length : 1
      }
      return spans
    }
  }
}
