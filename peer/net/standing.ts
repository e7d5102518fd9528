import { LIMITS } from '../../protocol/base/limits.ts'

/** How peers behaved towards this one: who sends what no honest peer sends is heard no more for a while. */
export interface Standing {
  /** Counts one such thing of `peer`; at the limit it is barred, and its connections are dropped. */
  strike(peer: string): void
  /** Whether `peer` is not let in at the moment. */
  isBarred(peer: string): boolean
}

/** What a standing needs. */
export interface StandingInit {
  readonly now: () => number
  /** Ends every connection with `peer`. */
  readonly drop: (peer: string) => void
  /** Strikes that bar a peer; LIMITS.junkVouchers unless given. */
  readonly strikes?: number
}

interface Score {
  readonly strikes: number
  readonly untilMs: number
}

/** Peers remembered; with more, who struck the longest ago is forgotten. */
const MAX_PEERS = 10_000

/**
 * The standing of peers, in memory. Strikes are forgotten `junkMs` after the last one, and that is also
 * how long a peer stays barred. specs/07-channel.md §Junk
 */
export function createStanding(init: StandingInit): Standing {
  const { now, drop, strikes: limit = LIMITS.junkVouchers } = init
  const scores = new Map<string, Score>()

  function scoreOf(peer: string): Score | undefined {
    const score = scores.get(peer)
    if (score === undefined || score.untilMs > now()) return score
    scores.delete(peer)
    return undefined
  }

  return {
    strike(peer) {
      const strikes = (scoreOf(peer)?.strikes ?? 0) + 1
      // Taken out and put in again: Map keeps the order, and the first is the oldest.
      scores.delete(peer)
      scores.set(peer, { strikes, untilMs: now() + LIMITS.junkMs })
      const oldest = scores.keys().next()
      if (scores.size > MAX_PEERS && oldest.done !== true) scores.delete(oldest.value)
      if (strikes >= limit) drop(peer)
    },
    isBarred: (peer) => (scoreOf(peer)?.strikes ?? 0) >= limit
  }
}
