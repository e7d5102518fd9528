import type { ErrorCode } from '../../protocol/base/errors.ts'
import type { PeerHealth } from '../api/peer-api.ts'
import type { ChainWatcher } from '../chain/watch.ts'
import type { ClaimStore } from '../store/claims.ts'
import type { Claimer } from './channel/claimer.ts'

/** Whether a peer's money is safe where it is: told by what is on disk, not by who should move it. */
export interface Health {
  now(): PeerHealth
  /** Looks by itself from now on, so that what lasts is known to last; `stop` ends that. */
  run(): void
  stop(): void
}

/** When a peer is no longer well; each with its reason. */
export const HEALTH = {
  /** A chain that was not read for so long: withdrawals go unseen. Less where delays are short. */
  behindMs: 120_000,
  /** A newest block as old as this: the chain, or the endpoint, stands still. */
  oldBlockMs: 900_000,
  /** What is due becomes final within two of these, or something is broken. */
  intervalMs: 600_000,
  /** However short the delays: a block and a moment for the machine. */
  leastMs: 5_000
} as const

/** Health of one peer with a chain. specs/10-api.md §Health and figures */
export function createHealth(parts: {
  readonly watcher: Pick<ChainWatcher, 'state'>
  readonly claimer: Pick<Claimer, 'atStake' | 'mostMs'>
  readonly claimStore: Pick<ClaimStore, 'lastFinalAtMs' | 'counts'>
  readonly now: () => number
}): Health {
  const { watcher, claimer, claimStore, now } = parts
  const startedAtMs = now()
  let dueFromMs: number | undefined
  let timer: NodeJS.Timeout | undefined

  const within = (ms: number, times: number) =>
    Math.max(HEALTH.leastMs, Math.min(ms, claimer.mostMs() * times))

  function chainReason(): { code: ErrorCode; text: string } | undefined {
    const { seenAtMs, code, block, headBlock } = watcher.state
    const silentMs = now() - Math.max(seenAtMs, startedAtMs)
    if (silentMs > within(HEALTH.behindMs, 2)) {
      const text =
        seenAtMs === 0
          ? `read up to block ${block?.number ?? 0} of ${headBlock ?? 'an unknown number'}`
          : `not read for ${seconds(silentMs)}`
      return { code: code ?? 'CHAIN_BEHIND', text }
    }
    const ageMs = block === undefined || block.timeMs === 0 ? 0 : now() - block.timeMs
    if (ageMs <= HEALTH.oldBlockMs) return undefined
    return { code: 'CHAIN_BEHIND', text: `the newest confirmed block is ${seconds(ageMs)} old` }
  }

  function look(): PeerHealth {
    const { unclaimedWei, isDue } = claimer.atStake()
    if (!isDue) dueFromMs = undefined
    else dueFromMs ??= now()
    const reasons: { code: ErrorCode; text: string }[] = []
    const chain = chainReason()
    if (chain !== undefined) reasons.push(chain)
    const stillMs = now() - Math.max(dueFromMs ?? now(), claimStore.lastFinalAtMs() ?? 0)
    if (stillMs >= 2 * within(HEALTH.intervalMs, 1)) {
      const text = `${unclaimedWei} wei are due, and no claim became final for ${seconds(stillMs)}`
      reasons.push({ code: 'CLAIM_STUCK', text })
    }
    const { block, seenAtMs } = watcher.state
    const { built = 0, sent = 0, included = 0, final = 0 } = claimStore.counts()
    return {
      isWell: reasons.length === 0,
      reasons,
      ...(block === undefined ? {} : { watchedBlock: block.number }),
      ...(seenAtMs === 0 ? {} : { watchedAtMs: seenAtMs }),
      unclaimedWei,
      claims: { underWay: built + sent + included, final }
    }
  }

  return {
    now: look,
    run() {
      const again = () => {
        timer = setTimeout(() => {
          look()
          again()
        }, within(HEALTH.intervalMs, 1) / 4)
        timer.unref()
      }
      look()
      again()
    },
    stop() {
      clearTimeout(timer)
    }
  }
}

function seconds(ms: number): string {
  return ms > 7_200_000 ? `${Math.round(ms / 3_600_000)} hours` : `${Math.round(ms / 1_000)} s`
}
