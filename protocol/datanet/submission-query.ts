import { z } from 'zod'
import { cidOf, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type AccountSigner, type TypedStruct, verifyTypedData } from '../base/typed-data.ts'
import { RECORDS_DOMAIN } from './manifest.ts'

/** What an account signs to be told where its contributions stand. specs/04-datanet.md §Standing */
export const SUBMISSION_QUERY: TypedStruct = {
  name: 'SubmissionQuery',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'account', type: 'address' },
    { name: 'query', type: 'bytes32' }
  ]
}

/** The wire form of a question for where contributions stand. specs/04-datanet.md §Standing */
export const submissionQuerySchema = z.strictObject({
  version: z.literal(1),
  datanet: field.cid,
  account: field.address,
  /** One contribution; all of the account's unless given. */
  contribution: field.cid.optional(),
  /** Those of a greater order only. */
  after: field.count,
  askedAtMs: field.atMs
})

const signedSchema = z.strictObject({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  signature: field.bytes(64)
})

export type SubmissionQuery = z.output<typeof submissionQuerySchema>

/** Signed bytes of `query`. Refuses another account's signer (SIGNER_UNEXPECTED). */
export async function signSubmissionQuery(
  query: SubmissionQuery,
  signer: AccountSigner
): Promise<Uint8Array> {
  if (signer.address !== query.account) {
    throw new DatanetError('SIGNER_UNEXPECTED', { account: query.account })
  }
  const body = encodeRecord(submissionQuerySchema, query)
  const signature = await signer.signTypedData(
    RECORDS_DOMAIN,
    SUBMISSION_QUERY,
    typedValue(query, body)
  )
  return encodeRecord(signedSchema, { body, signature })
}

/**
 * The query in signed bytes. Refuses malformed records, a signature that is not by its account
 * (SIGNATURE_INVALID), and one asked more than `clockSkewMs` ago (RECORD_EXPIRED) or ahead
 * (RECORD_FROM_FUTURE): nobody asks again with another's words.
 */
export function verifySubmissionQuery(bytes: Uint8Array, nowMs: number): SubmissionQuery {
  const { body, signature } = decodeRecord(signedSchema, bytes)
  const query = decodeRecord(submissionQuerySchema, body)
  const value = typedValue(query, body)
  verifyTypedData(RECORDS_DOMAIN, SUBMISSION_QUERY, value, signature, query.account)
  const { askedAtMs } = query
  if (askedAtMs > nowMs + LIMITS.clockSkewMs) {
    throw new DatanetError('RECORD_FROM_FUTURE', { askedAtMs, nowMs })
  }
  if (askedAtMs < nowMs - LIMITS.clockSkewMs) {
    throw new DatanetError('RECORD_EXPIRED', { askedAtMs, nowMs })
  }
  return query
}

function typedValue(query: SubmissionQuery, body: Uint8Array): Record<string, unknown> {
  const { datanet, account } = query
  return { datanet: digestOf(datanet), account, query: digestOf(cidOf(body)) }
}
