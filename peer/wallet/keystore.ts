import {
  createCipheriv,
  createDecipheriv,
  randomBytes,
  type ScryptOptions,
  scrypt,
  timingSafeEqual
} from 'node:crypto'
import { promisify } from 'node:util'
import { DatanetError } from '../../protocol/base/errors.ts'
import type { Database } from '../store/database.ts'

/** How the wallet's secrets stand in the database: as they are, or each encrypted by itself. */
export interface Keystore {
  readonly kind: 'plain' | 'encrypted'
  /** The bytes to keep for the secret of `name`, an address or `peer`. */
  seal(name: string, secret: Uint8Array): Uint8Array
  /** The secret of `name`. Refuses bytes that were kept for another name (STORE_FAILED). */
  open(name: string, kept: Uint8Array): Uint8Array
}

/** What one guess of the passphrase costs. */
export interface ScryptCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/**
 * 128 · N · r bytes are 128 MiB for every guess, which is what makes guessing dear on graphics cards;
 * about 0.3 s of one core, paid once per start. p stays 1: a second lane would help only who guesses.
 */
const COST: ScryptCost = { N: 2 ** 17, r: 8, p: 1 }
/** A file that somebody changed must not take all memory. */
const MAX_SCRYPT_BYTES = 2 ** 30
const MIN_CHARACTERS = 8
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CHECK = new TextEncoder().encode('datanet keystore')

const PLAIN: Keystore = {
  kind: 'plain',
  seal: (_, secret) => secret,
  open: (_, kept) => kept
}

/**
 * The keystore of `db`: encrypted once a passphrase was given. Refuses an encrypted one without its
 * passphrase (KEYSTORE_LOCKED) or with another (PASSPHRASE_WRONG).
 */
export async function openKeystore(
  db: Database,
  passphrase: string | undefined
): Promise<Keystore> {
  db.migrate('keystore', [
    `CREATE TABLE keystore (
       only INTEGER PRIMARY KEY CHECK (only = 1), n INTEGER NOT NULL, r INTEGER NOT NULL,
       p INTEGER NOT NULL, salt BLOB NOT NULL, known BLOB NOT NULL) STRICT`,
    `CREATE TABLE keystore_trace (only INTEGER PRIMARY KEY CHECK (only = 1)) STRICT`
  ])
  const row = db.get('SELECT * FROM keystore')
  if (row === undefined) return PLAIN
  if (passphrase === undefined) {
    const hint = 'set DATANET_KEY_PASSPHRASE or keyPassphraseFile, or start it on a terminal'
    throw new DatanetError('KEYSTORE_LOCKED', {}, { hint })
  }
  const cost = { N: Number(row.n), r: Number(row.r), p: Number(row.p) }
  const keystore = sealedBy(await deriveKey(passphrase, row.salt as Uint8Array, cost))
  try {
    const known = keystore.open('check', row.known as Uint8Array)
    if (!timingSafeEqual(known, CHECK)) throw new Error('another text')
  } catch (cause) {
    throw new DatanetError('PASSPHRASE_WRONG', {}, { cause })
  }
  removeTrace(db)
  return keystore
}

/**
 * A keystore of `passphrase` in place of the one `db` has; `reseal` writes every secret anew under
 * it, in the same transaction. No trace of the earlier form stays in the database's files. Refuses a
 * passphrase shorter than eight characters (INPUT_INVALID).
 */
export async function replaceKeystore(
  db: Database,
  passphrase: string,
  reseal: (keystore: Keystore) => void,
  cost: ScryptCost = COST
): Promise<Keystore> {
  if ([...passphrase].length < MIN_CHARACTERS) {
    const hint = `a passphrase has ${MIN_CHARACTERS} characters or more`
    throw new DatanetError('INPUT_INVALID', {}, { hint })
  }
  const salt = new Uint8Array(randomBytes(SALT_BYTES))
  const keystore = sealedBy(await deriveKey(passphrase, salt, cost))
  db.transaction(() => {
    const known = keystore.seal('check', CHECK)
    const { N, r, p } = cost
    db.run('INSERT OR REPLACE INTO keystore VALUES (1, ?, ?, ?, ?, ?)', N, r, p, salt, known)
    db.run('INSERT OR REPLACE INTO keystore_trace VALUES (1)')
    reseal(keystore)
  })
  removeTrace(db)
  return keystore
}

/** Writes the files anew after the keys were; where that was cut off, the next opening does it. */
function removeTrace(db: Database): void {
  if (db.get('SELECT only FROM keystore_trace') === undefined) return
  db.vacuum()
  db.run('DELETE FROM keystore_trace')
}

function sealedBy(key: Uint8Array): Keystore {
  return {
    kind: 'encrypted',
    seal(name, secret) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated(name))
      const sealed = Buffer.concat([cipher.update(secret), cipher.final()])
      return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), sealed]))
    },
    open(name, kept) {
      try {
        const nonce = kept.subarray(0, NONCE_BYTES)
        const tag = kept.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
          .setAAD(associated(name))
          .setAuthTag(tag)
        const sealed = kept.subarray(NONCE_BYTES + TAG_BYTES)
        return new Uint8Array(Buffer.concat([decipher.update(sealed), decipher.final()]))
      } catch (cause) {
        const hint = `the key of ${name} was changed on the disk: restore it from a backup`
        throw new DatanetError('STORE_FAILED', { name }, { cause, hint })
      }
    }
  }
}

/** A secret moved to another account's row must not open there. */
function associated(name: string): Uint8Array {
  return new TextEncoder().encode(`datanet/keystore/1 ${name}`)
}

const scryptOf = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt)

async function deriveKey(
  passphrase: string,
  salt: Uint8Array,
  { N, r, p }: ScryptCost
): Promise<Uint8Array> {
  const bytes = 128 * r * (N + p)
  if (!(bytes > 0 && bytes <= MAX_SCRYPT_BYTES && p <= 16)) {
    throw new DatanetError('STORE_FAILED', { N, r, p }, { hint: 'the keystore was changed' })
  }
  // The same words from another keyboard are the same words.
  return scryptOf(passphrase.normalize('NFKC'), salt, 32, { N, r, p, maxmem: 2 * bytes })
}
