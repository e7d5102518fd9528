/** Lets one in after the other, in the order they came. */
export interface Turns {
  /** Resolves when it is the caller's turn, with what ends it; rejects with an abort before that. */
  take(options: { readonly signal: AbortSignal }): Promise<() => void>
}

/** Turns at one thing. */
export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve()
  return {
    async take({ signal }) {
      const before = last
      const turn = Promise.withResolvers<void>()
      last = turn.promise
      await before
      if (signal.aborted) {
        turn.resolve()
        signal.throwIfAborted()
      }
      return turn.resolve
    }
  }
}
