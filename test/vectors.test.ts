import { execFileSync } from 'node:child_process'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import { parseHandOverRow } from '../peer/services/revision/revision-hand-over-rows.ts'
import * as codec from '../protocol/base/codec.ts'
import { type EnvelopeDomain, openEnvelope, sealEnvelope } from '../protocol/base/envelope.ts'
import { isInMerkleTree } from '../protocol/base/merkle.ts'
import { recoverAddress, secp256k1 } from '../protocol/base/secp256k1.ts'
import { domainSeparator, keySigner, typedDigest } from '../protocol/base/typed-data.ts'
import { weiFromBytes, weiToBytes } from '../protocol/base/units.ts'
import { escrowDomain } from '../protocol/channel/terms.ts'
import * as handOver from '../protocol/datanet/hand-over.ts'
import * as manifest from '../protocol/datanet/manifest.ts'
import * as review from '../protocol/datanet/review.ts'
import * as revision from '../protocol/datanet/revision.ts'
import * as card from '../protocol/model/card.ts'
import * as offer from '../protocol/model/offer.ts'
import { createOutputMeter, priceWei, royaltyWei, tokensOf } from '../protocol/model/price.ts'
import { createFrameDecoder, encodeFrames } from '../protocol/net/frames.ts'
import { bucketsOf, rendezvousCid } from '../protocol/net/ids.ts'
import { poolDomain } from '../protocol/reward/veto.ts'
import { refusal } from './protocol/base/refusal.ts'
import { bothWays, bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

const signerOf = ({ secretKey }: { secretKey: string }) => keySigner(bytes(secretKey))
const peerKey = (seed: string) => generateKeyPairFromSeed('Ed25519', bytes(seed))

test('the committed files are what the script makes', () => {
  execFileSync(process.execPath, ['specs/make-vectors.mjs', '--check'], { stdio: 'pipe' })
})

describe('codec', () => {
  const file = vectors('02-codec')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))('%s', (_, one) => {
    expect(hex(codec.encodeCanonical(one.value))).toBe(one.bytes)
    expect(codec.decodeCanonical(bytes(one.bytes))).toEqual(one.value)
    expect(codec.cidOf(bytes(one.bytes)).toString()).toBe(one.cid)
  })
  refuses(file.invalid, (one) => codec.decodeCanonical(bytes(one.bytes)))
  test('CIDs', () => {
    for (const one of file.cids.valid) {
      const kind = one.codec === 'raw' ? codec.RAW : codec.DAG_CBOR
      expect(codec.cidOf(bytes(one.bytes), kind).toString()).toBe(one.cid)
      expect(codec.parseCid(one.cid).toString()).toBe(one.cid)
    }
  })
  refuses(file.cids.invalid, (one) => codec.verifyCid(codec.parseCid(one.cid), bytes(one.bytes)))
  refuses(file.cids.text, (one) => codec.parseCid(one.cid))
})

describe('amounts', () => {
  const file = vectors('02-amounts')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.wei, v]))('%s', (wei, one) => {
    expect(hex(weiToBytes(BigInt(wei)))).toBe(one.bytes)
    expect(weiFromBytes(bytes(one.bytes))).toBe(BigInt(wei))
  })
  refuses(file.invalid, (one) => weiFromBytes(bytes(one.bytes)))
})

describe('frames', () => {
  const { maxBytes, valid, invalid } = vectors('02-frames')
  const read = (data: Uint8Array) => {
    const decoder = createFrameDecoder(maxBytes)
    return { frames: decoder.feed(data), inFrame: decoder.inFrame }
  }
  test.each<[string, Vectors]>(valid.map((v: Vectors) => [v.name, v]))('%s', (_, one) => {
    expect(hex(encodeFrames([one.value], maxBytes))).toBe(one.bytes)
    const { frames, inFrame } = read(bytes(one.bytes))
    expect(frames.map((frame) => codec.decodeCanonical(frame))).toEqual([one.value])
    expect(inFrame).toBe(false)
  })
  // What a content or an end inside a frame comes to is a stream's matter: test/protocol/net/frames.
  const ofLengths = invalid.filter((v: Vectors) => /R[12]$/.test(v.requirement))
  refuses(ofLengths, (one) => read(bytes(one.bytes)))
  test('FRAME-R3 and R4: no whole canonical frame', async () => {
    for (const one of invalid.filter((v: Vectors) => /R[34]$/.test(v.requirement))) {
      const { frames, inFrame } = read(bytes(one.bytes))
      if (one.requirement === 'FRAME-R4') expect([frames.length, inFrame]).toEqual([0, true])
      else await refusal(() => codec.decodeCanonical(frames[0] as Uint8Array))
    }
  })
})

describe('contributions tree', () => {
  const file = vectors('02-merkle')
  test.each<[number, Vectors]>(file.valid.map((v: Vectors) => [v.leaves.length, v]))(
    '%d rows',
    (_, one) => {
      const tree = revision.contributionsTree(one.contributions.map((c: string) => CID.parse(c)))
      expect(hex(tree.root)).toBe(one.root)
      for (const [row, leaf] of one.leaves.entries()) {
        const cid = CID.parse(one.contributions[row])
        expect(hex(revision.contributionLeaf(cid, row))).toBe(leaf)
        expect(tree.proof(row).map(hex)).toEqual(one.proofs[row])
        expect(isInMerkleTree(tree.root, bytes(leaf), one.proofs[row].map(bytes))).toBe(true)
      }
    }
  )
  test.each<[string, Vectors]>(file.invalid.map((v: Vectors) => [v.name, v]))(
    'MERKLE-R1 %s',
    (_, one) => {
      const leaf = revision.contributionLeaf(CID.parse(one.contribution), one.row)
      expect(isInMerkleTree(bytes(one.root), leaf, one.proof.map(bytes))).toBe(false)
    }
  )
})

describe('signatures', () => {
  const file = vectors('03-signatures')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.account, v]))('%s', (_, one) => {
    expect(hex(secp256k1.sign(bytes(one.digest), bytes(one.secretKey)))).toBe(one.signature)
    expect(recoverAddress(bytes(one.digest), bytes(one.signature))).toBe(one.account)
    expect(signerOf(one).address).toBe(one.account)
  })
  refuses(file.invalid, (one) => recoverAddress(bytes(one.digest), bytes(one.bytes)))
  test('separators of the four domains', () => {
    const { chainId, escrow, registry, pool } = file.chain
    expect({
      records: hex(domainSeparator(manifest.RECORDS_DOMAIN)),
      escrow: hex(domainSeparator(escrowDomain(chainId, escrow))),
      registry: hex(domainSeparator(revision.registryDomain(chainId, registry))),
      pool: hex(domainSeparator(poolDomain(chainId, pool)))
    }).toEqual(file.separators)
  })
})

describe('envelope', () => {
  const file = vectors('03-envelope')
  test('both ways', async () => {
    const [one] = file.valid
    const key = await peerKey(one.seed)
    expect(hex(await sealEnvelope(one.domain, bytes(one.payload), key))).toBe(one.bytes)
    const { payload, signer } = await openEnvelope(one.domain, bytes(one.bytes))
    expect([hex(payload), signer.toString()]).toEqual([one.payload, one.signer])
  })
  refuses(file.invalid, (one) => openEnvelope(one.domain as EnvelopeDomain, bytes(one.bytes)))
})

describe('manifest', () => {
  const file = vectors('04-manifest')
  const read = (one: Vectors) =>
    manifest.verifyManifest(
      bytes(one.bytes),
      one.previous === undefined ? undefined : manifest.verifyManifest(bytes(one.previous))
    )
  bothWays(manifest.manifestSchema, file.valid, 'body')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))(
    '%s is signed to the same bytes',
    async (_, one) => {
      const verified = read(one)
      expect(verified.manifest).toEqual(one.input)
      const approvers = one.approvals.map((a: string) =>
        recoverAddress(bytes(one.digest), bytes(a))
      )
      const signers = approvers.map((a: string) =>
        signerOf(file.accounts.find((known: Vectors) => known.account === a))
      )
      const signed = await manifest.signManifest(one.input, signers)
      expect([hex(signed.bytes), `${signed.cid}`]).toEqual([one.bytes, one.cid])
      if (one.chainKey) expect(manifest.datanetKey(signed)).toBe(`0x${one.chainKey}`)
    }
  )
  refuses(file.invalid, read)
})

describe('hand-over', () => {
  const file = vectors('04-hand-over')
  const utf8 = (text: string) => new TextEncoder().encode(text)
  bothWays(handOver.handOverSchema, file.valid, 'body')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))(
    '%s is signed to the same bytes and stands in its row',
    async (_, one) => {
      const sign = (address: string) =>
        signerOf(file.accounts.find((a: Vectors) => a.account === address)).signTypedData(
          manifest.RECORDS_DOMAIN,
          handOver.HAND_OVER,
          one.input
        )
      const [oldSignature, newSignature] = await Promise.all(
        [one.input.oldAccount, one.input.newAccount].map(sign)
      )
      expect([oldSignature, newSignature].map((s) => hex(s as Uint8Array))).toEqual([
        one.oldSignature,
        one.newSignature
      ])
      const signatures = { oldSignature, newSignature } as Parameters<
        typeof handOver.sealHandOver
      >[1]
      const sealed = handOver.sealHandOver(one.input, signatures)
      expect([hex(sealed.bytes), `${sealed.cid}`]).toEqual([one.bytes, one.cid])
      expect(handOver.verifyHandOver(bytes(one.bytes), file.nowMs).handOver).toEqual(one.input)
      expect(parseHandOverRow(utf8(one.row), file.nowMs)).toEqual(sealed)
    }
  )
  refuses(file.invalid, (one) => handOver.verifyHandOver(bytes(one.bytes), file.nowMs))
  refuses(file.rows, (one) => parseHandOverRow(utf8(one.row), file.nowMs))
  test.each<[string, Vectors]>(file.owners.map((v: Vectors) => [v.name, v]))('%s', (_, one) => {
    expect(handOver.ownersAfter(one.handOvers)(one.account)).toBe(one.owner)
  })
  refuses(file.refused, (one) => handOver.ownersAfter(one.handOvers))
})

describe('review', () => {
  const file = vectors('04-review')
  bothWays(review.reviewSchema, file.valid, 'body')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))(
    '%s is signed to the same bytes',
    async (_, one) => {
      const curator = file.accounts.find((a: Vectors) => a.account === one.input.curator)
      const signed = await review.signReview(one.input, signerOf(curator))
      expect([hex(signed.bytes), `${signed.cid}`]).toEqual([one.bytes, one.cid])
      expect(review.verifyReview(bytes(one.bytes)).review).toEqual(one.input)
    }
  )
  refuses(file.invalid, (one) => review.verifyReview(bytes(one.bytes)))
})

describe('revision', () => {
  const file = vectors('04-revision')
  bothWays(revision.revisionSchema, file.valid)
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))(
    '%s is approved and holds its rows',
    (_, one) => {
      expect(`${revision.revisionCid(one.input)}`).toBe(one.cid)
      const domain = revision.registryDomain(file.domain.chainId, file.domain.registry)
      const value = revision.revisionApproval(`0x${file.chainKey}`, one.input)
      const digest = typedDigest(domain, revision.REVISION_APPROVAL, value)
      expect(hex(digest)).toBe(one.approval.digest)
      for (const { account, signature } of one.approval.signatures) {
        expect(recoverAddress(digest, bytes(signature))).toBe(account)
      }
      const rows = one.contributions.map((c: string) => CID.parse(c))
      revision.verifyRevisionRows(one.input, rows)
    }
  )
  refuses(file.invalid, (one) => revision.decodeRevision(bytes(one.bytes)))
  refuses(file.rows.refused, (one) =>
    revision.verifyRevisionRows(
      revision.decodeRevision(bytes(one.bytes)),
      one.contributions.map((c: string) => CID.parse(c))
    )
  )
})

describe('rendezvous', () => {
  const file = vectors('05-rendezvous')
  test('keys', () => {
    for (const { kind, value, bucket, cid } of file.keys) {
      expect(`${rendezvousCid(kind, value, bucket)}`).toBe(cid)
    }
  })
  // RENDEZVOUS-W1
  test('buckets of a peer on two days', () => {
    for (const { kind, peer, nowMs, buckets } of file.places) {
      expect(bucketsOf(kind, peer, nowMs)).toEqual(buckets)
    }
  })
  refuses(file.invalid, (one) => rendezvousCid(one.kind, one.value, one.bucket))
})

describe('card', () => {
  const file = vectors('06-card')
  bothWays(card.cardSchema, file.valid, 'body')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))(
    '%s',
    async (_, one) => {
      const signed = await card.signCard(one.input, await peerKey(one.seed))
      expect([hex(signed.bytes), `${signed.cid}`]).toEqual([one.bytes, one.cid])
      expect((await card.verifyCard(bytes(one.bytes), one.nowMs)).card).toEqual(one.input)
    }
  )
  refuses(file.invalid, (one) => card.verifyCard(bytes(one.bytes), one.nowMs))
})

describe('offer', () => {
  const file = vectors('06-offer')
  bothWays(offer.offerSchema, file.valid, 'body')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))(
    '%s',
    async (_, one) => {
      const signed = await offer.signOffer(one.input, await peerKey(one.seed))
      expect([hex(signed.bytes), `${signed.cid}`]).toEqual([one.bytes, one.cid])
      expect((await offer.verifyOffer(bytes(one.bytes), one.nowMs)).offer).toEqual(one.input)
    }
  )
  refuses(file.invalid, (one) => offer.verifyOffer(bytes(one.bytes), one.nowMs))
  const keep = ({ policy }: Vectors) =>
    offer.verifyRoyaltyFloor({ ...file.valid[0].input, policy }, [file.floor.manifest])
  test('at or above the floor', () => {
    for (const one of file.floor.cases) if (one.error === undefined) keep(one)
  })
  refuses(
    file.floor.cases.filter((c: Vectors) => c.error),
    keep
  )
  const keepAll = ({ policy, asked }: Vectors) =>
    offer.verifyRoyaltyFloor(
      { ...file.valid[0].input, policy },
      asked.map((royalty: Vectors) => ({ ...file.floor.manifest, royalty }))
    )
  test('at or above the floor of several Datanets', () => {
    for (const one of file.floor.several) if (one.error === undefined) keepAll(one)
  })
  refuses(
    file.floor.several.filter((c: Vectors) => c.error),
    keepAll
  )
})

test('price', () => {
  const file = vectors('06-price')
  for (const one of file.valid) {
    const amount = priceWei(file.price, one.usage)
    expect([amount, royaltyWei(amount, one.royaltyPpm)]).toEqual(
      [one.priceWei, one.royaltyWei].map(BigInt)
    )
  }
  for (const one of file.tokens)
    expect([one.text, tokensOf(one.text)]).toEqual([one.text, one.tokens])
  for (const { chunks, tokens } of file.running) {
    const meter = createOutputMeter()
    expect(chunks.map((chunk: string) => meter.push(chunk))).toEqual(tokens)
  }
})
