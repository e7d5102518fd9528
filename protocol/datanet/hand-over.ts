import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type TypedStruct, verifyTypedData } from '../base/typed-data.ts'
import { RECORDS_DOMAIN } from './manifest.ts'

/** What both keys sign, in the domain of records: whole, so that a wallet shows all of it. */
export const HAND_OVER: TypedStruct = {
  name: 'HandOver',
  fields: [
    { name: 'oldAccount', type: 'address' },
    { name: 'newAccount', type: 'address' },
    { name: 'seq', type: 'uint64' }
  ]
}

/** The wire form of a hand-over. specs/04-datanet.md §Hand-over */
export const handOverSchema = z
  .strictObject({
    version: z.literal(1),
    oldAccount: field.address,
    newAccount: field.address,
    /** When it was issued, unix ms. */
    seq: field.atMs
  })
  .refine((h) => h.oldAccount !== h.newAccount, 'an account cannot be handed over to itself')

const signedSchema = z.strictObject({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  oldSignature: field.bytes(64),
  newSignature: field.bytes(64)
})

export type HandOver = z.output<typeof handOverSchema>

/** A hand-over with the CID it has and the signed bytes that are stored and forwarded. */
export interface SignedHandOver {
  readonly handOver: HandOver
  readonly cid: CID
  readonly bytes: Uint8Array
}

/**
 * `handOver` with the signatures of both its accounts over `HAND_OVER`. Refuses a record outside the
 * schema (RECORD_MALFORMED) and signatures by others (SIGNATURE_INVALID). specs/04-datanet.md §Hand-over
 */
export function sealHandOver(
  handOver: HandOver,
  signatures: { readonly oldSignature: Uint8Array; readonly newSignature: Uint8Array }
): SignedHandOver {
  const body = encodeRecord(handOverSchema, handOver)
  const { oldSignature, newSignature } = signatures
  verifyTypedData(RECORDS_DOMAIN, HAND_OVER, handOver, oldSignature, handOver.oldAccount)
  verifyTypedData(RECORDS_DOMAIN, HAND_OVER, handOver, newSignature, handOver.newAccount)
  const bytes = encodeRecord(signedSchema, { body, oldSignature, newSignature })
  return { handOver, cid: cidOf(body), bytes }
}

/**
 * The hand-over in signed bytes. Refuses malformed records, a signature that is not by its account
 * (SIGNATURE_INVALID) and a date ahead of the clock (RECORD_FROM_FUTURE).
 */
export function verifyHandOver(bytes: Uint8Array, nowMs: number): SignedHandOver {
  const { body, oldSignature, newSignature } = decodeRecord(signedSchema, bytes)
  const handOver = decodeRecord(handOverSchema, body)
  verifyTypedData(RECORDS_DOMAIN, HAND_OVER, handOver, oldSignature, handOver.oldAccount)
  verifyTypedData(RECORDS_DOMAIN, HAND_OVER, handOver, newSignature, handOver.newAccount)
  if (handOver.seq > nowMs + LIMITS.clockSkewMs) {
    throw new DatanetError('RECORD_FROM_FUTURE', { seq: handOver.seq, nowMs })
  }
  return { handOver, cid: cidOf(body), bytes }
}

/**
 * Who is credited for what an account contributed: the last of the accounts it was handed on to, or
 * itself. Refuses an account that is handed over twice, a circle, and more in a row than
 * `handOverChain` (HAND_OVER_REFUSED). specs/04-datanet.md §Hand-over
 */
export function ownersAfter(
  handOvers: readonly Pick<HandOver, 'oldAccount' | 'newAccount'>[]
): (account: string) => string {
  const next = new Map<string, string>()
  for (const { oldAccount, newAccount } of handOvers) {
    if (next.has(oldAccount)) refuse(oldAccount, 'it was handed over before')
    next.set(oldAccount, newAccount)
  }
  const ownerOf = (account: string) => {
    let owner = account
    for (let steps = 0; ; steps += 1) {
      const after = next.get(owner)
      if (after === undefined) return owner
      if (steps === LIMITS.handOverChain) refuse(account, 'a circle, or too many in a row')
      owner = after
    }
  }
  for (const account of next.keys()) ownerOf(account)
  return ownerOf
}

function refuse(account: string, reason: string): never {
  throw new DatanetError('HAND_OVER_REFUSED', { account, reason }, { hint: reason })
}
