import { likeness, SIGNATURE_VALUES } from './min-hash.ts'

/** Bands and the values of each: texts that share half of their shingles meet in 87 of 100 cases. */
const BANDS = 32
const ROWS = SIGNATURE_VALUES / BANDS

/**
 * From this part of equal values on, two texts are near-duplicates: one of five sentences may be
 * another. What two texts on one subject share by chance is far below.
 */
export const NEAR = 0.5

/** However many texts share their boilerplate, one search looks at no more of them. */
const MOST_CANDIDATES = 2_048

/** Signatures by number, and which of them are like a given one. */
export interface LikenessIndex {
  readonly size: number
  /** Adds a signature, and returns its number: 0, 1, 2… */
  add(signature: Uint16Array): number
  /** Takes one out again: its values are overwritten. */
  remove(number: number): void
  /** The number of the signature most like this one, of several the lowest; undefined below NEAR. */
  nearest(signature: Uint16Array): number | undefined
}

/**
 * An index in memory by locality-sensitive hashing over typed arrays: 516 bytes a signature, and as
 * much again while it grows beyond what is `expected`.
 */
export function createLikenessIndex(expected = 0): LikenessIndex {
  let capacity = 1_024
  while (capacity < expected) capacity *= 2
  let size = 0
  let values = new Uint16Array(capacity * SIGNATURE_VALUES)
  let heads = new Int32Array(capacity * BANDS).fill(-1)
  let next = new Int32Array(capacity * BANDS)
  /** The search that last looked at a signature: none looks at one twice. */
  let looked = new Uint32Array(capacity)
  let search = 0

  const signatureAt = (number: number) =>
    values.subarray(number * SIGNATURE_VALUES, (number + 1) * SIGNATURE_VALUES)

  function slotOf(signature: Uint16Array, band: number): number {
    let hash = 0x811c9dc5
    for (let i = band * ROWS; i < (band + 1) * ROWS; i++) {
      hash = Math.imul(hash ^ (signature[i] as number), 0x01000193)
    }
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
    return band * capacity + (((hash ^ (hash >>> 13)) >>> 0) & (capacity - 1))
  }

  /** Each band's chain begins with the newest. */
  function link(number: number, signature: Uint16Array): void {
    for (let band = 0; band < BANDS; band++) {
      const slot = slotOf(signature, band)
      next[number * BANDS + band] = heads[slot] as number
      heads[slot] = number
    }
  }

  function grow(): void {
    capacity *= 2
    const grown = new Uint16Array(capacity * SIGNATURE_VALUES)
    grown.set(values)
    values = grown
    heads = new Int32Array(capacity * BANDS).fill(-1)
    next = new Int32Array(capacity * BANDS)
    looked = new Uint32Array(capacity)
    search = 0
    for (let number = 0; number < size; number++) link(number, signatureAt(number))
  }

  function sharesBand(number: number, signature: Uint16Array, band: number): boolean {
    for (let i = band * ROWS; i < (band + 1) * ROWS; i++) {
      if (values[number * SIGNATURE_VALUES + i] !== signature[i]) return false
    }
    return true
  }

  return {
    get size() {
      return size
    },
    add(signature) {
      if (size === capacity) grow()
      const number = size++
      values.set(signature, number * SIGNATURE_VALUES)
      link(number, signature)
      return number
    },
    remove(number) {
      // It stays in its chains, where nothing agrees with it any more but by a chance of 2^-16.
      const own = signatureAt(number)
      for (let i = 0; i < own.length; i++)
        own[i] = (Math.imul(number + 1, 2 * i + 0x9e37) >>> 8) & 0xffff
    },
    nearest(signature) {
      search++
      let best: number | undefined
      let bestLikeness = NEAR
      let candidates = 0
      for (let band = 0; band < BANDS && candidates < MOST_CANDIDATES; band++) {
        let number = heads[slotOf(signature, band)] as number
        while (number >= 0 && candidates < MOST_CANDIDATES) {
          if (looked[number] !== search && sharesBand(number, signature, band)) {
            looked[number] = search
            candidates++
            const alike = likeness(signatureAt(number), signature)
            if (alike > bestLikeness || (alike === bestLikeness && number < (best ?? size))) {
              best = number
              bestLikeness = alike
            }
          }
          number = next[number * BANDS + band] as number
        }
      }
      return best
    }
  }
}
