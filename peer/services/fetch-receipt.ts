import { cidOf } from '../../protocol/base/codec.ts'
import { decodeReceipt } from '../../protocol/receipt/receipt.ts'
import type { Publications } from './publications.ts'

/** How long a broken call's receipt is asked for before the call is left as it is. */
const RECOVER_MS = 2_000

/**
 * The bytes of the receipt that `provider` shows of a call, not verified. Refuses what fetching a
 * document refuses (DOCUMENT_UNKNOWN, PEER_UNREACHABLE, RECORD_MALFORMED…). specs/05-network.md §Names
 */
export function fetchReceipt(
  publications: Pick<Publications, 'fetch'>,
  provider: string,
  callId: string
): Promise<Uint8Array> {
  return publications.fetch(
    provider,
    { issuer: provider, kind: 'receipt', id: callId },
    async (value) => {
      const { receipt, body } = decodeReceipt(value)
      return { seq: receipt.finishedAtMs, cid: cidOf(body), value }
    },
    { signal: AbortSignal.timeout(RECOVER_MS) }
  )
}
