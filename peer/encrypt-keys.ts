import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatanetError } from '../protocol/base/errors.ts'
import { lockDataDir } from './daemon-lock.ts'
import { openDatabase } from './store/database.ts'
import { openKeystore, type ScryptCost } from './wallet/keystore.ts'
import { passphraseOf } from './wallet/passphrase.ts'
import { openWallet } from './wallet/wallet.ts'

/** What to encrypt, and where passphrases come from. */
export interface EncryptInit {
  readonly dataDir: string
  readonly keyPassphrase?: string
  readonly keyPassphraseFile?: string
  /** With the passphrase that holds from now on. */
  readonly newPassphraseFile?: string
  /** What a guess of the new passphrase costs; the keystore's own unless given. */
  readonly cost?: ScryptCost
  /** Asks a person, unseen; undefined where nobody sits. */
  ask(question: string): Promise<string | undefined>
}

/** What was done to the keys of a data directory. */
export interface EncryptedKeys {
  readonly accounts: number
  readonly wasEncrypted: boolean
}

/**
 * Encrypts the keys of a data directory, or encrypts them anew under another passphrase. Nothing of
 * their earlier form stays in its files. Refuses a directory without keys, one whose peer runs, and
 * a passphrase that nobody gives (CONFIG_INVALID), and what openWallet refuses.
 */
export async function encryptKeys(init: EncryptInit): Promise<EncryptedKeys> {
  const { dataDir } = init
  const path = join(dataDir, 'peer.db')
  if (!existsSync(path)) {
    const hint = `no peer was ever started on ${dataDir}: there is no key in it`
    throw new DatanetError('CONFIG_INVALID', { dataDir }, { hint })
  }
  const lock = lockIdle(dataDir)
  try {
    const db = openDatabase(path)
    try {
      const wasEncrypted = await isLocked(db)
      const passphrase = wasEncrypted ? await currentOf(init) : await nextOf(init, true)
      if (wasEncrypted) await openKeystore(db, passphrase)
      const wallet = await openWallet(db, {
        passphrase,
        ...(wasEncrypted ? { newPassphrase: await nextOf(init, false) } : {}),
        ...(init.cost === undefined ? {} : { cost: init.cost })
      })
      return { accounts: wallet.list().length, wasEncrypted }
    } finally {
      db.close()
    }
  } finally {
    lock.release()
  }
}

/** What a running peer keeps open must not be written anew under it. */
function lockIdle(dataDir: string): ReturnType<typeof lockDataDir> {
  try {
    return lockDataDir(dataDir)
  } catch (cause) {
    const hint = `a peer runs on ${dataDir}: stop it first (datanet peer stop)`
    throw new DatanetError('CONFIG_INVALID', { dataDir, running: true }, { cause, hint })
  }
}

async function currentOf(init: EncryptInit): Promise<string> {
  return passphraseOf(init) ?? (await asked(init, 'Passphrase of the keys: '))
}

async function nextOf(init: EncryptInit, isFirst: boolean): Promise<string> {
  const { newPassphraseFile: file } = init
  const given = file === undefined ? undefined : passphraseOf({ keyPassphraseFile: file })
  const known = given ?? (isFirst ? passphraseOf(init) : undefined)
  if (known !== undefined) return known
  const chosen = await asked(init, 'New passphrase, eight characters or more: ')
  if (chosen === (await asked(init, 'Once more: '))) return chosen
  throw new DatanetError('INPUT_INVALID', {}, { hint: 'the two differ' })
}

async function asked(init: EncryptInit, question: string): Promise<string> {
  const answer = await init.ask(question)
  if (answer !== undefined) return answer
  const hint = 'nobody to ask: set DATANET_KEY_PASSPHRASE, or --new-passphrase-file for another'
  throw new DatanetError('CONFIG_INVALID', { key: 'keyPassphrase' }, { hint })
}

async function isLocked(db: ReturnType<typeof openDatabase>): Promise<boolean> {
  try {
    return (await openKeystore(db, undefined)).kind === 'encrypted'
  } catch (error) {
    if (error instanceof DatanetError && error.code === 'KEYSTORE_LOCKED') return true
    throw error
  }
}
