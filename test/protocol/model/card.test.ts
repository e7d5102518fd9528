import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { sealEnvelope } from '../../../protocol/base/envelope.ts'
import { encodeRecord } from '../../../protocol/base/schema.ts'
import {
  cardSchema,
  type ModelCard,
  type SignedCard,
  signCard,
  verifyCard
} from '../../../protocol/model/card.ts'
import { refusal } from '../base/refusal.ts'
import { card, NOW_MS, peer } from './sample-model.ts'

const DAY_MS = 86_400_000
let issuer: Awaited<ReturnType<typeof peer>>
let other: Awaited<ReturnType<typeof peer>>
let signed: SignedCard

beforeAll(async () => {
  issuer = await peer(1)
  other = await peer(2)
  signed = await signCard(card(issuer.id), issuer.key)
})

test('a card is verified as its issuer sealed it', async () => {
  const verified = await verifyCard(signed.bytes, NOW_MS)
  expect(verified.card).toEqual(card(issuer.id))
  expect(verified.cid.equals(signed.cid)).toBe(true)
  expect(verified.bytes).toBe(signed.bytes)
})

// ENVELOPE-R4
test('a card is not sealed by another peer, and not taken from one', async () => {
  const mine = card(issuer.id)
  expect(await refusal(() => signCard(mine, other.key))).toBe('SIGNER_UNEXPECTED')
  const forged = await sealEnvelope('datanet/card/1', encodeRecord(cardSchema, mine), other.key)
  expect(await refusal(() => verifyCard(forged, NOW_MS))).toBe('SIGNER_UNEXPECTED')
})

test('a card sealed as an offer is refused', async () => {
  const body = encodeRecord(cardSchema, card(issuer.id))
  const sealed = await sealEnvelope('datanet/offer/1', body, issuer.key)
  expect(await refusal(() => verifyCard(sealed, NOW_MS))).toBe('RECORD_MALFORMED')
})

test('a card holds from five minutes before its date until a week after', async () => {
  const at = (nowMs: number) => verifyCard(signed.bytes, nowMs)
  await at(NOW_MS - 300_000)
  await at(NOW_MS + 7 * DAY_MS)
  expect(await refusal(() => at(NOW_MS - 300_001))).toBe('RECORD_FROM_FUTURE')
  expect(await refusal(() => at(NOW_MS + 7 * DAY_MS + 1))).toBe('RECORD_EXPIRED')
})

test('no changed byte of a sealed card gives another card', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const forged = Uint8Array.from(signed.bytes)
      const i = at % forged.byteLength
      forged[i] = (forged[i] as number) ^ flip
      const outcome = await verifyCard(forged, NOW_MS).then(
        (verified) => verified.card,
        (error) => error.code
      )
      if (typeof outcome === 'object') expect(outcome).toEqual(card(issuer.id))
      else expect(['RECORD_MALFORMED', 'SIGNATURE_INVALID', 'SIGNER_UNEXPECTED']).toContain(outcome)
    }),
    { numRuns: 200 }
  )
})

describe('a card does not exist with', () => {
  test.each<[string, Partial<Record<keyof ModelCard, unknown>>]>([
    ['capitals in its name', { name: 'Sea' }],
    ['a name that ends in a dash', { name: 'sea-' }],
    ['a name of 65 letters', { name: 'a'.repeat(65) }],
    ['no revision', { revisions: [] }],
    ['no language', { languages: [] }],
    ['another tokenizer', { tokenizer: 'cl100k_base' }],
    ['a builder that is no address', { builder: 'me' }]
  ])('%s', async (_, change) => {
    const act = () => signCard(card(issuer.id, change as Partial<ModelCard>), issuer.key)
    expect(await refusal(act)).toBe('RECORD_MALFORMED')
  })
})
