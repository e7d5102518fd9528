import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../peer/config.ts'
import { startDaemon } from '../../peer/daemon.ts'
import { lockDataDir } from '../../peer/daemon-lock.ts'
import { type EncryptInit, encryptKeys } from '../../peer/encrypt-keys.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { openWallet } from '../../peer/wallet/wallet.ts'
import { testFolder } from '../fixtures/network.ts'
import { refusal } from '../protocol/base/refusal.ts'

async function walletIn(dataDir: string, passphrase?: string) {
  const db = openDatabase(join(dataDir, 'peer.db'))
  try {
    const init = passphrase === undefined ? {} : { passphrase }
    return (await openWallet(db, init)).own.address
  } finally {
    db.close()
  }
}

/** A data directory with plain keys, and a person who gives `answers` one after the other. */
async function world(...answers: string[]) {
  const dataDir = testFolder()
  const address = await walletIn(dataDir)
  const asked: string[] = []
  const init: EncryptInit = {
    dataDir,
    // Cheap guesses: what is tested here is not their price.
    cost: { N: 2 ** 10, r: 8, p: 1 },
    async ask(question) {
      asked.push(question)
      return answers.shift()
    }
  }
  return { dataDir, address, init, asked }
}

test('plain keys are encrypted under what a person types twice, then under another', async () => {
  const first = 'the first words'
  const { dataDir, address, init, asked } = await world(
    first,
    first,
    first,
    'second words',
    'second words'
  )
  expect(await encryptKeys(init)).toEqual({ accounts: 1, wasEncrypted: false })
  expect(await refusal(() => walletIn(dataDir))).toBe('KEYSTORE_LOCKED')
  expect(await encryptKeys(init)).toEqual({ accounts: 1, wasEncrypted: true })
  expect(asked).toHaveLength(5)
  expect(await refusal(() => walletIn(dataDir, first))).toBe('PASSPHRASE_WRONG')
  expect(await walletIn(dataDir, 'second words')).toBe(address)
})

test('where nobody sits, passphrases come from the environment and from files', async () => {
  const { dataDir, address, init, asked } = await world()
  expect(await refusal(() => encryptKeys(init))).toBe('CONFIG_INVALID')
  const keyPassphrase = 'from the environment'
  await encryptKeys({ ...init, keyPassphrase })
  const newPassphraseFile = join(dataDir, 'new')
  writeFileSync(newPassphraseFile, 'from a file\n')
  chmodSync(newPassphraseFile, 0o600)
  await encryptKeys({ ...init, keyPassphrase, newPassphraseFile })
  expect(await walletIn(dataDir, 'from a file')).toBe(address)
  expect(asked).toHaveLength(1)
})

test('a slip of the finger, wrong words and a running peer change nothing', async () => {
  const { dataDir, address, init } = await world('one way typed', 'another way')
  expect(await refusal(() => encryptKeys(init))).toBe('INPUT_INVALID')
  const lock = lockDataDir(dataDir)
  const keyPassphrase = 'long enough'
  expect(await refusal(() => encryptKeys({ ...init, keyPassphrase }))).toBe('CONFIG_INVALID')
  lock.release()
  expect(await walletIn(dataDir)).toBe(address)
  await encryptKeys({ ...init, keyPassphrase })
  const wrong = { ...init, keyPassphrase: 'long enough?' }
  expect(await refusal(() => encryptKeys(wrong))).toBe('PASSPHRASE_WRONG')
  expect(await refusal(() => encryptKeys({ ...init, dataDir: testFolder() }))).toBe(
    'CONFIG_INVALID'
  )
})

test('a daemon starts with the passphrase of its keys only, and does not say it', async () => {
  const { dataDir, init } = await world()
  const words = 'nobody reads this'
  await encryptKeys({ ...init, keyPassphrase: words })
  const lines: string[] = []
  const start = (env: Record<string, string>) =>
    startDaemon(loadConfig({ env, flags: { dataDir, logLevel: 'debug' } }), {
      logTo: { write: (line) => lines.push(line) }
    })
  expect(await refusal(() => start({}))).toBe('KEYSTORE_LOCKED')
  const wrong = { DATANET_KEY_PASSPHRASE: 'some other words' }
  expect(await refusal(() => start(wrong))).toBe('PASSPHRASE_WRONG')
  const daemon = await start({ DATANET_KEY_PASSPHRASE: words })
  try {
    expect(await daemon.peer.api.status()).toMatchObject({ keystore: 'encrypted' })
    const again = { ...init, keyPassphrase: words, ask: async () => 'other words' }
    expect(await refusal(() => encryptKeys(again))).toBe('CONFIG_INVALID')
  } finally {
    await daemon.stop()
  }
  expect(lines.join('\n')).not.toContain(words)
  expect(lines.length).toBeGreaterThan(0)
})
