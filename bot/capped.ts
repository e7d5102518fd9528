import { meteredAsk } from '../peer/api/metered-ask.ts'
import type { PeerApi } from '../peer/api/peer-api.ts'
import { createSpendingCap, type SpendingCapInit } from '../peer/api/spending-cap.ts'

/**
 * `api` with all its questions under one daily cap: in a community not who asks pays, but who runs the
 * bot. A question over it is refused before anything is paid (SPENDING_LIMIT). A remote peer needs
 * none: there the token has its own.
 */
export function cappedApi(api: PeerApi, init: SpendingCapInit): PeerApi {
  const cap = createSpendingCap(init)
  return {
    ...api,
    models: {
      ...api.models,
      async *ask(question, { signal = new AbortController().signal } = {}) {
        const reservation = cap.reserve({ leastWei: 0n })
        yield* meteredAsk(api, question, { reservation, signal })
      }
    }
  }
}
