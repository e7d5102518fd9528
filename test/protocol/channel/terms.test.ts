import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeRecord, encodeRecord } from '../../../protocol/base/schema.ts'
import { typedDigest, typeString } from '../../../protocol/base/typed-data.ts'
import {
  channelIdOf,
  escrowDomain,
  TERMS,
  termsFromOffer,
  termsSchema
} from '../../../protocol/channel/terms.ts'
import { verifyTerms } from '../../../protocol/channel/verify-terms.ts'

const address = (n: number) => `0x${n.toString(16).padStart(40, '0')}`
const hash = (n: number) => `0x${n.toString(16).padStart(64, '0')}`
const payment = {
  chainId: 31_337,
  escrow: address(1),
  pool: address(2),
  registry: address(3),
  token: address(4),
  operator: address(5),
  receiptSigner: address(6),
  auditor: hash(7),
  withdrawDelayS: 86_400
}
const payer = { payer: address(8), signer: address(9), salt: hash(10) }
const terms = termsFromOffer(payment, payer)
const domain = escrowDomain(payment.chainId, payment.escrow)

describe('terms', () => {
  test('have the type string that the escrow hashes', () => {
    expect(typeString(TERMS)).toBe(
      'Terms(address payer,address signer,address operator,address receiptSigner,bytes32 auditor,address token,uint32 withdrawDelayS,bytes32 salt)'
    )
  })

  test('take everything from the offer but the payer, its signer and the salt', () => {
    const { operator, receiptSigner, auditor, token, withdrawDelayS } = payment
    expect(terms).toEqual({ ...payer, operator, receiptSigner, auditor, token, withdrawDelayS })
    expect(verifyTerms(terms, payment)).toBe(channelIdOf(domain, terms))
  })

  test('name a channel by their EIP-712 digest, another one for every field, chain and escrow', () => {
    const ids = [
      channelIdOf(domain, terms),
      channelIdOf(escrowDomain(1, payment.escrow), terms),
      channelIdOf(escrowDomain(payment.chainId, address(99)), terms),
      ...Object.keys(terms).map((name) => {
        const value =
          name === 'withdrawDelayS'
            ? 1
            : name === 'auditor' || name === 'salt'
              ? hash(99)
              : address(99)
        return channelIdOf(domain, { ...terms, [name]: value })
      })
    ]
    expect(ids[0]).toBe(`0x${Buffer.from(typedDigest(domain, TERMS, terms)).toString('hex')}`)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test.each(['operator', 'receiptSigner', 'token'])('with another %s are refused', (field) => {
    expect(() => verifyTerms({ ...terms, [field]: address(99) }, payment)).toThrow(
      expect.objectContaining({ code: 'TERMS_MISMATCH', details: { field } })
    )
  })

  test('with another auditor are refused', () => {
    expect(() => verifyTerms({ ...terms, auditor: hash(99) }, payment)).toThrow(
      expect.objectContaining({ code: 'TERMS_MISMATCH', details: { field: 'auditor' } })
    )
  })

  test('with a shorter delay than offered are refused', () => {
    expect(() => verifyTerms({ ...terms, withdrawDelayS: 1 }, payment)).toThrow(
      expect.objectContaining({ code: 'TERMS_MISMATCH', details: { field: 'withdrawDelayS' } })
    )
  })

  test.each(['payer', 'signer'])('without a %s are refused', (field) => {
    expect(() => verifyTerms({ ...terms, [field]: address(0) }, payment)).toThrow(
      expect.objectContaining({ code: 'TERMS_MISMATCH', details: { field } })
    )
  })

  test.each([
    ['chainId', { chainId: 1, escrow: payment.escrow }],
    ['escrow', { chainId: payment.chainId, escrow: address(99) }]
  ])('on another %s are refused', (field, chain) => {
    expect(() => verifyTerms(terms, payment, chain)).toThrow(
      expect.objectContaining({ code: 'CHAIN_MISMATCH', details: { field } })
    )
  })

  test('survive their wire form, and no other bytes pass for them', () => {
    const bytes = encodeRecord(termsSchema, terms)
    expect(decodeRecord(termsSchema, bytes)).toEqual(terms)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const mutant = Uint8Array.from(bytes)
        mutant[at] = (mutant[at] as number) ^ flip
        try {
          expect(decodeRecord(termsSchema, mutant)).not.toEqual(terms)
        } catch (error) {
          expect(error).toMatchObject({ name: 'DatanetError' })
        }
      })
    )
  })
})
