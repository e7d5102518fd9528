import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { buildMerkleTree, type MerkleTree, merkleLeaf } from '../base/merkle.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import type { TypedDomain, TypedStruct } from '../base/typed-data.ts'
import { curationSchema } from './curation.ts'

/** What a curator approves and the registry checks. specs/04-datanet.md §Revision */
export const REVISION_APPROVAL: TypedStruct = {
  name: 'RevisionApproval',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'ordinal', type: 'uint64' },
    { name: 'parent', type: 'bytes32' },
    { name: 'revision', type: 'bytes32' },
    { name: 'contributionsRoot', type: 'bytes32' }
  ]
}

/** The wire form of a revision. specs/04-datanet.md §Revision */
export const revisionSchema = z
  .strictObject({
    version: z.literal(1),
    datanet: field.cid,
    /** The signed manifest in force, as the body CID. */
    manifest: field.cid,
    ordinal: z.int().min(1),
    parent: field.cid.optional(),
    /** Merkle root over the contributions in row order. */
    contributionsRoot: field.bytes(32),
    rows: z.int().min(1).max(LIMITS.revisionRows),
    /** Root of the UnixFS directory with the rows. */
    content: field.cid,
    /** Who reviewed it, where the manifest has reviews earn. */
    curation: curationSchema.optional(),
    createdAtMs: field.atMs
  })
  .refine((r) => (r.ordinal === 1) === (r.parent === undefined), 'only ordinal 1 lacks a parent')

export type Revision = z.output<typeof revisionSchema>

/** The registry's EIP-712 domain. */
export function registryDomain(chainId: number, registry: string): TypedDomain {
  return {
    name: 'datanet.DatanetRegistry',
    version: '1',
    chainId: BigInt(chainId),
    verifyingContract: registry
  }
}

/** The typed value curators sign to anchor `revision` of the Datanet with chain key `datanetKey`. */
export function revisionApproval(datanetKey: string, revision: Revision): Record<string, unknown> {
  return {
    datanet: datanetKey,
    ordinal: revision.ordinal,
    parent: revision.parent === undefined ? new Uint8Array(32) : digestOf(revision.parent),
    revision: digestOf(revisionCid(revision)),
    contributionsRoot: revision.contributionsRoot
  }
}

/** Canonical bytes of `revision`. */
export function encodeRevision(revision: Revision): Uint8Array {
  return encodeRecord(revisionSchema, revision)
}

/** The revision in `bytes`. Refuses malformed records; the anchor on chain says whether it counts. */
export function decodeRevision(bytes: Uint8Array): Revision {
  return decodeRecord(revisionSchema, bytes)
}

/** The CID of `revision`: its digest is what the chain anchors. */
export function revisionCid(revision: Revision): CID {
  return cidOf(encodeRevision(revision))
}

/**
 * The Merkle tree over contributions in row order; leaf i commits to the contribution's digest and
 * its row, so that a proof also shows registration order. specs/04-datanet.md §Contributions root
 */
export function contributionsTree(contributions: readonly CID[]): MerkleTree {
  return buildMerkleTree(contributions.map(contributionLeaf))
}

/** The words of one leaf: one place for all, since a revision has many. */
const words = Buffer.alloc(64)

/** The leaf of the contribution in row `row`: keccak twice over abi.encode(bytes32, uint256). */
export function contributionLeaf(contribution: CID, row: number): Uint8Array {
  words.set(digestOf(contribution))
  words.writeBigUInt64BE(BigInt(row), 56)
  return merkleLeaf(words)
}

/** Refuses a revision whose rows are not exactly `contributions` in order (REVISION_INVALID). */
export function verifyRevisionRows(revision: Revision, contributions: readonly CID[]): void {
  const { root } = contributionsTree(contributions)
  const names = contributions.map((cid) => Buffer.from(digestOf(cid)).toString('latin1'))
  const distinct = new Set(names).size
  if (
    contributions.length !== revision.rows ||
    distinct !== contributions.length ||
    Buffer.compare(root, revision.contributionsRoot) !== 0
  ) {
    throw new DatanetError('REVISION_INVALID', {
      rows: contributions.length,
      expected: revision.rows
    })
  }
}
