import { Wallet } from 'ethers'
import { expect, test } from 'vitest'
import {
  domainSeparator,
  keySigner,
  recoverTypedData,
  type TypedDomain,
  type TypedStruct,
  typedDigest,
  typeString,
  verifyTypedData
} from '../../../protocol/base/typed-data.ts'
import { refusal } from './refusal.ts'

const KEY = `0x${'11'.repeat(32)}`
const signer = keySigner(Buffer.from(KEY.slice(2), 'hex'))
const domain: TypedDomain = {
  name: 'test',
  version: '1',
  chainId: 31_337n,
  verifyingContract: `0x${'22'.repeat(20)}`
}
const struct: TypedStruct = {
  name: 'Note',
  fields: [
    { name: 'words', type: 'string' },
    { name: 'count', type: 'uint64' },
    { name: 'of', type: 'bytes32' }
  ]
}
const value = { words: 'hello', count: 3, of: new Uint8Array(32).fill(1) }

test('a key here signs what a wallet signs', async () => {
  const wallet = new Wallet(KEY)
  const theirs = await wallet.signTypedData(domain, { Note: [...struct.fields] }, value)
  const ours = await signer.signTypedData(domain, struct, value)
  expect(Buffer.from(ours.subarray(0, 32)).toString('hex')).toBe(theirs.slice(2, 66))
  expect(signer.address).toBe(wallet.address.toLowerCase())
  expect(recoverTypedData(domain, struct, value, ours)).toBe(signer.address)
  expect(typeString(struct)).toBe('Note(string words,uint64 count,bytes32 of)')
})

test('accepts the account in any case and refuses every other', async () => {
  const signature = await signer.signTypedData(domain, struct, value)
  const check = (account: string) => verifyTypedData(domain, struct, value, signature, account)
  expect(() => check(new Wallet(KEY).address)).not.toThrow()
  expect(await refusal(() => check(`0x${'33'.repeat(20)}`))).toBe('SIGNATURE_INVALID')
})

test.each<[string, TypedDomain, Record<string, unknown>]>([
  ['another chain', { ...domain, chainId: 1n }, value],
  ['another contract', { ...domain, verifyingContract: `0x${'23'.repeat(20)}` }, value],
  ['another domain name', { ...domain, name: 'tesd' }, value],
  ['another version', { ...domain, version: '2' }, value],
  ['a domain without chain', { name: 'test', version: '1' }, value],
  ['another field', domain, { ...value, count: 4 }]
])('a signature does not hold under %s', async (_, otherDomain, otherValue) => {
  const signature = await signer.signTypedData(domain, struct, value)
  const check = () => verifyTypedData(otherDomain, struct, otherValue, signature, signer.address)
  expect(await refusal(check)).toBe('SIGNATURE_INVALID')
})

test('refuses values that the struct cannot hold', async () => {
  const digest = (v: Record<string, unknown>) => refusal(() => typedDigest(domain, struct, v))
  expect(await digest({ ...value, count: -1 })).toBe('RECORD_MALFORMED')
  expect(await digest({ ...value, of: new Uint8Array(31) })).toBe('RECORD_MALFORMED')
  expect(await digest({ words: 'x' })).toBe('RECORD_MALFORMED')
})

test('separators differ by every field of the domain', () => {
  const domains = [domain, { ...domain, chainId: 1n }, { ...domain, name: 'x' }]
  const separators = domains.map((d) => Buffer.from(domainSeparator(d)).toString('hex'))
  expect(new Set(separators).size).toBe(3)
})
