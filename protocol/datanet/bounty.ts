import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type AccountSigner, type TypedStruct, verifyTypedData } from '../base/typed-data.ts'
import { bountyConsentDigest } from './bounty-consent.ts'
import { RECORDS_DOMAIN } from './manifest.ts'

/** What a person's wallet shows when they ask a question in public. specs/04-datanet.md §Bounty */
export const BOUNTY: TypedStruct = {
  name: 'Bounty',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'question', type: 'string' },
    { name: 'bounty', type: 'bytes32' }
  ]
}

/** The wire form of a bounty. specs/04-datanet.md §Bounty */
export const bountySchema = z.strictObject({
  version: z.literal(1),
  datanet: field.cid,
  question: field.text(LIMITS.questionBytes),
  language: z
    .string()
    .max(LIMITS.labelBytes)
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'no language tag'),
  /** In which an answer is wanted. */
  schemas: z.array(field.label).min(1).max(LIMITS.labels),
  /** What is to be locked before it is listed, and where; absent: nothing is promised. */
  budget: z
    .strictObject({
      chainId: z.int().min(1),
      escrow: field.address,
      token: field.address,
      amountWei: field.wei
    })
    .optional(),
  /** The model that did not answer it, where one was asked. */
  abstained: field.cid.optional(),
  requester: field.address,
  consent: z.strictObject({ digest: field.bytes(32), atMs: field.atMs }),
  /** Random: the question's commitment on chain does not give it away. */
  salt: field.bytes(16),
  createdAtMs: field.atMs,
  /** A whole second: the chain counts in them. */
  expiresAtMs: field.atMs.multipleOf(1_000)
})

const signedSchema = z.strictObject({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  signature: field.bytes(64)
})

export type Bounty = z.output<typeof bountySchema>

/** A bounty with its CID and the signed bytes that are stored and forwarded. */
export interface SignedBounty {
  readonly bounty: Bounty
  readonly cid: CID
  readonly bytes: Uint8Array
}

/**
 * `bounty` signed by its requester. Refuses another account's signer (SIGNER_UNEXPECTED), and what
 * verifyBounty refuses of its dates. specs/04-datanet.md §Bounty
 */
export async function signBounty(bounty: Bounty, signer: AccountSigner): Promise<SignedBounty> {
  if (signer.address !== bounty.requester) {
    throw new DatanetError('SIGNER_UNEXPECTED', { requester: bounty.requester })
  }
  const body = encodeRecord(bountySchema, bounty)
  const cid = cidOf(body)
  const signature = await signer.signTypedData(RECORDS_DOMAIN, BOUNTY, typedValue(bounty, cid))
  const bytes = encodeRecord(signedSchema, { body, signature })
  refuseUnfit(bounty, bounty.createdAtMs)
  return { bounty, cid, bytes }
}

/**
 * The bounty in signed bytes. Refuses malformed records, a signature that is not by the requester
 * (SIGNATURE_INVALID), consent to other words and a life longer than `bountyLifeMs` (BOUNTY_REFUSED),
 * and a date ahead of the clock (RECORD_FROM_FUTURE). One that has expired is no less genuine.
 */
export function verifyBounty(bytes: Uint8Array, nowMs: number): SignedBounty {
  const { body, signature } = decodeRecord(signedSchema, bytes)
  const bounty = decodeRecord(bountySchema, body)
  const cid = cidOf(body)
  verifyTypedData(RECORDS_DOMAIN, BOUNTY, typedValue(bounty, cid), signature, bounty.requester)
  refuseUnfit(bounty, nowMs)
  return { bounty, cid, bytes }
}

function refuseUnfit(bounty: Bounty, nowMs: number): void {
  const { consent, createdAtMs, expiresAtMs } = bounty
  const refuse = (reason: string) => {
    throw new DatanetError('BOUNTY_REFUSED', { reason }, { hint: reason })
  }
  if (Buffer.compare(consent.digest, bountyConsentDigest()) !== 0) {
    refuse('its requester agreed to other words')
  }
  if (expiresAtMs <= createdAtMs) refuse('it expires before it was made')
  if (expiresAtMs - createdAtMs > LIMITS.bountyLifeMs) refuse('it would stand too long')
  if (createdAtMs > nowMs + LIMITS.clockSkewMs) {
    throw new DatanetError('RECORD_FROM_FUTURE', { createdAtMs, nowMs })
  }
}

function typedValue(bounty: Bounty, cid: CID): Record<string, unknown> {
  return {
    datanet: digestOf(bounty.datanet),
    question: bounty.question,
    bounty: digestOf(cid)
  }
}
