import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import {
  type AccountSigner,
  type TypedDomain,
  type TypedStruct,
  verifyTypedData
} from '../base/typed-data.ts'
import { type Manifest, manifestSchema, RECORDS_DOMAIN, type SignedManifest } from './manifest.ts'
import { MANIFEST_APPROVAL } from './manifest-approval.ts'
import { decodeRevision, REVISION_APPROVAL, type Revision, revisionApproval } from './revision.ts'
import { ROTATION, rotationTo } from './rotation.ts'

const record = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.byteLength <= LIMITS.recordBytes,
  `at most ${LIMITS.recordBytes} bytes`
)

/** The wire form of a proposal. specs/04-datanet.md §Proposal */
const proposalSchema = z.strictObject({
  version: z.literal(1),
  datanet: field.cid,
  /** The record that curators are asked to approve, in its canonical bytes. */
  subject: z.union([z.strictObject({ manifest: record }), z.strictObject({ revision: record })]),
  note: field.text(1_024).optional(),
  createdAtMs: field.atMs
})

const approvalSchema = z.strictObject({
  version: z.literal(1),
  proposal: field.cid,
  curator: field.address,
  /** Over what `typedValues` gives, one each. */
  signatures: z.array(field.bytes(64)).min(1).max(2)
})

type ProposalRecord = z.output<typeof proposalSchema>
export type Approval = z.output<typeof approvalSchema>

/** What is proposed, decoded. */
export type Subject =
  | { readonly kind: 'manifest'; readonly manifest: Manifest; readonly cid: CID }
  | { readonly kind: 'revision'; readonly revision: Revision; readonly cid: CID }

/** A proposal with its CID and the bytes that travel between curators. */
export interface Proposal {
  readonly datanet: CID
  readonly subject: Subject
  readonly note?: string
  readonly createdAtMs: number
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** Where approvals count: the Datanet's chain key, its registry, and the manifest in force. */
export interface ApprovalPlace {
  readonly key: string
  readonly registry: TypedDomain
  readonly inForce: SignedManifest
}

/** The proposal of `record`. Refuses what is outside its table (RECORD_MALFORMED). */
export function makeProposal(record: ProposalRecord): Proposal {
  return readProposal(encodeRecord(proposalSchema, record))
}

/** The proposal in `bytes`, its subject decoded. Refuses malformed ones (RECORD_MALFORMED). */
export function readProposal(bytes: Uint8Array): Proposal {
  const { datanet, subject, note, createdAtMs } = decodeRecord(proposalSchema, bytes)
  const decoded = decodeSubject(subject)
  const named = decoded.kind === 'revision' ? decoded.revision.datanet : undefined
  if (named !== undefined && !named.equals(datanet)) {
    throw new DatanetError('RECORD_MALFORMED', { reason: 'it is of another Datanet' })
  }
  const said = note === undefined ? {} : { note }
  return { datanet, subject: decoded, ...said, createdAtMs, cid: cidOf(bytes), bytes }
}

/** The approval of `proposal` by `signer`, in bytes. specs/04-datanet.md §Proposal */
export async function signApproval(
  proposal: Proposal,
  signer: AccountSigner,
  place: ApprovalPlace
): Promise<Uint8Array> {
  const signatures = await Promise.all(
    typedValues(proposal, place).map(([domain, struct, value]) =>
      signer.signTypedData(domain, struct, value)
    )
  )
  const approval = { proposal: proposal.cid, curator: signer.address, signatures }
  return encodeRecord(approvalSchema, { version: 1, ...approval })
}

/** The approval in `bytes` as it is stated; nothing of it is verified (RECORD_MALFORMED if it is none). */
export function statedApproval(bytes: Uint8Array): Approval {
  return decodeRecord(approvalSchema, bytes)
}

/**
 * The approval in `bytes`. Refuses one of another proposal (CID_MISMATCH), by nobody who is a curator
 * in force (SIGNER_UNEXPECTED), and signatures that are not over the subject (SIGNATURE_INVALID).
 */
export function verifyApproval(
  bytes: Uint8Array,
  proposal: Proposal,
  place: ApprovalPlace
): Approval {
  const approval = statedApproval(bytes)
  const { curator, signatures } = approval
  if (!approval.proposal.equals(proposal.cid)) {
    throw new DatanetError('CID_MISMATCH', { cid: `${approval.proposal}` })
  }
  if (!place.inForce.manifest.curators.includes(curator)) {
    throw new DatanetError('SIGNER_UNEXPECTED', { curator })
  }
  const values = typedValues(proposal, place)
  if (signatures.length !== values.length) {
    throw new DatanetError('SIGNATURE_INVALID', { curator, signatures: signatures.length })
  }
  for (const [i, [domain, struct, value]] of values.entries()) {
    verifyTypedData(domain, struct, value, signatures[i] as Uint8Array, curator)
  }
  return approval
}

/** What is signed for `proposal`, in order: of a manifest off and on chain, of a revision on chain. */
function typedValues(
  { subject }: Proposal,
  { key, registry, inForce }: ApprovalPlace
): ReadonlyArray<readonly [TypedDomain, TypedStruct, Record<string, unknown>]> {
  if (subject.kind === 'revision') {
    return [[registry, REVISION_APPROVAL, revisionApproval(key, subject.revision)]]
  }
  const approved = { manifest: digestOf(subject.cid), seq: subject.manifest.seq }
  return [
    [RECORDS_DOMAIN, MANIFEST_APPROVAL, approved],
    [registry, ROTATION, rotationTo(key, inForce, subject)]
  ]
}

function decodeSubject(subject: ProposalRecord['subject']): Subject {
  if ('manifest' in subject) {
    const manifest = decodeRecord(manifestSchema, subject.manifest)
    return { kind: 'manifest', manifest, cid: cidOf(subject.manifest) }
  }
  const revision = decodeRevision(subject.revision)
  return { kind: 'revision', revision, cid: cidOf(subject.revision) }
}
