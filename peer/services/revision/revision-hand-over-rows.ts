import { DatanetError } from '../../../protocol/base/errors.ts'
import { type SignedHandOver, verifyHandOver } from '../../../protocol/datanet/hand-over.ts'
import { parseLine, signedIn } from './revision-rows.ts'

/** Where a revision's hand-overs lie, when it has any. specs/04-datanet.md §Hand-over */
export const HAND_OVERS_PATH = 'data/hand-overs.jsonl'

/**
 * The hand-over in one row. Refuses a row whose readable columns differ from its signed record
 * (REVISION_INVALID) and everything verifyHandOver refuses.
 */
export function parseHandOverRow(bytes: Uint8Array, nowMs: number): SignedHandOver {
  const signed = verifyHandOver(signedIn(parseLine(bytes)), nowMs)
  refuseOther(handOverRow(signed), bytes, `${signed.cid}`)
  return signed
}

function refuseOther(made: Uint8Array, bytes: Uint8Array, cid: string): void {
  if (Buffer.compare(made, bytes) === 0) return
  throw new DatanetError('REVISION_INVALID', { cid, reason: 'columns differ' })
}

/** The line of one hand-over. */
export function handOverRow({ handOver, bytes }: SignedHandOver): Uint8Array {
  const { oldAccount, newAccount, seq } = handOver
  return line({ oldAccount, newAccount, seq, signed: Buffer.from(bytes).toString('base64') })
}

function line(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`)
}
