import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type AccountSigner, type TypedStruct, verifyTypedData } from '../base/typed-data.ts'
import { RECORDS_DOMAIN } from './manifest.ts'

/** What a contributor signs to be heard by other curators. specs/04-datanet.md §Appeal */
const APPEAL: TypedStruct = {
  name: 'Appeal',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'contribution', type: 'bytes32' },
    { name: 'appeal', type: 'bytes32' }
  ]
}

/** The wire form of an appeal. specs/04-datanet.md §Appeal */
export const appealSchema = z.strictObject({
  version: z.literal(1),
  datanet: field.cid,
  contribution: field.cid,
  /** The contributor, or whom its account was handed on to. */
  account: field.address,
  /** What the curators should know. */
  text: field.text(1_024),
  createdAtMs: field.atMs
})

const signedSchema = z.strictObject({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  signature: field.bytes(64)
})

export type Appeal = z.output<typeof appealSchema>

/** An appeal with its CID and the signed bytes that are stored and forwarded. */
export interface SignedAppeal {
  readonly appeal: Appeal
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** `appeal` signed by its account. Refuses another account's signer (SIGNER_UNEXPECTED). */
export async function signAppeal(appeal: Appeal, signer: AccountSigner): Promise<SignedAppeal> {
  if (signer.address !== appeal.account) {
    throw new DatanetError('SIGNER_UNEXPECTED', { account: appeal.account })
  }
  const body = encodeRecord(appealSchema, appeal)
  const cid = cidOf(body)
  const signature = await signer.signTypedData(RECORDS_DOMAIN, APPEAL, typedValue(appeal, cid))
  return { appeal, cid, bytes: encodeRecord(signedSchema, { body, signature }) }
}

/** The appeal in signed bytes. Refuses malformed records and foreign signatures (SIGNATURE_INVALID). */
export function verifyAppeal(bytes: Uint8Array): SignedAppeal {
  const { body, signature } = decodeRecord(signedSchema, bytes, LIMITS.appealBytes)
  const appeal = decodeRecord(appealSchema, body)
  const cid = cidOf(body)
  verifyTypedData(RECORDS_DOMAIN, APPEAL, typedValue(appeal, cid), signature, appeal.account)
  return { appeal, cid, bytes }
}

function typedValue({ datanet, contribution }: Appeal, cid: CID): Record<string, unknown> {
  return {
    datanet: digestOf(datanet),
    contribution: digestOf(contribution),
    appeal: digestOf(cid)
  }
}
