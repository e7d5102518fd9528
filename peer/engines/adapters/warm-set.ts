/** Something kept warm, for as long as it is held. */
export interface Held {
  release(): void
}

/** At most so many things in somebody's memory, the last used ones. */
export interface WarmSet {
  /**
   * Holds `key`, brought in first where it is not. Whoever asks for one that is being brought in waits
   * for that; where all are held, for one to be released. Rejects as `bring` and `remove` do.
   */
  hold(key: string, options: { readonly signal: AbortSignal }): Promise<Held>
  /** Forgets a key that is not there any more, unless somebody brings it in just now. */
  forget(key: string): void
  /** Those that are there, the last used first. */
  readonly keys: readonly string[]
}

interface Entry {
  /** Settles when it is there. */
  readonly ready: Promise<void>
  isReady: boolean
  holders: number
}

/** A set of `size`, filled by `bring` and emptied by `remove`, one call of either at a time for a key. */
export function createWarmSet(
  {
    bring,
    remove
  }: {
    readonly bring: (key: string) => Promise<void>
    readonly remove: (key: string) => Promise<void>
  },
  { size }: { readonly size: number }
): WarmSet {
  /** The first used the longest ago. */
  const entries = new Map<string, Entry>()
  let freed = Promise.withResolvers<void>()
  /** One at a time makes room: two would take it for the same newcomer. */
  let making: Promise<unknown> = Promise.resolve()

  function tell(): void {
    freed.resolve()
    freed = Promise.withResolvers<void>()
  }

  async function makeRoom(): Promise<void> {
    while (entries.size >= size) {
      const [idle] = [...entries].find(([, { holders, isReady }]) => isReady && holders === 0) ?? []
      if (idle === undefined) {
        await freed.promise
        continue
      }
      const entry = entries.get(idle) as Entry
      // Nobody may take hold of it while it goes.
      entries.delete(idle)
      try {
        await remove(idle)
      } catch (error) {
        if (!entries.has(idle)) entries.set(idle, entry)
        throw error
      }
    }
  }

  function begin(key: string): Entry {
    const made = making.then(makeRoom)
    const entry: Entry = {
      isReady: false,
      holders: 0,
      ready: made.then(async () => {
        coming.delete(key)
        entries.set(key, entry)
        try {
          await bring(key)
          entry.isReady = true
        } catch (error) {
          entries.delete(key)
          tell()
          throw error
        }
      })
    }
    making = made.catch(() => {})
    entry.ready.catch(() => coming.delete(key))
    coming.set(key, entry)
    return entry
  }
  /** Those that wait for room. */
  const coming = new Map<string, Entry>()

  function release(entry: Entry): void {
    entry.holders -= 1
    if (entry.holders === 0) tell()
  }

  return {
    async hold(key, { signal }) {
      signal.throwIfAborted()
      const entry = entries.get(key) ?? coming.get(key) ?? begin(key)
      entry.holders += 1
      try {
        await raced(entry.ready, signal)
      } catch (error) {
        release(entry)
        throw error
      }
      if (entries.get(key) === entry) {
        entries.delete(key)
        entries.set(key, entry)
      }
      let isHeld = true
      return {
        release() {
          if (isHeld) release(entry)
          isHeld = false
        }
      }
    },
    forget(key) {
      if (entries.get(key)?.isReady === true) entries.delete(key)
      tell()
    },
    get keys() {
      return [...entries].flatMap(([key, { isReady }]) => (isReady ? [key] : [])).reverse()
    }
  }
}

/** `promise`, unless `signal` aborts first; what is being brought in comes for the others all the same. */
async function raced(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const left = Promise.withResolvers<never>()
  const leave = () => left.reject(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  left.promise.catch(() => {})
  try {
    await Promise.race([promise, left.promise])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
