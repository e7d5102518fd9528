/** The time, and timers on it: a test brings its own. */
export interface Clock {
  /** Unix ms. */
  now(): number
  /** Runs `run` after `delayMs`; the returned function forgets it. */
  after(delayMs: number, run: () => void): () => void
}

/** The clock of this machine; its timers alone keep no process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  }
}
