import { AbiCoder, concat, keccak256, solidityPackedKeccak256, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeRecord } from '../../../protocol/base/schema.ts'
import { typedDigest } from '../../../protocol/base/typed-data.ts'
import { createVoucherSigner, encodeVoucher } from '../../../protocol/channel/voucher.ts'
import { buildClaim, verifyClaim } from '../../../protocol/reward/claim.ts'
import {
  type Drop,
  decodeDrop,
  dropSchema,
  encodeDrop,
  verifyDropFollows,
  verifyDropLeaves
} from '../../../protocol/reward/drop.ts'
import { buildDropTree, isInDrop } from '../../../protocol/reward/drop-tree.ts'
import type { DropLeaf } from '../../../protocol/reward/fold.ts'
import { UNASSIGNED } from '../../../protocol/reward/split.ts'
import { DROP_VETO, poolDomain, poolIdOf } from '../../../protocol/reward/veto.ts'
import { address, hash, separator } from '../receipt/sample-receipt.ts'

const abi = AbiCoder.defaultAbiCoder()
const refusal = (code: string) => expect.objectContaining({ code })
const leaf = (n: number, cumulativeWei: bigint): DropLeaf => ({
  account: address(n),
  cumulativeWei
})
const sample = [leaf(0, 5n), leaf(1, 10n), leaf(2, 20n), leaf(3, 30n), leaf(4, 40n)]
const anyLeaves = fc
  .uniqueArray(fc.tuple(fc.nat(1_000), fc.bigInt(1n, 10n ** 20n)), {
    selector: ([n]) => n,
    minLength: 1,
    maxLength: 40
  })
  .map((pairs) => pairs.sort(([a], [b]) => a - b).map(([n, wei]) => leaf(n, wei)))

/** What the pool contract computes, by another library. */
function climb(
  { account, cumulativeWei }: DropLeaf,
  proof: ReturnType<ReturnType<typeof buildDropTree>['proof']>
) {
  let hashed = keccak256(
    concat([keccak256(abi.encode(['address', 'uint256'], [account, cumulativeWei]))])
  )
  let sumWei = cumulativeWei
  const types = ['uint96', 'bytes24', 'uint96', 'bytes24']
  for (const step of proof) {
    const [own, other] = [
      [sumWei, hashed.slice(0, 50)],
      [step.sumWei, step.hash.slice(0, 50)]
    ]
    const both = step.isLeft ? [...other, ...own] : [...own, ...other]
    hashed = solidityPackedKeccak256(types, both)
    sumWei += step.sumWei
  }
  return { root: hashed, totalWei: sumWei }
}

describe('the drop tree', () => {
  test('leads from every leaf to its root and total, as the contract climbs', () => {
    fc.assert(
      fc.property(anyLeaves, (leaves) => {
        const tree = buildDropTree(leaves)
        expect(tree.totalWei).toBe(leaves.reduce((sum, each) => sum + each.cumulativeWei, 0n))
        for (const each of leaves) {
          const proof = tree.proof(each.account)
          expect(climb(each, proof)).toEqual({ root: tree.root, totalWei: tree.totalWei })
          expect(isInDrop(tree, each, proof)).toBe(true)
        }
      }),
      { numRuns: 60 }
    )
  })

  test('proves no other amount, account, total or sum on the way', () => {
    const tree = buildDropTree(sample)
    for (const each of sample) {
      const proof = tree.proof(each.account)
      expect(isInDrop(tree, { ...each, cumulativeWei: each.cumulativeWei + 1n }, proof)).toBe(false)
      expect(isInDrop(tree, { ...each, account: address(9) }, proof)).toBe(false)
      expect(isInDrop({ ...tree, totalWei: tree.totalWei + 1n }, each, proof)).toBe(false)
      for (const [i] of proof.entries()) {
        const bent = (change: object) => proof.map((s, at) => (at === i ? { ...s, ...change } : s))
        const { sumWei, isLeft } = proof[i] as (typeof proof)[0]
        expect(isInDrop(tree, each, bent({ sumWei: sumWei + 1n }))).toBe(false)
        expect(isInDrop(tree, each, bent({ isLeft: !isLeft }))).toBe(false)
        expect(isInDrop(tree, each, bent({ hash: hash(1) }))).toBe(false)
        expect(
          isInDrop(
            tree,
            each,
            proof.filter((_, at) => at !== i)
          )
        ).toBe(false)
      }
    }
  })

  test('takes no sum that could wrap', () => {
    const tree = buildDropTree(sample)
    const step = { hash: hash(1), sumWei: 2n ** 256n - 1n, isLeft: true }
    expect(isInDrop(tree, leaf(1, 10n), [step])).toBe(false)
    expect(isInDrop(tree, leaf(1, 10n), [step, step])).toBe(false)
  })

  test('of nothing has a zero root and no total', () => {
    expect(buildDropTree([])).toMatchObject({ root: hash(0), totalWei: 0n })
  })

  test('has no proof for an account without a leaf', () => {
    expect(() => buildDropTree(sample).proof(address(9))).toThrow(refusal('NOTHING_TO_CLAIM'))
  })

  test.each([
    ['out of order', [leaf(2, 1n), leaf(1, 1n)]],
    ['twice', [leaf(1, 1n), leaf(1, 1n)]],
    ['of nothing', [leaf(1, 0n)]],
    ['of a debt', [leaf(1, -1n)]],
    ['beyond 96 bits', [leaf(1, 2n ** 96n - 1n), leaf(2, 1n)]]
  ])('refuses leaves %s', (_name, leaves) => {
    expect(() => buildDropTree(leaves)).toThrow(refusal('DROP_INVALID'))
  })
})

const vouchers = createVoucherSigner(separator, new Uint8Array(32).fill(5))
const voucherOf = (channelId: string) =>
  encodeVoucher(
    vouchers.sign({
      channelId,
      cumulativeWei: 350n,
      royaltyWei: 105n,
      receipts: 1,
      receiptsRoot: hash(1)
    })
  )
const channel = (n: number, capturedWei: bigint) => ({
  channelId: hash(n),
  voucher: voucherOf(hash(n)),
  capturedWei,
  isClosed: false
})
const drop: Drop = {
  version: 1,
  pool: {
    chainId: 31_337,
    contract: address(50),
    operator: address(51),
    auditor: hash(52),
    token: address(53)
  },
  leaves: [...sample],
  totalWei: 105n,
  channels: [channel(1, 100n), channel(2, 5n)],
  createdAtMs: 1_000
}
const first = encodeDrop(drop)
const next: Drop = {
  ...drop,
  leaves: [leaf(1, 10n), leaf(2, 25n), leaf(3, 30n), leaf(4, 45n)],
  totalWei: 110n,
  channels: [channel(1, 110n)],
  previous: first.cid
}

describe('the drop record', () => {
  test('survives its wire form under its CID', () => {
    expect(decodeDrop(first.bytes)).toEqual(first)
    expect(decodeDrop(encodeDrop(next).bytes).drop).toEqual(next)
  })

  test.each([
    ['a total that is not the sum', { totalWei: 104n }],
    ['another amount than was captured', { channels: [channel(1, 104n)] }],
    ['a channel twice', { channels: [channel(1, 100n), channel(1, 5n)] }],
    ['the voucher of another channel', { channels: [{ ...channel(1, 105n), channelId: hash(2) }] }],
    ['leaves out of order', { leaves: [...sample].reverse() }]
  ])('is refused with %s, written or read', (_name, change) => {
    const bad = { ...drop, ...change }
    expect(() => encodeDrop(bad)).toThrow(refusal('DROP_INVALID'))
    expect(() => decodeDrop(encodeRecord(dropSchema, bad))).toThrow(refusal('DROP_INVALID'))
  })

  test('is refused or another one after any change of a byte', () => {
    fc.assert(
      fc.property(fc.nat(first.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const mutant = Uint8Array.from(first.bytes)
        mutant[at] = (mutant[at] as number) ^ flip
        try {
          expect(decodeDrop(mutant).cid.equals(first.cid)).toBe(false)
        } catch (error) {
          expect(error).toMatchObject({ name: 'DatanetError' })
        }
      })
    )
  })

  test('follows one in which nobody had more, whatever became of the unassigned', () => {
    verifyDropFollows(encodeDrop(next), first)
    verifyDropFollows(first, undefined)
  })

  const followers: [string, Partial<Drop>][] = [
    ['shrinks an account', { leaves: [leaf(1, 9n), leaf(2, 26n), leaf(3, 30n), leaf(4, 45n)] }],
    ['leaves an account out', { leaves: [leaf(2, 35n), leaf(3, 30n), leaf(4, 45n)] }],
    [
      'shrinks the total',
      {
        leaves: [leaf(1, 10n), leaf(2, 20n), leaf(3, 30n), leaf(4, 40n)],
        totalWei: 100n,
        channels: [channel(1, 100n)]
      }
    ],
    ['is of another pool', { pool: { ...drop.pool, auditor: hash(53) } }],
    ['is of another chain', { pool: { ...drop.pool, chainId: 1 } }]
  ]
  test.each(followers)('does not follow if it %s', (_name, change) => {
    const bad = encodeDrop({ ...next, ...change })
    expect(() => verifyDropFollows(bad, first)).toThrow(refusal('DROP_INVALID'))
  })

  test('does not follow another drop than it names', () => {
    const second = encodeDrop(next)
    expect(() => verifyDropFollows(second, undefined)).toThrow(refusal('DROP_INVALID'))
    expect(() => verifyDropFollows(second, second)).toThrow(refusal('DROP_INVALID'))
    expect(() => verifyDropFollows(first, second)).toThrow(refusal('DROP_INVALID'))
  })

  // DROP-R4
  test('holds what the receipts give and nothing else', () => {
    verifyDropLeaves(drop, sample)
    for (const other of [
      sample.slice(1),
      [...sample, leaf(9, 1n)],
      [leaf(0, 6n), ...sample.slice(1)]
    ]) {
      expect(() => verifyDropLeaves(drop, other)).toThrow(refusal('DROP_INVALID'))
    }
  })
})

describe('a claim', () => {
  const tree = buildDropTree(sample)

  // CLAIM-R2
  test('is paid what was not paid before', () => {
    const claim = buildClaim(tree, sample, address(3), 0n)
    expect(verifyClaim(claim, tree, 0n)).toBe(30n)
    expect(verifyClaim(claim, tree, 12n)).toBe(18n)
  })

  test('of all accounts together is paid the total less the unassigned', () => {
    fc.assert(
      fc.property(anyLeaves, (leaves) => {
        const any = buildDropTree(leaves)
        let paidWei = 0n
        for (const { account } of leaves.filter((each) => each.account !== UNASSIGNED)) {
          paidWei += verifyClaim(buildClaim(any, leaves, account, 0n), any, 0n)
        }
        const rest = leaves.find(({ account }) => account === UNASSIGNED)?.cumulativeWei ?? 0n
        expect(paidWei + rest).toBe(any.totalWei)
      }),
      { numRuns: 40 }
    )
  })

  test.each([
    ['of what was paid already', address(3), 30n],
    ['of less than was paid', address(3), 31n],
    ['of an account that is owed nothing', address(9), 0n],
    ['of the unassigned', UNASSIGNED, 0n]
  ])('%s is refused', (_name, account, claimedWei) => {
    expect(() => buildClaim(tree, sample, account, claimedWei)).toThrow(refusal('NOTHING_TO_CLAIM'))
  })

  test('is refused against another drop, with another amount, and for the unassigned', () => {
    const claim = buildClaim(tree, sample, address(3), 0n)
    const other = buildDropTree(sample.slice(1))
    expect(() => verifyClaim(claim, other, 0n)).toThrow(refusal('DROP_INVALID'))
    const more = { ...claim, cumulativeWei: 31n }
    expect(() => verifyClaim(more, tree, 0n)).toThrow(refusal('DROP_INVALID'))
    const nobody = { account: UNASSIGNED, cumulativeWei: 5n, proof: tree.proof(UNASSIGNED) }
    expect(() => verifyClaim(nobody, tree, 0n)).toThrow(refusal('DROP_INVALID'))
    expect(() => verifyClaim(claim, tree, 30n)).toThrow(refusal('NOTHING_TO_CLAIM'))
  })
})

describe('a veto', () => {
  test('names the pool by operator, auditor and token as the contract does', () => {
    const { operator, auditor, token } = drop.pool
    expect(poolIdOf(drop.pool)).toBe(
      keccak256(abi.encode(['address', 'bytes32', 'address'], [operator, auditor, token]))
    )
  })

  // VETO-W1
  test('is signed over the digest that ethers gives', () => {
    const domain = poolDomain(31_337, address(50))
    const value = { pool: poolIdOf(drop.pool), dropSeq: 3, root: hash(4) }
    const theirs = TypedDataEncoder.hash(
      { name: 'datanet.RewardPool', version: '1', chainId: 31_337, verifyingContract: address(50) },
      { DropVeto: [...DROP_VETO.fields] },
      value
    )
    expect(`0x${Buffer.from(typedDigest(domain, DROP_VETO, value)).toString('hex')}`).toBe(theirs)
  })
})
