/** Repeatable choices from a seed; good for samples and tests, useless for secrets. */
export interface SeededRandom {
  /** An integer in [0, below). */
  below(below: number): number
  pick<T>(items: readonly T[]): T
  /** A new array in an order that depends on the seed and on nothing else. */
  shuffle<T>(items: readonly T[]): T[]
}

/** The same choices for the same `seed` (an integer) on every machine: mulberry32. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (limit: number): number => next() % limit
  return {
    below,
    pick: (items) => items[below(items.length)] as never,
    shuffle: (items) => {
      const shuffled = [...items]
      for (let index = shuffled.length - 1; index > 0; index--) {
        const other = below(index + 1)
        const held = shuffled[index]
        shuffled[index] = shuffled[other] as never
        shuffled[other] = held as never
      }
      return shuffled
    }
  }
}
