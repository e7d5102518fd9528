import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../../peer/store/database.ts'
import { openWallet } from '../../../peer/wallet/wallet.ts'
import { addressOfPublicKey, publicKeyOf } from '../../../protocol/base/secp256k1.ts'
import { recoverTypedData } from '../../../protocol/base/typed-data.ts'
import { testFolder } from '../../fixtures/network.ts'
import { refusal } from '../../protocol/base/refusal.ts'

const DOMAIN = { name: 'test', version: '1' }
const STRUCT = { name: 'Note', fields: [{ name: 'text', type: 'string' }] }

async function wallet(path = ':memory:') {
  const database = openDatabase(path)
  onTestFinished(() => database.close())
  return { database, wallet: await openWallet(database) }
}

test('the peer’s key, its own account and all others are the same after a restart', async () => {
  const path = join(testFolder(), 'peer.db')
  const first = await wallet(path)
  const ann = first.wallet.create('ann')
  first.database.close()
  const second = await wallet(path)
  expect(second.wallet.peerKey.equals(first.wallet.peerKey)).toBe(true)
  expect(second.wallet.own.address).toBe(first.wallet.own.address)
  expect(second.wallet.list().map(({ label }) => label)).toEqual(['own', 'ann'])
  expect(second.wallet.account(ann.address).secretKey).toEqual(ann.secretKey)
})

test('two peers never share a key', async () => {
  const [a, b] = [(await wallet()).wallet, (await wallet()).wallet]
  expect(a.own.address).not.toBe(b.own.address)
  expect(a.peerKey.equals(b.peerKey)).toBe(false)
})

test('an account signs as itself, and is found in whatever case its address is written', async () => {
  const { wallet: keys } = await wallet()
  const ann = keys.create('ann')
  expect(ann.address).toBe(addressOfPublicKey(publicKeyOf(ann.secretKey)))
  const account = keys.account(ann.address.toUpperCase().replace('0X', '0x'))
  const value = { text: 'hello' }
  const signature = await account.signer.signTypedData(DOMAIN, STRUCT, value)
  expect(recoverTypedData(DOMAIN, STRUCT, value, signature)).toBe(ann.address)
})

test('a label is used once, and accounts of others cannot be signed for', async () => {
  const { wallet: keys } = await wallet()
  keys.create('ann')
  expect(await refusal(() => keys.create('ann'))).toBe('INPUT_INVALID')
  expect(await refusal(() => keys.create('own'))).toBe('INPUT_INVALID')
  expect(await refusal(() => keys.create(`0x${'Aa'.repeat(20)}`))).toBe('INPUT_INVALID')
  for (const unseen of ['a\nb', 'a\0', ' a', 'a ', '\u202ea', 'a\u200b', '\ud800', 'e\u0301']) {
    expect(await refusal(() => keys.create(unseen))).toBe('INPUT_INVALID')
  }
  expect(await refusal(() => keys.account(`0x${'11'.repeat(20)}`))).toBe('SIGNER_UNEXPECTED')
  expect(keys.list()).toHaveLength(2)
})
