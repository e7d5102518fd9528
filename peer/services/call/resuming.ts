import type { DatanetError, ErrorCode } from '../../../protocol/base/errors.ts'

/** What a provider says when its books of a channel differ from ours: it will say so again. */
export const DIFFERING: ReadonlySet<ErrorCode> = new Set([
  'CHANNEL_CLOSING',
  'RECEIPTS_BEHIND',
  'RECEIPT_UNKNOWN',
  'VOUCHER_INSUFFICIENT',
  'VOUCHER_ROYALTY_LOW',
  'VOUCHER_STALE'
])
/** Says that the stream broke, not what became of the call. */
export const BROKEN: ReadonlySet<ErrorCode> = new Set([
  'PEER_GONE',
  'PEER_SILENT',
  'PEER_UNREACHABLE'
])
/** What a provider says while it is coming up again. */
export const RESTARTING: ReadonlySet<ErrorCode> = new Set([
  'PEER_UNREACHABLE',
  'PROTOCOL_REFUSED',
  'PROVIDER_BUSY'
])
/** A call whose stream broke is asked for again after 100, 200, 400… ms: for long where nobody else is. */
export const RESUME_MS = { first: 100, alone: 5_000, elsewhere: 1_000 } as const

/** Whether asking the same provider again can mend it. */
export function isBroken({ code, details }: DatanetError, tries: number): boolean {
  if (details.remote === true) return tries > 0 && RESTARTING.has(code)
  // Who was not reached at all was not asked either: another is nearer.
  return tries > 0
    ? BROKEN.has(code) || RESTARTING.has(code)
    : BROKEN.has(code) && code !== 'PEER_UNREACHABLE'
}
