import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { keccak256 } from '../base/keccak.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type AccountSigner, recoverTypedData } from '../base/typed-data.ts'
import { MANIFEST_APPROVAL, sealManifest, wrappedManifestSchema } from './manifest-approval.ts'
import { royaltyPolicySchema } from './royalty-policy.ts'

/** The EIP-712 domain of records that no contract reads. specs/03-signatures.md §Domains */
export const RECORDS_DOMAIN = { name: 'datanet', version: '1' } as const

const labels = z.array(field.label).min(1).max(LIMITS.labels)

/** The wire form of a manifest. specs/04-datanet.md §Manifest */
export const manifestSchema = z
  .strictObject({
    version: z.literal(1),
    name: field.label,
    purpose: field.text(4_096),
    topics: labels,
    /** Of ids that a host does not know it takes nothing. */
    schemas: labels,
    /** BCP 47 tags that are taken; absent: any. */
    languages: labels.optional(),
    licences: labels,
    /** What `file/1` may hold: media types and the size of one file. */
    files: z
      .strictObject({ mimes: labels, maxBytes: z.int().min(1).max(LIMITS.contentBytes) })
      .optional(),
    /** What a contributor agrees to; contributions carry the digest of these words. */
    consent: field.text(8_192),
    curators: z.array(field.address).min(1).max(LIMITS.curators),
    threshold: z.int().min(1).max(LIMITS.curators),
    /** The one peer that orders contributions; other hosts relay to it. */
    intakeHost: field.label,
    /** Peers that keep copies besides it. */
    hosts: z.array(field.label).max(LIMITS.hosts),
    /** What one account may have waiting for review, and hand in within a day. */
    intake: z.strictObject({
      pendingPerAccount: z.int().min(1).max(LIMITS.revisionRows),
      perDayPerAccount: z.int().min(1).max(LIMITS.revisionRows)
    }),
    /** Approvals and the share of verdicts that accept, and how long an item is one curator's. */
    review: z.strictObject({
      approvals: z.int().min(1).max(LIMITS.curators),
      sharePpm: field.ppm,
      leaseMs: z.int().min(LIMITS.leaseMsMin).max(LIMITS.leaseMsMax),
      /** The curators' part goes by what each reviewed; absent: in equal parts. */
      earns: z.literal('reviews').optional()
    }),
    royalty: royaltyPolicySchema,
    treasury: field.address,
    seq: field.count,
    prev: field.cid.optional(),
    createdAtMs: field.atMs,
    /** When it comes into force, at the earliest. */
    effectiveAtMs: field.atMs,
    /** How long after its making the next manifest may come into force, at the earliest. */
    changeDelayMs: z.int().min(0).max(LIMITS.changeDelayMs)
  })
  .refine((m) => m.threshold <= m.curators.length, 'the threshold exceeds the curators')
  .refine((m) => m.review.approvals <= m.curators.length, 'more reviews than curators are demanded')
  .refine((m) => isAscending(m.curators), 'curators must be ascending and distinct')
  .refine((m) => isAscending(m.hosts), 'hosts must be ascending and distinct')
  .refine((m) => !m.hosts.includes(m.intakeHost), 'hosts are those besides the intake host')
  .refine(
    (m) => m.schemas.includes('file/1') === (m.files !== undefined),
    'files go with the schema file/1'
  )
  .refine((m) => (m.seq === 0) === (m.prev === undefined), 'only a founding manifest lacks prev')
  .refine(
    (m) => (m.seq === 0 ? m.effectiveAtMs === m.createdAtMs : m.effectiveAtMs >= m.createdAtMs),
    'a founding manifest is in force as it is made, a later one not before'
  )

export type Manifest = z.output<typeof manifestSchema>

/** A manifest with the CID it has and the signed bytes that are stored and forwarded. */
export interface SignedManifest {
  readonly manifest: Manifest
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** The signed bytes of `manifest` under the approvals of `signers`. specs/04-datanet.md §Manifest */
export async function signManifest(
  manifest: Manifest,
  signers: readonly AccountSigner[]
): Promise<SignedManifest> {
  const body = encodeRecord(manifestSchema, manifest)
  const cid = cidOf(body)
  const value = { manifest: digestOf(cid), seq: manifest.seq }
  const approvals = await Promise.all(
    signers.map((signer) => signer.signTypedData(RECORDS_DOMAIN, MANIFEST_APPROVAL, value))
  )
  return { manifest, cid, bytes: sealManifest(body, approvals) }
}

/**
 * The manifest in signed bytes, approved by the threshold of the curators who may decide: its own
 * for a founding manifest, those of `previous` for any later one. Refuses fewer (APPROVALS_MISSING),
 * a broken chain of seq and prev (RECORD_SUPERSEDED), one that comes into force before the delay of
 * `previous` (CHANGE_TOO_SOON) and malformed records.
 */
export function verifyManifest(bytes: Uint8Array, previous?: SignedManifest): SignedManifest {
  const { body, approvals } = decodeRecord(wrappedManifestSchema, bytes)
  const manifest = decodeRecord(manifestSchema, body)
  const cid = cidOf(body)
  const expectedSeq = previous === undefined ? 0 : previous.manifest.seq + 1
  if (manifest.seq !== expectedSeq || manifest.prev?.toString() !== previous?.cid.toString()) {
    throw new DatanetError('RECORD_SUPERSEDED', { seq: manifest.seq, expectedSeq })
  }
  const authority = previous?.manifest ?? manifest
  const earliestAtMs = manifest.createdAtMs + (previous?.manifest.changeDelayMs ?? 0)
  if (manifest.effectiveAtMs < earliestAtMs) {
    throw new DatanetError('CHANGE_TOO_SOON', {
      effectiveAtMs: manifest.effectiveAtMs,
      earliestAtMs
    })
  }
  const value = { manifest: digestOf(cid), seq: manifest.seq }
  const signers = new Set(
    approvals.map((a) => recoverTypedData(RECORDS_DOMAIN, MANIFEST_APPROVAL, value, a))
  )
  const valid = authority.curators.filter((curator) => signers.has(curator)).length
  if (valid < authority.threshold) {
    throw new DatanetError('APPROVALS_MISSING', { valid, threshold: authority.threshold })
  }
  return { manifest, cid, bytes }
}

/**
 * The key of a Datanet on chain, as a 0x hash: it commits to the founding curators, so nobody else
 * can found the same Datanet with curators of their own. specs/04-datanet.md §Chain key
 */
export function datanetKey(founding: SignedManifest): string {
  const { curators, threshold } = founding.manifest
  const words = [
    digestOf(founding.cid),
    uintWord(0x60),
    uintWord(threshold),
    uintWord(curators.length),
    ...curators.map((a) => Buffer.from(a.slice(2).padStart(64, '0'), 'hex'))
  ]
  return `0x${Buffer.from(keccak256(Buffer.concat(words))).toString('hex')}`
}

function uintWord(value: number): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
}

function isAscending(items: readonly string[]): boolean {
  return items.every((item, i) => i === 0 || (items[i - 1] as string) < item)
}
