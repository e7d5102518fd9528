import { describe, expect, test } from 'vitest'
import { parseCid } from '../protocol/base/codec.ts'
import { ERRORS } from '../protocol/base/errors.ts'
import { fromWire, toWire } from '../protocol/base/schema.ts'
import { keySigner, typedDigest } from '../protocol/base/typed-data.ts'
import { RECORDS_DOMAIN, type SignedManifest } from '../protocol/datanet/manifest.ts'
import { contributorIn, decodeRowIndex, encodeRowIndex } from '../protocol/datanet/row-index.ts'
import {
  sealTombstone,
  TOMBSTONE,
  tombstoneSchema,
  tombstoneValue,
  verifyTombstone
} from '../protocol/datanet/tombstone.ts'
import { authoriseTombstone } from '../protocol/datanet/withdrawal.ts'
import {
  hostAskSchema,
  hostKeepsSchema,
  hostProofSchema,
  possessionProof
} from '../protocol/net/hosting.ts'
import { PROTOCOLS } from '../protocol/net/ids.ts'
import {
  tombstonesAskSchema,
  tombstonesEndSchema,
  tombstonesPartSchema,
  tombstoneTakenSchema
} from '../protocol/net/tombstones.ts'
import { bothWays, bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

const file = vectors('04-tombstone')

describe('tombstone', () => {
  bothWays(tombstoneSchema, file.valid, 'body')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))(
    '%s is signed to the same bytes',
    async (_, one) => {
      const value = tombstoneValue(one.input)
      expect(hex(typedDigest(RECORDS_DOMAIN, TOMBSTONE, value))).toBe(one.digest)
      const signatures = await Promise.all(
        one.signatures.map(({ account }: Vectors) => {
          const { secretKey } = file.accounts.find((a: Vectors) => a.account === account)
          return keySigner(bytes(secretKey)).signTypedData(RECORDS_DOMAIN, TOMBSTONE, value)
        })
      )
      expect(signatures.map(hex)).toEqual(one.signatures.map((s: Vectors) => s.signature))
      const sealed = sealTombstone(one.input, signatures)
      expect([hex(sealed.bytes), `${sealed.cid}`]).toEqual([one.bytes, one.cid])
      expect(verifyTombstone(bytes(one.bytes), file.nowMs)).toEqual(sealed)
    }
  )
  refuses(file.invalid, (one) => verifyTombstone(bytes(one.bytes), file.nowMs))

  const decide = ({ contributor, handOvers, manifests, ...one }: Vectors) =>
    authoriseTombstone(verifyTombstone(bytes(one.bytes), file.nowMs), {
      contributor,
      handOvers,
      manifest: (cid) => {
        const found = manifests.find((known: Vectors) => known.cid === cid.toString())
        return found && ({ manifest: found } as SignedManifest)
      }
    })
  test.each<[string, Vectors]>(file.authorised.map((v: Vectors) => [v.name, v]))('%s', (_, one) => {
    expect(() => decide(one)).not.toThrow()
  })
  refuses(file.refused, decide)
})

describe('row index', () => {
  const file = vectors('04-row-index')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))('%s', (_, one) => {
    expect(hex(encodeRowIndex(one.input))).toBe(one.bytes)
    expect(decodeRowIndex(bytes(one.bytes))).toEqual(one.input)
    for (const { contribution, contributor } of one.input) {
      expect(contributorIn(bytes(one.bytes), contribution)).toBe(contributor)
    }
    expect(contributorIn(bytes(one.bytes), file.valid[0].input[0].contribution)).toBeDefined()
  })
  refuses(file.invalid, (one) => decodeRowIndex(bytes(one.bytes)))
})

describe('hosting', () => {
  const file = vectors('05-hosting')
  test.each<[string, Vectors]>(file.proofs.map((v: Vectors) => [v.name, v]))('%s', (_, one) => {
    const blocks = one.asked.map((row: number) => bytes(one.rows[row]))
    expect(hex(possessionProof(bytes(one.nonce), blocks))).toBe(one.proof)
  })
  test('a copy and its proof are asked for by frames as the specs show them', () => {
    expect(file.protocol).toBe(PROTOCOLS.host)
    const [keep, kept, prove, proven, other, error] = file.frames.map(
      ({ message }: Vectors) => message.v
    )
    for (const ask of [keep, prove, other]) {
      expect(toWire(hostAskSchema, fromWire(hostAskSchema, ask))).toEqual(ask)
    }
    expect(fromWire(hostKeepsSchema, kept)).toEqual({ ordinal: 3 })
    expect(hex(fromWire(hostProofSchema, proven).proof)).toBe(file.proofs[0].proof)
    expect(error.code).toBe(ERRORS.REPLICA_DECLINED.wire)
  })
})

test('a log is asked for and added to by frames as the specs show them', () => {
  const { protocol, frames } = vectors('05-tombstones')
  expect(protocol).toBe(PROTOCOLS.tombstones)
  const [from, empty, hand, taken, again, part, end] = frames.map(
    ({ message }: Vectors) => message.v
  )
  for (const ask of [from, hand, again]) {
    expect(toWire(tombstonesAskSchema, fromWire(tombstonesAskSchema, ask))).toEqual(ask)
  }
  expect(fromWire(tombstonesEndSchema, empty)).toEqual({ next: 0 })
  expect(fromWire(tombstonesEndSchema, end)).toEqual({ next: 1 })
  const { tombstone, index } = fromWire(tombstoneTakenSchema, taken)
  const [own] = fromWire(tombstonesPartSchema, part).tombstones
  const signed = verifyTombstone(own as Uint8Array, file.nowMs)
  expect([signed.cid.equals(tombstone), index]).toEqual([true, 0])
  expect(signed.tombstone.datanet.equals(parseCid(`${from.datanet}`))).toBe(true)
})
