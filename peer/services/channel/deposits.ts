import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import type { ChainWatcher, WatchState } from '../../chain/watch.ts'
import type { WatchedChannel } from '../../chain/watched.ts'

/** Deposits as confirmed blocks say them; a call costs no question to the chain. */
export interface Deposits {
  /**
   * The channel as it was confirmed no longer than `maxAgeMs` ago; zeros when nobody funded it. Asks
   * the chain only where what was watched is older, and refuses CHAIN_UNREACHABLE and CHAIN_BEHIND
   * when that cannot be done in time.
   */
  at(channelId: string, maxAgeMs: number): Promise<WatchedChannel>
}

/** How long a caller waits for the chain to be read on. */
const LOOK_MS = 8_000
const NOTHING: WatchedChannel = { depositWei: 0n, claimedWei: 0n, royaltyWei: 0n }

/** Deposits by what `watcher` saw. specs/07-channel.md §Opening */
export function createDeposits(
  watcher: Pick<ChainWatcher, 'state' | 'read' | 'catchUp'>,
  now: () => number
): Deposits {
  async function lookOn(): Promise<void> {
    const late = AbortSignal.timeout(LOOK_MS)
    try {
      await watcher.catchUp({ signal: late })
    } catch (error) {
      if (isDatanetError(error) || !late.aborted) throw error
      const hint = 'the chain is still being read; try again in a while'
      throw new DatanetError('CHAIN_BEHIND', {}, { cause: error, hint })
    }
  }

  /** What was read since the watcher last read on. */
  const known = new Map<string, WatchedChannel>()
  let asOf: WatchState['block']

  return {
    async at(channelId, maxAgeMs) {
      if (now() - watcher.state.seenAtMs > maxAgeMs) await lookOn()
      const { block } = watcher.state
      if (block !== asOf) known.clear()
      asOf = block
      const state = known.get(channelId) ?? watcher.read('channel', channelId) ?? NOTHING
      known.set(channelId, state)
      return state
    }
  }
}
