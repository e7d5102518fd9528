import type { Terms } from '../../protocol/channel/terms.ts'
import { decodeVoucher } from '../../protocol/channel/voucher.ts'
import type { ClaimRow } from '../chain/escrow.ts'

/** What the escrow is shown to end a channel by: its last voucher, or that there was none. */
export function closingRow(terms: Terms, voucher: Uint8Array | undefined): ClaimRow {
  if (voucher !== undefined) return { terms, ...decodeVoucher(voucher) }
  const receiptsRoot = `0x${'0'.repeat(64)}`
  const signature = new Uint8Array(64)
  return { terms, cumulativeWei: 0n, royaltyWei: 0n, receipts: 0, receiptsRoot, signature }
}
