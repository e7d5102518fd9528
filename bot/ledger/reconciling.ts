import type { PeerApi } from '../../peer/api/peer-api.ts'
import type { Clock } from '../clock.ts'
import { codeOf, type Log } from '../log.ts'
import type { Spending } from './spending.ts'

const EVERY_MS = 60_000
/** Longer than any question runs. */
const OPEN_MS = 15 * 60_000
/** A receipt that does not come in a day does not come: what was set aside goes back. */
const GIVE_UP_MS = 24 * 3_600_000

/** Settles, by their receipts, the questions that nobody settled; until it is stopped. */
export function startReconciling(
  { api, clock, log }: { readonly api: PeerApi; readonly clock: Clock; readonly log: Log },
  spending: Spending
): { stop(): void } {
  let isStopped = false
  let forget = () => {}

  async function reconcile(): Promise<void> {
    for (const { id, callId, atMs } of spending.open(OPEN_MS)) {
      const receipt =
        callId === undefined ? undefined : await api.receipts.show(callId).catch(() => undefined)
      const isOver = callId === undefined || clock.now() - atMs > GIVE_UP_MS
      if (receipt !== undefined) spending.settle(id, receipt.priceWei)
      else if (isOver) spending.settle(id, 0n)
    }
  }

  function tick(): void {
    forget = clock.after(EVERY_MS, () => {
      reconcile()
        .catch((error) => log('reconcile', { code: codeOf(error) }))
        .finally(() => {
          if (!isStopped) tick()
        })
    })
  }
  tick()
  return {
    stop() {
      isStopped = true
      forget()
    }
  }
}
