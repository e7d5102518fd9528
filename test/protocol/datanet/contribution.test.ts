import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { cidOf, encodeCanonical } from '../../../protocol/base/codec.ts'
import { isDatanetError } from '../../../protocol/base/errors.ts'
import { decodeRecord, encodeRecord } from '../../../protocol/base/schema.ts'
import {
  admitContribution,
  type Contribution,
  consentDigest,
  contributionSchema,
  type SignedContribution,
  signContribution,
  verifyContribution
} from '../../../protocol/datanet/contribution.ts'
import { refusal } from '../base/refusal.ts'
import { contribution, manifest, person, someCid } from './people.ts'

const contributor = person(5)
let signed: SignedContribution

beforeAll(async () => {
  signed = await signContribution(contribution(), contributor)
})

describe('a contribution', () => {
  // CODEC-W2
  test('is verified with its id and its very bytes', () => {
    const verified = verifyContribution(signed.bytes)
    expect(verified.contribution).toEqual(contribution())
    expect(verified.cid.equals(signed.cid)).toBe(true)
    expect(verified.bytes).toBe(signed.bytes)
  })

  test('comes back from its bytes whatever it says', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    const any = fc.record(
      {
        content: fc.record({ title: text, text }),
        author: text,
        sourceUrl: fc.webUrl(),
        origin: fc.constantFrom('direct' as const, 'interaction' as const, 'message' as const),
        salt: fc.uint8Array({ minLength: 16, maxLength: 16 })
      },
      { requiredKeys: ['content'] }
    )
    fc.assert(
      fc.property(any, (change) => {
        const record = contribution(change as Partial<Contribution>)
        const bytes = encodeRecord(contributionSchema, record)
        expect(decodeRecord(contributionSchema, bytes)).toEqual(record)
      })
    )
  })

  // CONTRIBUTION-W1
  test('has another id under another salt', async () => {
    const salted = contribution({ salt: new Uint8Array(16).fill(5) })
    expect((await signContribution(salted, contributor)).cid.equals(signed.cid)).toBe(false)
  })

  test('is not signed by others', async () => {
    const act = () => signContribution(contribution(), person(6))
    expect(await refusal(act)).toBe('SIGNER_UNEXPECTED')
  })

  test('is refused when any byte was changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const forged = Uint8Array.from(signed.bytes)
        const i = at % forged.byteLength
        forged[i] = (forged[i] as number) ^ flip
        expect(['RECORD_MALFORMED', 'RECORD_NOT_CANONICAL', 'SIGNATURE_INVALID']).toContain(
          await refusal(() => verifyContribution(forged))
        )
      }),
      { numRuns: 200 }
    )
  })

  test('is refused under the signature of another contribution', async () => {
    const other = await signContribution(
      contribution({ content: { title: 'bow', text: 'else' } }),
      contributor
    )
    const body = encodeRecord(contributionSchema, contribution())
    const signature = other.bytes.slice(-64)
    const bytes = encodeCanonical({ body, signature })
    expect(await refusal(() => verifyContribution(bytes))).toBe('SIGNATURE_INVALID')
  })

  test.each<[string, Partial<Record<keyof Contribution, unknown>>]>([
    ['a text over 64 KiB', { content: { title: 'bow', text: 'é'.repeat(32_769) } }],
    ['no text', { content: { title: 'bow', text: '' } }],
    ['another origin', { origin: 'scraped' }],
    ['another schema', { schema: 'image/1' }],
    ['a salt of 15 bytes', { salt: new Uint8Array(15) }],
    ['a source that is no URL', { sourceUrl: 'here' }]
  ])('does not exist with %s', async (_, change) => {
    const act = () => signContribution(contribution(change as Partial<Contribution>), contributor)
    expect(await refusal(act)).toBe('RECORD_MALFORMED')
  })

  test('never makes the reader fail without a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        try {
          verifyContribution(noise)
          expect.unreachable()
        } catch (error) {
          expect(isDatanetError(error)).toBe(true)
        }
      })
    )
  })
})

describe('a Datanet', () => {
  const datanet = contribution().datanet
  const admit = async (change: Partial<Contribution>, nowMs = 1_000) => {
    const one = await signContribution(contribution(change), contributor)
    admitContribution(one.contribution, datanet, manifest(), nowMs)
  }

  test('admits what keeps its rules, up to five minutes ahead of its clock', async () => {
    await admit({})
    await admit({ createdAtMs: 301_000 })
  })

  test.each<[string, Partial<Contribution>, string]>([
    ['for another Datanet', { datanet: someCid(1) }, 'CONTRIBUTION_INVALID'],
    ['from the future', { createdAtMs: 301_001 }, 'CONTRIBUTION_INVALID'],
    [
      'to which other words were agreed',
      { consent: { digest: new Uint8Array(32), atMs: 1 } },
      'CONTRIBUTION_INVALID'
    ],
    ['under another licence', { licence: 'GPL-3.0-only' }, 'LICENCE_REFUSED']
  ])('refuses one %s', async (_, change, code) => {
    expect(await refusal(() => admit(change))).toBe(code)
  })

  test('refuses a schema that it does not take', async () => {
    const other = manifest({ schemas: ['image/1'] })
    const act = () => admitContribution(signed.contribution, datanet, other, 1_000)
    expect(await refusal(act)).toBe('CONTRIBUTION_INVALID')
  })
})

test('the consent digest is sha2-256 of the words', () => {
  const words = Buffer.from(manifest().consent)
  expect(consentDigest(manifest())).toEqual(cidOf(words).multihash.digest)
})
