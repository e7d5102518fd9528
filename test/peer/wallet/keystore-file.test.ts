import { Wallet } from 'ethers'
import { expect, test } from 'vitest'
import {
  openKeystoreFile,
  readAddress,
  sealKeystoreFile
} from '../../../peer/wallet/keystore-file.ts'
import { refusal } from '../../protocol/base/refusal.ts'

const CHEAP = { N: 1024, r: 8, p: 1 }
const key = new Uint8Array(32).fill(7)
const wallet = new Wallet(`0x${Buffer.from(key).toString('hex')}`)
const address = wallet.address.toLowerCase()
const PASSPHRASE = 'correct horse'

// The test vector of the Web3 Secret Storage Definition, with pbkdf2.
const VECTOR = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
    ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
    kdf: 'pbkdf2',
    kdfparams: {
      c: 262144,
      dklen: 32,
      prf: 'hmac-sha256',
      salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd'
    },
    mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2'
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3
}

test('what is sealed here is opened by any wallet, and the other way round', async () => {
  const sealed = await sealKeystoreFile(address, key, PASSPHRASE, CHEAP)
  expect(sealed).not.toContain(Buffer.from(key).toString('hex'))
  expect((await Wallet.fromEncryptedJson(sealed, PASSPHRASE)).address).toBe(wallet.address)
  const theirs = await wallet.encrypt(PASSPHRASE)
  expect(await openKeystoreFile(theirs, PASSPHRASE)).toEqual(key)
  expect(await openKeystoreFile(JSON.stringify(VECTOR), 'testpassword')).toEqual(
    Uint8Array.from(
      Buffer.from('7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d', 'hex')
    )
  )
})

test('a passphrase that does not open it is told apart from a file that is none', async () => {
  const sealed = await sealKeystoreFile(address, key, PASSPHRASE, CHEAP)
  expect(await refusal(() => openKeystoreFile(sealed, 'wrong horse'))).toBe('PASSPHRASE_WRONG')
  for (const text of ['', 'no json', '[]', '{}', '{"version":3}', sealed.slice(0, -20)]) {
    expect(await refusal(() => openKeystoreFile(text, PASSPHRASE))).toBe('INPUT_INVALID')
  }
  expect(await refusal(() => sealKeystoreFile(address, key, 'short', CHEAP))).toBe('INPUT_INVALID')
})

// MONEY-R2
test('a file that would take all memory or time, or names another account, is refused', async () => {
  const sealed = JSON.parse(await sealKeystoreFile(address, key, PASSPHRASE, CHEAP))
  const crypto = sealed.Crypto ?? sealed.crypto
  const costing = (kdfparams: object, kdf = 'scrypt') =>
    JSON.stringify({ ...VECTOR, crypto: { ...crypto, kdf, kdfparams } })
  const { salt } = crypto.kdfparams
  for (const text of [
    costing({ n: 2 ** 30, r: 8, p: 1, dklen: 32, salt }),
    costing({ n: 2 ** 18, r: 2 ** 12, p: 1, dklen: 32, salt }),
    costing({ n: 1024, r: 8, p: 2 ** 20, dklen: 32, salt }),
    costing({ c: 2 ** 40, dklen: 32, prf: 'hmac-sha256', salt }, 'pbkdf2'),
    costing({ N: 2 ** 30, r: 8, p: 1, dklen: 32, salt }),
    JSON.stringify({ ...sealed, address: 'ab'.repeat(20) })
  ]) {
    expect(await refusal(() => openKeystoreFile(text, PASSPHRASE)), text).toBe('INPUT_INVALID')
  }
})

// MONEY-R1
test('an address is taken in one case, or with the checksum that fits', async () => {
  const mixed = wallet.address
  expect(readAddress(mixed)).toBe(address)
  expect(readAddress(address)).toBe(address)
  const at = mixed.search(/[a-f]/)
  const mistyped = mixed.slice(0, at) + mixed.charAt(at).toUpperCase() + mixed.slice(at + 1)
  for (const text of [mistyped, '0x12', `0x${'0'.repeat(40)}`, 'ann', `${address}0`]) {
    expect(await refusal(async () => readAddress(text)), text).toBe('INPUT_INVALID')
  }
})
