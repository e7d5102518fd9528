import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { openEnvelope, sealEnvelope } from '../../../protocol/base/envelope.ts'
import { isDatanetError } from '../../../protocol/base/errors.ts'
import { refusal } from './refusal.ts'

const DOMAIN = 'datanet/card/1'
const payload = new TextEncoder().encode('payload')
let key: PrivateKey
let sealed: Uint8Array

beforeAll(async () => {
  key = await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, 1))
  sealed = await sealEnvelope(DOMAIN, payload, key)
})

// ENVELOPE-W1
test('gives back the payload and the peer who sealed it', async () => {
  const opened = await openEnvelope(DOMAIN, sealed)
  expect(Buffer.from(opened.payload).toString()).toBe('payload')
  expect(opened.signer.equals(peerIdFromPrivateKey(key))).toBe(true)
})

test('does not open under another domain', async () => {
  expect(await refusal(() => openEnvelope('datanet/offer/1', sealed))).toBe('RECORD_MALFORMED')
})

test('refuses a payload type that was swapped after sealing', async () => {
  const text = Buffer.from(sealed).toString('latin1').replace('datanet/card/1', 'datanet/carp/1')
  const swapped = Uint8Array.from(Buffer.from(text, 'latin1'))
  expect(await refusal(() => openEnvelope('datanet/carp/1', swapped))).toBe('SIGNATURE_INVALID')
})

// ENVELOPE-R1
test('refuses more bytes than allowed', async () => {
  expect(await refusal(() => openEnvelope(DOMAIN, sealed, 10))).toBe('RECORD_TOO_LARGE')
})

test('no changed byte yields another payload or signer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const forged = Uint8Array.from(sealed)
      const i = at % forged.byteLength
      forged[i] = (forged[i] as number) ^ flip
      try {
        const opened = await openEnvelope(DOMAIN, forged)
        expect(Buffer.from(opened.payload).toString()).toBe('payload')
        expect(opened.signer.equals(peerIdFromPrivateKey(key))).toBe(true)
      } catch (error) {
        if (!isDatanetError(error)) throw error
        expect(['RECORD_MALFORMED', 'SIGNATURE_INVALID']).toContain(error.code)
      }
    }),
    { numRuns: 300 }
  )
})

test('refuses noise', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 120 }), async (noise) => {
      expect(['RECORD_MALFORMED', 'SIGNATURE_INVALID']).toContain(
        await refusal(() => openEnvelope(DOMAIN, noise))
      )
    })
  )
})
