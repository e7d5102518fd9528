import { isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import type { Parts } from '../parts.ts'
import type { Rewards } from './rewards.ts'

/** Posts drops again that were vetoed or refuted, once they are others. */
export interface Reposts {
  run(): void
  stop(): Promise<void>
}

/** Between tries for one veto: curators who veto each drop must not cost its operator gas for ever. */
const REPOST_MS = 3_600_000

/**
 * Reposts by what `watcher` sees: at once after a veto, and later with what was claimed since. A drop
 * that would be the same again waits for its operator (`rewards.post`). specs/09-reward.md §Veto
 */
export function createReposts(
  parts: Pick<Parts, 'log' | 'now'> & { readonly watcher: Pick<ChainWatcher, 'onChange'> },
  rewards: Pick<Rewards, 'vetoed' | 'repost'>
): Reposts {
  const { watcher, log, now } = parts
  const stopping = new AbortController()
  const triedAtMs = new Map<string, number>()
  let running: Promise<void> | undefined
  let unlisten = () => {}

  async function repost(): Promise<void> {
    const { signal } = stopping
    try {
      const posted = await rewards.repost({ signal })
      for (const { pool, drop } of posted) log('drop', { pool, drop, again: true })
    } catch (error) {
      if (isAbort(error)) return
      log('drop', { again: false, code: isDatanetError(error) ? error.code : 'INTERNAL' })
    }
  }

  function tryAgain(): void {
    if (running !== undefined) return
    const due = rewards
      .vetoed()
      .filter((drop) => now() - (triedAtMs.get(drop) ?? Number.NEGATIVE_INFINITY) >= REPOST_MS)
    if (due.length === 0) return
    for (const drop of due) triedAtMs.set(drop, now())
    running = repost().finally(() => {
      running = undefined
    })
  }

  return {
    run() {
      unlisten = watcher.onChange(tryAgain)
    },
    async stop() {
      unlisten()
      stopping.abort()
      await running
    }
  }
}
