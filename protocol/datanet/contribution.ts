import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf, digestOf, sha256 } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type AccountSigner, type TypedStruct, verifyTypedData } from '../base/typed-data.ts'
import { type Manifest, RECORDS_DOMAIN } from './manifest.ts'

/** What a person's wallet shows when it signs a contribution. specs/04-datanet.md §Contribution */
export const CONTRIBUTION: TypedStruct = {
  name: 'Contribution',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'contribution', type: 'bytes32' },
    { name: 'licence', type: 'string' },
    { name: 'origin', type: 'string' }
  ]
}

/** The wire form of a contribution. specs/04-datanet.md §Contribution */
export const contributionSchema = z.strictObject({
  version: z.literal(1),
  datanet: field.cid,
  schema: z.literal('text/1'),
  title: field.label,
  text: field.text(LIMITS.contributionTextBytes),
  language: field.label,
  /** An SPDX licence expression, `LicenseRef-…` included. */
  licence: field.label,
  /** Who made the work, in their own words, where the licence asks for it to be named. */
  author: field.label.optional(),
  sourceUrl: z.url().max(2_048).optional(),
  /** How it was given: by the person's own key, typed into a form, or taken from a message. */
  origin: z.enum(['direct', 'interaction', 'message']),
  contributor: field.address,
  consent: z.strictObject({ digest: field.bytes(32), atMs: field.atMs }),
  /** Random, so that the id reveals nothing about a text once it is withdrawn. */
  salt: field.bytes(16),
  createdAtMs: field.atMs
})

const signedSchema = z.strictObject({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  signature: field.bytes(64)
})

export type Contribution = z.output<typeof contributionSchema>

/** A contribution with its id and the signed bytes that are stored and forwarded. */
export interface SignedContribution {
  readonly contribution: Contribution
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** The digest of a manifest's consent words, which every contribution repeats. */
export function consentDigest(manifest: Manifest): Uint8Array {
  return sha256(new TextEncoder().encode(manifest.consent))
}

/** `contribution` signed by its contributor. Refuses another account's signer (SIGNER_UNEXPECTED). */
export async function signContribution(
  contribution: Contribution,
  signer: AccountSigner
): Promise<SignedContribution> {
  if (signer.address !== contribution.contributor) {
    throw new DatanetError('SIGNER_UNEXPECTED', { contributor: contribution.contributor })
  }
  const body = encodeRecord(contributionSchema, contribution)
  const cid = cidOf(body)
  const value = typedValue(contribution, cid)
  const signature = await signer.signTypedData(RECORDS_DOMAIN, CONTRIBUTION, value)
  return { contribution, cid, bytes: encodeRecord(signedSchema, { body, signature }) }
}

/**
 * The contribution in signed bytes. Refuses malformed records and a signature that is not by the
 * contributor (SIGNATURE_INVALID).
 */
export function verifyContribution(bytes: Uint8Array): SignedContribution {
  const { body, signature } = decodeRecord(signedSchema, bytes)
  const contribution = decodeRecord(contributionSchema, body)
  const cid = cidOf(body)
  const value = typedValue(contribution, cid)
  verifyTypedData(RECORDS_DOMAIN, CONTRIBUTION, value, signature, contribution.contributor)
  return { contribution, cid, bytes }
}

/**
 * Refuses a contribution that its Datanet does not take: another Datanet or schema, other consent
 * words, a date ahead of the clock (CONTRIBUTION_INVALID) or a licence not listed (LICENCE_REFUSED).
 */
export function admitContribution(
  signed: SignedContribution,
  datanet: CID,
  manifest: Manifest,
  nowMs: number
): void {
  const { contribution } = signed
  const refuse = (reason: string) => {
    throw new DatanetError(
      'CONTRIBUTION_INVALID',
      { cid: `${signed.cid}`, reason },
      { hint: reason }
    )
  }
  if (!contribution.datanet.equals(datanet)) refuse('it names another Datanet')
  if (!manifest.schemas.includes(contribution.schema)) refuse('its schema is not taken here')
  if (!manifest.licences.includes(contribution.licence)) {
    throw new DatanetError('LICENCE_REFUSED', {
      licence: contribution.licence,
      accepted: manifest.licences
    })
  }
  if (Buffer.compare(contribution.consent.digest, consentDigest(manifest)) !== 0) {
    refuse('its consent is to other words than those of the manifest')
  }
  if (contribution.createdAtMs > nowMs + LIMITS.clockSkewMs) refuse('it is dated in the future')
}

function typedValue(contribution: Contribution, cid: CID): Record<string, unknown> {
  return {
    datanet: digestOf(contribution.datanet),
    contribution: digestOf(cid),
    licence: contribution.licence,
    origin: contribution.origin
  }
}
