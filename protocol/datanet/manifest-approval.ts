import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { encodeRecord, field } from '../base/schema.ts'
import type { TypedStruct } from '../base/typed-data.ts'

/** What a curator signs to put a manifest in force. specs/04-datanet.md §Manifest */
export const MANIFEST_APPROVAL: TypedStruct = {
  name: 'ManifestApproval',
  fields: [
    { name: 'manifest', type: 'bytes32' },
    { name: 'seq', type: 'uint64' }
  ]
}

/** The wire form of a wrapped manifest: its bytes and who approved them. */
export const wrappedManifestSchema = z.strictObject({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  approvals: z.array(field.bytes(64)).min(1).max(LIMITS.curators)
})

/** The wrapped form of the manifest `body` under `approvals`; whether these suffice is for readers. */
export function sealManifest(body: Uint8Array, approvals: readonly Uint8Array[]): Uint8Array {
  return encodeRecord(wrappedManifestSchema, { body, approvals: [...approvals] })
}
