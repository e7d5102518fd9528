/** Values of one signature: more would tell likeness apart more finely than it matters. */
export const SIGNATURE_VALUES = 128

/** Words that a shingle holds: two are in any two texts on one subject, four miss a changed word more. */
const SHINGLE = 3

// Scripts without spaces are read by their characters.
const WORD =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]|[\p{L}\p{N}\p{M}]+/gu
// A single line break is white space: the same words may be wrapped in another way.
const SENTENCE_END = /[.!?。！？;]+(?=\s|$)|[。！？]|\n\s*\n/u

const [FACTORS, ADDENDS] = constants(SIGNATURE_VALUES)

/**
 * The signature of `text`: two texts agree in as large a part of it as they share of their shingles
 * (their Jaccard index), give or take four hundredths. Shingles do not reach over the end of a
 * sentence, so that sentences in another order are the same text; case, white space and punctuation
 * do not count. Undefined for a text without words. Deterministic.
 */
export function minHash(text: string): Uint16Array | undefined {
  const least = new Uint32Array(SIGNATURE_VALUES).fill(0xffffffff)
  let isEmpty = true
  for (const shingle of shinglesOf(text)) {
    isEmpty = false
    for (let i = 0; i < SIGNATURE_VALUES; i++) {
      const value = (Math.imul(shingle, FACTORS[i] as number) + (ADDENDS[i] as number)) >>> 0
      if (value < (least[i] as number)) least[i] = value
    }
  }
  // The upper bits of what is least are nothing but small: the lower ones tell it apart.
  return isEmpty ? undefined : Uint16Array.from(least, (value) => (value ^ (value >>> 16)) & 0xffff)
}

/** The part in which two signatures agree, from 0 to 1. */
export function likeness(one: Uint16Array, other: Uint16Array): number {
  let same = 0
  for (let i = 0; i < SIGNATURE_VALUES; i++) if (one[i] === other[i]) same++
  return same / SIGNATURE_VALUES
}

function* shinglesOf(text: string): Generator<number> {
  for (const sentence of text.normalize('NFKC').toLowerCase().split(SENTENCE_END)) {
    const words = sentence.match(WORD)
    if (words === null) continue
    const hashes = words.map(hashOf)
    const last = Math.max(0, hashes.length - SHINGLE)
    for (let i = 0; i <= last; i++) {
      let hash = 0x9747b28c
      for (const word of hashes.slice(i, i + SHINGLE)) hash = mix(Math.imul(hash, 31) ^ word)
      yield hash
    }
  }
}

/** FNV-1a over UTF-16 units, then mixed. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
  return mix(hash)
}

/** The last steps of MurmurHash3: every bit of the input moves every bit of the outcome. */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Odd factors and any addends, the same on every machine. */
function constants(count: number): [Uint32Array, Uint32Array] {
  const factors = new Uint32Array(count)
  const addends = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    factors[i] = mix(Math.imul(2 * i + 1, 0x9e3779b1)) | 1
    addends[i] = mix(Math.imul(2 * i + 2, 0x9e3779b1))
  }
  return [factors, addends]
}
