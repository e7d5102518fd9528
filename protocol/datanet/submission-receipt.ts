import type { PrivateKey } from '@libp2p/interface'
import { z } from 'zod'
import { openEnvelope, sealEnvelope } from '../base/envelope.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'

/** The wire form of a host's word that it took a contribution in. specs/04-datanet.md §Submission receipt */
export const submissionReceiptSchema = z.strictObject({
  version: z.literal(1),
  datanet: field.cid,
  contribution: field.cid,
  /** Its number among all that the Datanet ever took in. */
  order: z.int().min(1),
  /** The first contribution that it is a near-duplicate of. */
  cluster: field.cid.optional(),
  takenAtMs: field.atMs
})

export type SubmissionReceipt = z.output<typeof submissionReceiptSchema>

const DOMAIN = 'datanet/submission/1'

/** `receipt` sealed by its intake host. */
export function sealSubmission(receipt: SubmissionReceipt, key: PrivateKey): Promise<Uint8Array> {
  return sealEnvelope(DOMAIN, encodeRecord(submissionReceiptSchema, receipt), key)
}

/**
 * The receipt in sealed bytes and the peer whose word it is. Refuses what openEnvelope refuses and a
 * record outside the schema (RECORD_MALFORMED).
 */
export async function openSubmission(
  sealed: Uint8Array
): Promise<{ receipt: SubmissionReceipt; host: string }> {
  const { payload, signer } = await openEnvelope(DOMAIN, sealed)
  return { receipt: decodeRecord(submissionReceiptSchema, payload), host: signer.toString() }
}
