import { describe, expect, test } from 'vitest'
import { parseCid } from '../protocol/base/codec.ts'
import { encodeRecord, fromWire, toWire } from '../protocol/base/schema.ts'
import { keySigner, typedDigest } from '../protocol/base/typed-data.ts'
import { BOUNTY, bountySchema, signBounty, verifyBounty } from '../protocol/datanet/bounty.ts'
import { BOUNTY_CONSENT } from '../protocol/datanet/bounty-consent.ts'
import { fillSchema, signFill, verifyFill } from '../protocol/datanet/bounty-fill.ts'
import { lockFor, lockIdOf } from '../protocol/datanet/bounty-lock.ts'
import { RECORDS_DOMAIN } from '../protocol/datanet/manifest.ts'
import {
  bountiesAskSchema,
  bountiesEndSchema,
  bountiesPartSchema,
  bountyTakenSchema
} from '../protocol/net/bounties.ts'
import { PROTOCOLS } from '../protocol/net/ids.ts'
import { bothWays, bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

const file = vectors('04-bounty')
const { chainKey: datanetKey, domain, token, nowMs } = file
const signerOf = (account: string) => {
  const { secretKey } = file.accounts.find((one: Vectors) => one.account === account)
  return keySigner(bytes(secretKey))
}

describe('bounty', () => {
  bothWays(bountySchema, file.valid, 'body')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))(
    '%s is signed to the same bytes, and has its lock',
    async (_, one) => {
      const { datanet, question, requester } = one.input
      const cid = parseCid(one.cid)
      const value = { datanet: datanet.multihash.digest, question, bounty: cid.multihash.digest }
      expect(hex(typedDigest(RECORDS_DOMAIN, BOUNTY, value))).toBe(one.digest)
      const signed = await signBounty(one.input, signerOf(requester))
      expect([hex(signed.bytes), `${signed.cid}`]).toEqual([one.bytes, one.cid])
      expect(verifyBounty(bytes(one.bytes), nowMs)).toEqual(signed)
      const lock = lockFor(signed, { datanetKey, token })
      const { id, expiresAt, ...terms } = one.lock
      expect(lock).toEqual({ ...terms, expiresAtS: expiresAt })
      expect(lockIdOf(domain, lock)).toBe(id)
    }
  )
  refuses(file.invalid, (one) => verifyBounty(bytes(one.bytes), nowMs))
  test('agrees to the words on the page', () => {
    expect(BOUNTY_CONSENT).toBe(file.consent)
  })
})

describe('fill', () => {
  const { fills } = file
  const place = { domain, lock: fills.lock }
  test.each<[string, Vectors]>(fills.valid.map((v: Vectors) => [v.name, v]))(
    '%s',
    async (_, one) => {
      const { version: _v, signature: _s, curator, ...said } = one.input
      const signed = await signFill(said, signerOf(curator), place)
      expect(hex(signed.bytes)).toBe(one.bytes)
      expect(hex(encodeRecord(fillSchema, one.input))).toBe(one.bytes)
      expect(verifyFill(bytes(one.bytes), place)).toEqual(signed)
      const own = signFill({ ...said, account: curator }, signerOf(curator), place)
      await expect(own).rejects.toMatchObject({ code: 'BOUNTY_REFUSED' })
    }
  )
  refuses(fills.invalid, (one) => verifyFill(bytes(one.bytes), place))
})

test('bounties are handed in and listed by frames as the specs show them', () => {
  const { protocol, frames } = vectors('05-bounties')
  expect(protocol).toBe(PROTOCOLS.bounties)
  const [hand, taken, fill, filled, list, part, end] = frames.map(
    ({ message }: Vectors) => message.v
  )
  for (const ask of [hand, fill, list]) {
    expect(toWire(bountiesAskSchema, fromWire(bountiesAskSchema, ask))).toEqual(ask)
  }
  const { bounty: cid, isListed } = fromWire(bountyTakenSchema, taken)
  expect(isListed).toBe(true)
  expect(fromWire(bountyTakenSchema, filled)).toEqual({ bounty: cid, isListed })
  const [one] = fromWire(bountiesPartSchema, part).bounties
  expect(verifyBounty(one?.bounty as Uint8Array, nowMs).cid.equals(cid)).toBe(true)
  expect(one?.answers).toMatchObject([{ status: 'accepted' }])
  expect(fromWire(bountiesEndSchema, end)).toEqual({ bounties: 1 })
})
