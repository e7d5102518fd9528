import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { recoverTypedData, type TypedStruct } from '../base/typed-data.ts'
import { RECORDS_DOMAIN } from './manifest.ts'

/** What a person's wallet shows when a contribution is withdrawn. specs/04-datanet.md §Withdrawal */
export const TOMBSTONE: TypedStruct = {
  name: 'Tombstone',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'contribution', type: 'bytes32' },
    { name: 'by', type: 'address' },
    { name: 'tombstone', type: 'bytes32' }
  ]
}

/** The wire form of a tombstone. specs/04-datanet.md §Withdrawal */
export const tombstoneSchema = z.strictObject({
  version: z.literal(1),
  datanet: field.cid,
  contribution: field.cid,
  /** Who withdraws: the contributor, an account it was handed over to, or a curator who takes it down. */
  by: field.address,
  /** Of a takedown: the manifest whose curators decide. */
  manifest: field.cid.optional(),
  reason: field.text(1_024).optional(),
  createdAtMs: field.atMs
})

const signedSchema = z.strictObject({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  signatures: z.array(field.bytes(64)).min(1).max(LIMITS.curators)
})

export type Tombstone = z.output<typeof tombstoneSchema>

/** A tombstone with its CID, who signed it, and the bytes that are stored and forwarded. */
export interface SignedTombstone {
  readonly tombstone: Tombstone
  readonly cid: CID
  readonly signers: ReadonlySet<string>
  readonly signatures: readonly Uint8Array[]
  readonly bytes: Uint8Array
}

/** The typed value that is signed for `tombstone`, in the domain of records. */
export function tombstoneValue(tombstone: Tombstone): Record<string, unknown> {
  return {
    datanet: digestOf(tombstone.datanet),
    contribution: digestOf(tombstone.contribution),
    by: tombstone.by,
    tombstone: digestOf(cidOf(encodeRecord(tombstoneSchema, tombstone)))
  }
}

/**
 * `tombstone` under `signatures`. Refuses what verifyTombstone refuses, but for the date.
 * specs/04-datanet.md §Withdrawal
 */
export function sealTombstone(
  tombstone: Tombstone,
  signatures: readonly Uint8Array[]
): SignedTombstone {
  const body = encodeRecord(tombstoneSchema, tombstone)
  const bytes = encodeRecord(signedSchema, { body, signatures: [...signatures] })
  return verifyTombstone(bytes, tombstone.createdAtMs)
}

/**
 * The tombstone in signed bytes. Refuses malformed records, a tombstone that `by` did not sign or,
 * unless it is a takedown, others did as well (SIGNATURE_INVALID), and a date ahead of the clock
 * (RECORD_FROM_FUTURE). Whether `by` may withdraw is for `authoriseTombstone`.
 */
export function verifyTombstone(bytes: Uint8Array, nowMs: number): SignedTombstone {
  const { body, signatures } = decodeRecord(signedSchema, bytes)
  const tombstone = decodeRecord(tombstoneSchema, body)
  const value = tombstoneValue(tombstone)
  const signers = new Set(
    signatures.map((signature) => recoverTypedData(RECORDS_DOMAIN, TOMBSTONE, value, signature))
  )
  const isOwn = tombstone.manifest === undefined
  if (!signers.has(tombstone.by) || (isOwn && signatures.length > 1)) {
    throw new DatanetError('SIGNATURE_INVALID', { struct: TOMBSTONE.name, account: tombstone.by })
  }
  if (tombstone.createdAtMs > nowMs + LIMITS.clockSkewMs) {
    throw new DatanetError('RECORD_FROM_FUTURE', { createdAtMs: tombstone.createdAtMs, nowMs })
  }
  return { tombstone, cid: cidOf(body), signers, signatures, bytes }
}
