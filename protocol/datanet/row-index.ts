import type { CID } from 'multiformats/cid'
import { cidFromDigest, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'

/** What stays known of a row for ever, also after it was withdrawn. */
export interface IndexedRow {
  readonly contribution: CID
  /** The account that contributed it, lowercase 0x. */
  readonly contributor: string
}

const DIGEST_BYTES = 32
const ROW_BYTES = DIGEST_BYTES + 20

/** The row index of a revision: digest and contributor of each row in order. specs/04-datanet.md §Row index */
export function encodeRowIndex(rows: readonly IndexedRow[]): Uint8Array {
  const bytes = new Uint8Array(rows.length * ROW_BYTES)
  const accounts = new Map<string, Uint8Array>()
  for (const [row, { contribution, contributor }] of rows.entries()) {
    const account = accounts.get(contributor) ?? Buffer.from(contributor.slice(2), 'hex')
    accounts.set(contributor, account)
    bytes.set(digestOf(contribution), row * ROW_BYTES)
    bytes.set(account, row * ROW_BYTES + DIGEST_BYTES)
  }
  return bytes
}

/** The rows in `bytes`. Refuses a length that is not that of whole rows (REVISION_INVALID). */
export function decodeRowIndex(bytes: Uint8Array): IndexedRow[] {
  if (bytes.byteLength === 0 || bytes.byteLength % ROW_BYTES !== 0) {
    const reason = 'the row index is not of whole rows'
    throw new DatanetError('REVISION_INVALID', { reason, bytes: bytes.byteLength })
  }
  return Array.from({ length: bytes.byteLength / ROW_BYTES }, (_, row) => {
    const at = row * ROW_BYTES
    const contributor = Buffer.from(bytes.subarray(at + DIGEST_BYTES, at + ROW_BYTES))
    return {
      contribution: cidFromDigest(bytes.slice(at, at + DIGEST_BYTES)),
      contributor: `0x${contributor.toString('hex')}`
    }
  })
}

/** Who contributed `contribution`, by the row index in `bytes`; undefined when it is no row of it. */
export function contributorIn(bytes: Uint8Array, contribution: CID): string | undefined {
  const digest = digestOf(contribution)
  for (let at = 0; at + ROW_BYTES <= bytes.byteLength; at += ROW_BYTES) {
    if (Buffer.compare(bytes.subarray(at, at + DIGEST_BYTES), digest) !== 0) continue
    return `0x${Buffer.from(bytes.subarray(at + DIGEST_BYTES, at + ROW_BYTES)).toString('hex')}`
  }
  return undefined
}
