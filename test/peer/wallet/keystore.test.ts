import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../../peer/store/database.ts'
import { openWallet, type Wallet, type WalletInit } from '../../../peer/wallet/wallet.ts'
import { testFolder } from '../../fixtures/network.ts'
import { refusal } from '../../protocol/base/refusal.ts'

const WORDS = 'correct horse battery'
/** Cheap guesses: what is tested here is not their price. */
const cost = { N: 2 ** 10, r: 8, p: 1 }

async function wallet(path: string, init: WalletInit = {}) {
  const database = openDatabase(path)
  onTestFinished(() => database.close())
  return { database, wallet: await openWallet(database, { cost, ...init }) }
}

const fresh = () => join(testFolder(), 'peer.db')

/** Whether any secret of `keys` stands in the files of the database at `path`. */
function isLeaked(path: string, keys: Wallet): boolean {
  const secrets = [
    privateKeyToProtobuf(keys.peerKey).subarray(4),
    keys.peerKey.raw.subarray(0, 32),
    ...keys.list().map(({ secretKey }) => secretKey)
  ]
  const files = [path, `${path}-wal`, `${path}-shm`].filter((file) => existsSync(file))
  return files.some((file) => {
    const bytes = readFileSync(file)
    return secrets.some((secret) => bytes.includes(secret))
  })
}

test('keys that were made under a passphrase never stand on the disk as they are', async () => {
  const path = fresh()
  const first = await wallet(path, { passphrase: WORDS })
  const ann = first.wallet.create('ann')
  expect(first.wallet.keystore).toBe('encrypted')
  expect(isLeaked(path, first.wallet)).toBe(false)
  first.database.close()
  expect(isLeaked(path, first.wallet)).toBe(false)
  const second = await wallet(path, { passphrase: WORDS })
  expect(second.wallet.peerKey.equals(first.wallet.peerKey)).toBe(true)
  expect(second.wallet.account(ann.address).secretKey).toEqual(ann.secretKey)
})

test('encrypting a plain wallet leaves no trace of its keys in the database or its log', async () => {
  const path = fresh()
  const first = await wallet(path)
  for (let i = 0; i < 40; i += 1) first.wallet.create(`member ${i}`)
  expect(first.wallet.keystore).toBe('plain')
  expect(isLeaked(path, first.wallet)).toBe(true)
  first.database.close()
  const second = await wallet(path, { passphrase: WORDS })
  expect(second.wallet.keystore).toBe('encrypted')
  expect(isLeaked(path, first.wallet)).toBe(false)
  second.database.close()
  expect(isLeaked(path, first.wallet)).toBe(false)
  const third = await wallet(path, { passphrase: WORDS })
  expect(third.wallet.list().map(({ secretKey }) => secretKey)).toEqual(
    first.wallet.list().map(({ secretKey }) => secretKey)
  )
})

test('encrypting that was cut off before the files were written anew is finished at the next start', async () => {
  const path = fresh()
  const first = await wallet(path)
  for (let i = 0; i < 40; i += 1) first.wallet.create(`member ${i}`)
  const killed = new Error('killed')
  const vacuum = () => {
    throw killed
  }
  const init = { passphrase: WORDS, cost }
  await expect(openWallet({ ...first.database, vacuum }, init)).rejects.toBe(killed)
  expect(isLeaked(path, first.wallet)).toBe(true)
  // Neither may forget it: who has not the passphrase, and who has.
  expect(await refusal(() => wallet(path))).toBe('KEYSTORE_LOCKED')
  const { wallet: keys } = await wallet(path, { passphrase: WORDS })
  expect(isLeaked(path, keys)).toBe(false)
  expect(keys.list()).toHaveLength(41)
})

test('without the passphrase, or with another, nothing opens and nothing changes', async () => {
  const path = fresh()
  const first = await wallet(path, { passphrase: WORDS })
  first.database.close()
  const before = readFileSync(path)
  expect(await refusal(() => wallet(path))).toBe('KEYSTORE_LOCKED')
  for (const passphrase of ['correct horse batterz', '', `${WORDS} `]) {
    const init = { passphrase, newPassphrase: 'another passphrase' }
    expect(await refusal(() => wallet(path, init))).toBe('PASSPHRASE_WRONG')
  }
  expect(readFileSync(path).equals(before)).toBe(true)
  const again = await wallet(path, { passphrase: WORDS })
  expect(again.wallet.own.secretKey).toEqual(first.wallet.own.secretKey)
})

test('a changed passphrase replaces the earlier one; what it looks like does not matter', async () => {
  const path = fresh()
  const first = await wallet(path, { passphrase: WORDS })
  first.database.close()
  const changed = await wallet(path, { passphrase: WORDS, newPassphrase: 'Zürich im März' })
  changed.database.close()
  expect(await refusal(() => wallet(path, { passphrase: WORDS }))).toBe('PASSPHRASE_WRONG')
  // The same words, typed on a keyboard that composes its letters.
  const { wallet: keys } = await wallet(path, { passphrase: 'Zürich im März'.normalize('NFD') })
  expect(keys.own.secretKey).toEqual(first.wallet.own.secretKey)
})

test('a secret that was moved to another row or changed does not open', async () => {
  const path = fresh()
  const first = await wallet(path, { passphrase: WORDS })
  const [ann, ben] = [first.wallet.create('ann'), first.wallet.create('ben')]
  const { secret } = first.database.get('SELECT secret FROM account WHERE label = ?', 'ann') ?? {}
  first.database.run('UPDATE account SET secret = ? WHERE label = ?', secret ?? null, 'ben')
  first.database.close()
  const { wallet: keys } = await wallet(path, { passphrase: WORDS })
  expect(await refusal(() => keys.account(ben.address).secretKey)).toBe('STORE_FAILED')
  expect(keys.account(ann.address).secretKey).toEqual(ann.secretKey)
})

test('a passphrase too short, and a price of guesses that would take all memory, are refused', async () => {
  const path = fresh()
  expect(await refusal(() => wallet(path, { passphrase: 'seven77' }))).toBe('INPUT_INVALID')
  const { database } = await wallet(path, { passphrase: WORDS })
  database.run('UPDATE keystore SET n = ?', 2 ** 30)
  database.close()
  expect(await refusal(() => wallet(path, { passphrase: WORDS }))).toBe('STORE_FAILED')
})

test('a thousand accounts cost one derivation, and open when they are used', async () => {
  const path = fresh()
  const first = await wallet(path, { passphrase: WORDS, cost: { N: 2 ** 17, r: 8, p: 1 } })
  first.database.transaction(() => {
    for (let i = 0; i < 1_000; i += 1) first.wallet.create(`discord/${i}`)
  })
  first.database.close()
  const startedMs = performance.now()
  const { wallet: keys } = await wallet(path, { passphrase: WORDS })
  const openMs = performance.now() - startedMs
  expect(keys.list()).toHaveLength(1_001)
  expect(keys.find('discord/999')?.signer.address).toBe(first.wallet.find('discord/999')?.address)
  // One guess is about 300 ms; one for each account would take five minutes.
  expect(openMs).toBeLessThan(30_000)
})
