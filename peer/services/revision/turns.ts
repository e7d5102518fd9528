/** Who writes revisions here, so that none stands in another's way. */
export interface Turns {
  /** Runs `work` after all that was put in turn before. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  /** Runs `work` beside the others, but not while something runs alone. */
  beside<T>(work: () => Promise<T>): Promise<T>
  /** Runs `work` in turn, and while nothing runs beside. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

/** Turns that nobody has taken yet. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  let lonely: Promise<unknown> = Promise.resolve()
  const others = new Set<Promise<unknown>>()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }

  return {
    inTurn,
    async beside(work) {
      await lonely
      const mine = work()
      others.add(mine)
      return mine.finally(() => others.delete(mine))
    },
    alone(work) {
      const mine = inTurn(async () => {
        await Promise.allSettled(others)
        return work()
      })
      lonely = mine.catch(() => {})
      return mine
    }
  }
}
