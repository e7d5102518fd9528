import { describe, expect, test } from 'vitest'
import { parseCid } from '../protocol/base/codec.ts'
import { decodeRecord } from '../protocol/base/schema.ts'
import { recoverAddress } from '../protocol/base/secp256k1.ts'
import { domainSeparator, typedDigest } from '../protocol/base/typed-data.ts'
import { compareVouchers } from '../protocol/channel/ledger.ts'
import { channelIdOf, escrowDomain, termsSchema } from '../protocol/channel/terms.ts'
import { verifyTerms } from '../protocol/channel/verify-terms.ts'
import * as voucher from '../protocol/channel/voucher.ts'
import { decodeRequest, encodeRequest } from '../protocol/net/invoke.ts'
import * as accumulator from '../protocol/receipt/accumulator.ts'
import { coverageCredits, verifyCredits } from '../protocol/receipt/attribution.ts'
import * as receipt from '../protocol/receipt/receipt.ts'
import * as signing from '../protocol/receipt/receipt-signature.ts'
import { verifyReceipt } from '../protocol/receipt/verify-receipt.ts'
import { buildClaim, verifyClaim } from '../protocol/reward/claim.ts'
import * as drop from '../protocol/reward/drop.ts'
import { buildDropTree, isInDrop } from '../protocol/reward/drop-tree.ts'
import { dropLeaves, foldRewards } from '../protocol/reward/fold.ts'
import { splitRoyalty, UNASSIGNED, UNITS_PER_WEI } from '../protocol/reward/split.ts'
import { DROP_VETO, poolDomain, poolIdOf } from '../protocol/reward/veto.ts'
import { bothWays, bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

/** Cases by their names, as test.each takes them. */
const named = (list: Vectors[]): [string, Vectors][] => list.map((one) => [one.name, one])

describe('terms', () => {
  const file = vectors('07-terms')
  const domain = escrowDomain(file.domain.chainId, file.domain.escrow)
  bothWays(termsSchema, file.valid)
  test.each(named(file.valid))('%s: the channel id', (_, one) => {
    expect(channelIdOf(domain, one.input)).toBe(one.channelId)
    expect(hex(domainSeparator(domain))).toBe(file.domain.separator)
  })
  test('the terms of an offer are those of its payment', () => {
    const { input, channelId } = file.valid[0]
    expect(verifyTerms(input, file.payment)).toBe(channelId)
  })
  refuses(file.mismatches, (one) => verifyTerms(one.terms, file.payment, one.chain))
  refuses(file.invalid, (one) => decodeRecord(termsSchema, bytes(one.bytes)))
})

describe('voucher', () => {
  const file = vectors('07-voucher')
  const separator = bytes(file.domain.separator)
  test.each(named(file.valid))('%s', (_, one) => {
    const signer = voucher.createVoucherSigner(separator, bytes(file.signer.secretKey))
    const signed = signer.sign(one.input)
    expect(hex(voucher.voucherDigest(separator, one.input))).toBe(one.digest)
    expect(hex(signed.signature)).toBe(one.signature)
    expect(hex(voucher.encodeVoucher(signed))).toBe(one.bytes)
    expect(voucher.decodeVoucher(bytes(one.bytes))).toEqual(signed)
    voucher.verifyVoucher(separator, signed, file.signer.account)
  })
  refuses(file.invalid, (one) =>
    voucher.verifyVoucher(separator, voucher.decodeVoucher(bytes(one.bytes)), file.signer.account)
  )
  test('order', () => {
    for (const one of file.order.filter((c: Vectors) => c.outcome)) {
      expect([one.name, compareVouchers(one.last, one.next)]).toEqual([one.name, one.outcome])
    }
  })
  refuses(
    file.order.filter((c: Vectors) => c.error),
    (one) => compareVouchers(one.last, one.next)
  )
})

describe('request', () => {
  const file = vectors('07-request')
  test.each(named(file.valid))('%s', (_, one) => {
    expect(hex(encodeRequest(one.input))).toBe(one.bytes)
    expect(decodeRequest(bytes(one.bytes))).toEqual(one.input)
  })
  refuses(file.invalid, (one) => decodeRequest(bytes(one.bytes)))
})

describe('receipt', () => {
  const file = vectors('08-receipt')
  const separator = bytes(file.domain.separator)
  /** In memory a credit names its contribution by CID text. */
  const inMemory = (input: Vectors) => ({
    ...input,
    credits: input.credits.map((credit: Vectors) =>
      credit.contribution ? { ...credit, contribution: `${credit.contribution}` } : credit
    )
  })
  test.each(named(file.valid))('%s', (_, one) => {
    const signer = signing.createReceiptSigner(separator, bytes(file.signer.secretKey))
    const signed = signer.sign(inMemory(one.input))
    expect(hex(signed.body)).toBe(one.body)
    expect(hex(signing.receiptLeaf(signed.body))).toBe(one.leaf)
    expect(hex(signed.signature)).toBe(one.signature)
    expect(hex(receipt.encodeReceipt(signed))).toBe(one.bytes)
    const read = receipt.decodeReceipt(bytes(one.bytes))
    expect(read).toEqual(signed)
    const digest = signing.receiptDigest(separator, read.receipt, bytes(one.leaf))
    expect(hex(digest)).toBe(one.digest)
    signing.verifyReceiptSignature(separator, read, file.signer.account)
  })
  test('receipts that are signed together', () => {
    const signer = signing.createReceiptSigner(separator, bytes(file.signer.secretKey))
    const { receipts, signature, digest } = file.group
    const prepared = receipts.map((one: Vectors) => signer.prepare(inMemory(one.input)))
    for (const [index, signed] of signer.signAll(prepared).entries()) {
      const one = receipts[index]
      expect(hex(signed.signature)).toBe(signature)
      expect(signed.path?.map(hex)).toEqual(one.path)
      expect(hex(receipt.encodeReceipt(signed))).toBe(one.bytes)
      const read = receipt.decodeReceipt(bytes(one.bytes))
      expect(read).toEqual(signed)
      const { leaf } = prepared[index]
      expect(hex(signing.receiptDigest(separator, read.receipt, leaf, read.path))).toBe(digest)
      signing.verifyReceiptSignature(separator, read, file.signer.account)
    }
  })
  refuses(file.invalid, (one) =>
    signing.verifyReceiptSignature(
      separator,
      receipt.decodeReceipt(bytes(one.bytes)),
      file.signer.account
    )
  )
  const check = (one: Vectors) => {
    const { requestSalt, request, answerSalt, answer, ...rest } = one.expected
    verifyReceipt(receipt.decodeReceipt(bytes(one.bytes)), {
      ...rest,
      domainSeparator: separator,
      receiptSigner: file.signer.account,
      request: { salt: requestSalt, bytes: request },
      answer: { salt: answerSalt, bytes: answer }
    })
  }
  test('stands for the call it describes', () => check(file.checks))
  refuses(file.checks.refused, check)
  test('commitments', () => {
    for (const one of file.commitments) {
      expect(hex(receipt.commitmentOf(bytes(one.salt), bytes(one.bytes)))).toBe(one.commitment)
    }
  })
})

describe('accumulator', () => {
  const file = vectors('08-accumulator')
  const leaves = file.leaves.map(bytes)
  test.each<[number, Vectors]>(file.valid.map((v: Vectors) => [v.count, v]))(
    '%d receipts',
    (count, one) => {
      const state = accumulator.appendLeaves(
        accumulator.EMPTY_ACCUMULATOR,
        ...leaves.slice(0, count)
      )
      const root = `0x${one.root}`
      expect(state.peaks.map(hex)).toEqual(one.peaks)
      expect(accumulator.accumulatorRoot(state)).toBe(root)
      for (const [index, path] of one.paths.entries()) {
        const proof = accumulator.proveLeaf(leaves.slice(0, count), index)
        expect([proof.path.map(hex), proof.peaks.map(hex)]).toEqual([path, one.peaks])
        expect(accumulator.isAccumulated({ root, count }, leaves[index], index, proof)).toBe(true)
      }
    }
  )
  test.each(named(file.invalid))('ACCUMULATOR-R1 %s', (_, one) => {
    const state = { root: `0x${one.root}`, count: one.count }
    const proof = { path: one.path.map(bytes), peaks: one.peaks.map(bytes) }
    expect(accumulator.isAccumulated(state, bytes(one.leaf), one.index, proof)).toBe(false)
  })
})

describe('credits', () => {
  const file = vectors('08-credits')
  const owners = new Map<string, string>(Object.entries(file.owners))
  test.each(named(file.valid))('%s', (_, { evidence, credits }) => {
    expect(coverageCredits(evidence, owners)).toEqual(credits)
    verifyCredits(credits)
  })
  refuses(file.invalid, (one) => verifyCredits(one.credits))
})

describe('split', () => {
  const { unitsPerWei, valid, ...shared } = vectors('09-split')
  test.each(named(valid))('%s', (_, one) => {
    expect(UNITS_PER_WEI.toString()).toBe(unitsPerWei)
    const shares = splitRoyalty({ ...shared, royaltyWei: one.royaltyWei }, { ...shared, ...one })
    expect(Object.fromEntries([...shares].map(([who, units]) => [who, `${units}`]))).toEqual(
      one.shares
    )
    const sum = [...shares.values()].reduce((a, b) => a + b, 0n)
    expect(sum).toBe(one.royaltyWei * UNITS_PER_WEI)
  })
})

describe('fold', () => {
  const { parties, valid, invalid } = vectors('09-fold')
  const fold = ({ receipts, channelId, voucher: committed, capturedWei, isClosed }: Vectors) => {
    const signed = receipts.map((one: string) => receipt.decodeReceipt(bytes(one)))
    const channel = { channelId, voucher: committed, capturedWei, isClosed, receipts: signed }
    return dropLeaves(foldRewards([channel], () => parties))
  }
  test.each(named(valid))('%s', (_, one) => {
    expect(fold(one)).toEqual(one.leaves)
  })
  refuses(invalid, fold)
})

describe('drop tree', () => {
  const file = vectors('09-drop-tree')
  test.each<[number, Vectors]>(file.valid.map((v: Vectors) => [v.leaves.length, v]))(
    '%d leaves',
    (_, { leaves, root, totalWei, proofs }) => {
      const tree = buildDropTree(leaves)
      expect([tree.root, tree.totalWei]).toEqual([root, totalWei])
      for (const [i, leaf] of leaves.entries()) {
        expect(tree.proof(leaf.account)).toEqual(proofs[i])
        expect(isInDrop(tree, leaf, proofs[i])).toBe(true)
        if (leaf.account === UNASSIGNED) continue
        const claim = buildClaim(tree, leaves, leaf.account, 0n)
        expect(verifyClaim(claim, tree, 1n)).toBe(leaf.cumulativeWei - 1n)
      }
    }
  )
  refuses(file.invalid, ({ root, totalWei, leaf, proof }) =>
    verifyClaim({ ...leaf, proof }, { root, totalWei }, 0n)
  )
})

describe('drop', () => {
  const file = vectors('09-drop')
  bothWays(drop.dropSchema, file.valid)
  test.each(named(file.valid))('%s: its CID', (_, one) => {
    expect(`${drop.encodeDrop(one.input).cid}`).toBe(one.cid)
    expect(drop.decodeDrop(bytes(one.bytes)).cid.equals(parseCid(one.cid))).toBe(true)
  })
  refuses(file.invalid, (one) => drop.decodeDrop(bytes(one.bytes)))
  const previous = drop.decodeDrop(bytes(file.followers.previous))
  test('follows the one before', () => {
    drop.verifyDropFollows(previous, undefined)
    drop.verifyDropFollows(drop.decodeDrop(bytes(file.followers.accepted)), previous)
  })
  refuses(file.followers.refused, (one) =>
    drop.verifyDropFollows(drop.decodeDrop(bytes(one.bytes)), previous)
  )
  test('pool id and veto', () => {
    expect(poolIdOf(file.pool.parts)).toBe(file.pool.id)
    const { chainId, contract } = file.pool.parts
    const domain = poolDomain(chainId, contract)
    expect(hex(domainSeparator(domain))).toBe(file.veto.separator)
    const digest = typedDigest(domain, DROP_VETO, file.veto.value)
    expect(hex(digest)).toBe(file.veto.digest)
    expect(recoverAddress(digest, bytes(file.veto.signature))).toBe(file.veto.account)
  })
})
