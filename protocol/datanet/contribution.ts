import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf, digestOf, sha256 } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type AccountSigner, type TypedStruct, verifyTypedData } from '../base/typed-data.ts'
import { CONTENT, type SchemaId } from './content.ts'
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

const frame = {
  version: z.literal(1),
  datanet: field.cid
}

const particulars = {
  language: z
    .string()
    .max(LIMITS.labelBytes)
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'no language tag'),
  /** An SPDX licence expression, `LicenseRef-…` included. */
  licence: field.label,
  /** Who made the work, in their own words, where the licence asks for it to be named. */
  author: field.label.optional(),
  sourceUrl: z.url().max(2_048).optional(),
  tags: z.array(field.label).min(1).max(LIMITS.tags).optional(),
  /** The bounty that it is meant to fill. */
  bounty: field.cid.optional(),
  /** How it was given: by the person's own key, typed into a form, or taken from a message. */
  origin: z.enum(['direct', 'interaction', 'message']),
  contributor: field.address,
  consent: z.strictObject({
    digest: field.bytes(32),
    atMs: field.atMs,
    /** What the consent was given with, such as a form's own id. */
    interaction: field.label.optional()
  }),
  /** Random, so that the id reveals nothing about a text once it is withdrawn. */
  salt: field.bytes(16),
  createdAtMs: field.atMs
}

function of<S extends SchemaId>(schema: S) {
  const typed = { schema: z.literal(schema), content: CONTENT[schema] as (typeof CONTENT)[S] }
  return z.strictObject({ ...frame, ...typed, ...particulars })
}

/** The wire form of a contribution: its schema says what it holds. specs/04-datanet.md §Contribution */
export const contributionSchema = z.discriminatedUnion('schema', [
  of('text/1'),
  of('qa/1'),
  of('dialogue/1'),
  of('label/1'),
  of('correction/1'),
  of('preference/1'),
  of('file/1')
])

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

/**
 * `contribution` signed by its contributor. Refuses another account's signer (SIGNER_UNEXPECTED) and
 * one that says more than a record holds (RECORD_TOO_LARGE).
 */
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
  const bytes = encodeRecord(signedSchema, { body, signature })
  if (bytes.byteLength > LIMITS.recordBytes) {
    const hint = `together its texts may have ${LIMITS.recordBytes} bytes`
    throw new DatanetError('RECORD_TOO_LARGE', { bytes: bytes.byteLength }, { hint })
  }
  return { contribution, cid, bytes }
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
 * words, a date ahead of the clock (CONTRIBUTION_INVALID), a licence (LICENCE_REFUSED) or language
 * not listed (LANGUAGE_REFUSED), a file of another kind or size (FILE_REFUSED).
 */
export function admitContribution(
  contribution: Contribution,
  datanet: CID,
  manifest: Manifest,
  nowMs: number
): void {
  const refuse = (reason: string) => {
    throw new DatanetError('CONTRIBUTION_INVALID', { reason }, { hint: reason })
  }
  if (!contribution.datanet.equals(datanet)) refuse('it names another Datanet')
  if (!manifest.schemas.includes(contribution.schema)) refuse('its schema is not taken here')
  if (!manifest.licences.includes(contribution.licence)) {
    throw new DatanetError('LICENCE_REFUSED', {
      licence: contribution.licence,
      accepted: manifest.licences
    })
  }
  const { languages, files } = manifest
  if (languages !== undefined && !languages.some((one) => isWithin(contribution.language, one))) {
    throw new DatanetError('LANGUAGE_REFUSED', {
      language: contribution.language,
      accepted: languages
    })
  }
  if (contribution.schema === 'file/1') {
    const { mime, bytes } = contribution.content
    if (!files?.mimes.includes(mime) || bytes > files.maxBytes) {
      throw new DatanetError('FILE_REFUSED', { mime, bytes, ...files })
    }
  }
  if (Buffer.compare(contribution.consent.digest, consentDigest(manifest)) !== 0) {
    refuse('its consent is to other words than those of the manifest')
  }
  if (contribution.createdAtMs > nowMs + LIMITS.clockSkewMs) refuse('it is dated in the future')
}

/** Whether a tag is of a language that is listed: `en-GB` is English, `en` is not British English. */
function isWithin(tag: string, listed: string): boolean {
  return `${tag.toLowerCase()}-`.startsWith(`${listed.toLowerCase()}-`)
}

function typedValue(contribution: Contribution, cid: CID): Record<string, unknown> {
  return {
    datanet: digestOf(contribution.datanet),
    contribution: digestOf(cid),
    licence: contribution.licence,
    origin: contribution.origin
  }
}
