import { StandardMerkleTree } from '@openzeppelin/merkle-tree'
import { AbiCoder, keccak256, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isInMerkleTree } from '../../../protocol/base/merkle.ts'
import { typedDigest } from '../../../protocol/base/typed-data.ts'
import {
  contributionLeaf,
  contributionsTree,
  decodeRevision,
  encodeRevision,
  REVISION_APPROVAL,
  type Revision,
  registryDomain,
  revisionApproval,
  revisionCid,
  verifyRevisionRows
} from '../../../protocol/datanet/revision.ts'
import { refusal } from '../base/refusal.ts'
import { someCid } from './people.ts'

const rows = Array.from({ length: 5 }, (_, i) => someCid(100 + i))

function revision(change: Partial<Revision> = {}): Revision {
  return {
    version: 1,
    datanet: someCid(1),
    manifest: someCid(1),
    ordinal: 1,
    contributionsRoot: contributionsTree(rows).root,
    rows: rows.length,
    content: someCid(3),
    createdAtMs: 1_000,
    ...change
  }
}

describe('a revision', () => {
  test('comes back from its bytes', () => {
    const second = revision({ ordinal: 2, parent: revisionCid(revision()) })
    for (const one of [revision(), second]) expect(decodeRevision(encodeRevision(one))).toEqual(one)
  })

  test.each<[string, Partial<Revision>]>([
    ['ordinal 0', { ordinal: 0 }],
    ['ordinal 1 and a parent', { parent: someCid(1) }],
    ['ordinal 2 and no parent', { ordinal: 2 }],
    ['no rows', { rows: 0 }],
    ['a root of 31 bytes', { contributionsRoot: new Uint8Array(31) }]
  ])('does not exist with %s', async (_, change) => {
    expect(await refusal(() => encodeRevision(revision(change)))).toBe('RECORD_MALFORMED')
  })

  // REVISION-W1
  test('is approved as ordinal, parent and digest under the chain key', () => {
    const key = `0x${'ab'.repeat(32)}`
    const domain = registryDomain(31_337, `0x${'22'.repeat(20)}`)
    const second = revision({ ordinal: 2, parent: revisionCid(revision()) })
    const hash = TypedDataEncoder.hash(
      { ...domain },
      { RevisionApproval: [...REVISION_APPROVAL.fields] },
      {
        datanet: key,
        ordinal: 2,
        parent: revisionCid(revision()).multihash.digest,
        revision: revisionCid(second).multihash.digest,
        contributionsRoot: second.contributionsRoot
      }
    )
    const ours = typedDigest(domain, REVISION_APPROVAL, revisionApproval(key, second))
    expect(`0x${Buffer.from(ours).toString('hex')}`).toBe(hash)
    expect(revisionApproval(key, revision())).toMatchObject({ parent: new Uint8Array(32) })
  })
})

describe('the rows of a revision', () => {
  const check = (list: typeof rows, of = revision()) => refusal(() => verifyRevisionRows(of, list))

  test('are exactly its contributions in order', async () => {
    expect(() => verifyRevisionRows(revision(), rows)).not.toThrow()
    expect(await check(rows.slice(0, 4))).toBe('REVISION_INVALID')
    expect(await check([...rows, someCid(9)])).toBe('REVISION_INVALID')
    expect(await check([...rows].reverse())).toBe('REVISION_INVALID')
    expect(await check(rows.with(2, someCid(9)))).toBe('REVISION_INVALID')
    expect(await check(rows, revision({ rows: 4 }))).toBe('REVISION_INVALID')
  })

  test('hold no contribution twice, even when the root says so', async () => {
    const twice = [...rows.slice(0, 4), rows[0] as (typeof rows)[0]]
    const lying = revision({ contributionsRoot: contributionsTree(twice).root })
    expect(await check(twice, lying)).toBe('REVISION_INVALID')
  })

  test('are proven with their place, and in no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(), (count, a, b) => {
        const list = Array.from({ length: count }, (_, i) => someCid(i))
        const tree = contributionsTree(list)
        const [row, other] = [a % count, b % count]
        const cid = list[row] as (typeof list)[0]
        expect(isInMerkleTree(tree.root, contributionLeaf(cid, row), tree.proof(row))).toBe(true)
        const claimed = contributionLeaf(cid, other)
        expect(isInMerkleTree(tree.root, claimed, tree.proof(other))).toBe(row === other)
      })
    )
  })

  test('have leaves as Solidity and OpenZeppelin hash them', () => {
    const digest = `0x${Buffer.from(someCid(7).multihash.digest).toString('hex')}`
    const leaf = `0x${Buffer.from(contributionLeaf(someCid(7), 3)).toString('hex')}`
    const encoded = AbiCoder.defaultAbiCoder().encode(['bytes32', 'uint256'], [digest, 3])
    expect(leaf).toBe(keccak256(keccak256(encoded)))
    const theirs = StandardMerkleTree.of([[digest, '3']], ['bytes32', 'uint256'])
    expect(leaf).toBe(theirs.root)
  })
})
