/** Which interactions were taken already: Discord may deliver one twice. */
export interface Claims {
  /** True the first time that `id` is asked for. */
  take(id: string): boolean
}

/** Claims in memory, the newest `max`: an interaction can be answered for 15 minutes at most. */
export function createClaims(max = 10_000): Claims {
  const taken = new Set<string>()
  return {
    take(id) {
      if (taken.has(id)) return false
      taken.add(id)
      if (taken.size > max) {
        const [oldest] = taken
        taken.delete(oldest as string)
      }
      return true
    }
  }
}
