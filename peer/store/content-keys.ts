import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto'
import { DatanetError } from '../../protocol/base/errors.ts'
import type { Database, Row } from './database.ts'

/** The key of one contribution, as it is while that stands. */
export interface ContentKey {
  /** What rows of the database refer to it by. */
  readonly number: number
  readonly secret: Uint8Array
}

/**
 * One key for each contribution: what is kept of it lies sealed under it, so that destroying 32 bytes
 * destroys every copy in this database and in its backups. Contributions go by their CID as text. specs/04-datanet.md §Withdrawal
 */
export interface ContentKeys {
  /** Its key, made the first time; undefined for one that was withdrawn: it has none any more. */
  ensure(contribution: string, datanet?: string): ContentKey | undefined
  find(contribution: string): ContentKey | undefined
  isWithdrawn(contribution: string): boolean
  /** Says of which Datanet they are, where it is not known yet. */
  assign(contributions: Iterable<string>, datanet: string): void
  /** Destroys the key for ever, also of a contribution that never was here. Gives its number. */
  destroy(contribution: string, datanet: string): number
}

const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/** The keys in `db`, whose deleted content must be overwritten (`secure_delete`). */
export function createContentKeys(db: Database): ContentKeys {
  db.migrate('content-keys', [
    `CREATE TABLE content_key (
       number INTEGER PRIMARY KEY, contribution TEXT NOT NULL UNIQUE, datanet TEXT, key BLOB) STRICT`
  ])
  const select = 'SELECT number, key FROM content_key WHERE contribution = ?'
  const rowOf = (contribution: string): Row | undefined => db.get(select, contribution)
  const keyOf = (row: Row | undefined): ContentKey | undefined =>
    row === undefined || row.key === null
      ? undefined
      : { number: Number(row.number), secret: row.key as Uint8Array }
  return {
    ensure(contribution, datanet) {
      const known = rowOf(contribution)
      if (known !== undefined) return keyOf(known)
      const secret = random(KEY_BYTES)
      const { lastId } = db.run(
        'INSERT INTO content_key (contribution, datanet, key) VALUES (?, ?, ?)',
        contribution,
        datanet ?? null,
        secret
      )
      return { number: lastId, secret }
    },
    find: (contribution) => keyOf(rowOf(contribution)),
    isWithdrawn: (contribution) => rowOf(contribution)?.key === null,
    assign(contributions, datanet) {
      const sql = 'UPDATE content_key SET datanet = ? WHERE contribution = ? AND datanet IS NULL'
      db.transaction(() => {
        for (const contribution of contributions) db.run(sql, datanet, contribution)
      })
    },
    destroy(contribution, datanet) {
      db.run(
        `INSERT INTO content_key (contribution, datanet, key) VALUES (?, ?, NULL)
         ON CONFLICT (contribution) DO UPDATE SET key = NULL, datanet = excluded.datanet`,
        contribution,
        datanet
      )
      return Number(rowOf(contribution)?.number)
    }
  }
}

/** `bytes` under `secret`, to be opened under the same `name` only: nonce, tag, ciphertext. */
export function sealContent(secret: Uint8Array, name: Uint8Array, bytes: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(NONCE_BYTES + TAG_BYTES + bytes.byteLength)
  const nonce = random(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(name)
  sealed.set(nonce)
  sealed.set(cipher.update(bytes), NONCE_BYTES + TAG_BYTES)
  cipher.final()
  sealed.set(cipher.getAuthTag(), NONCE_BYTES)
  return sealed
}

/** What `sealContent` sealed. Refuses another key or name, and damage (STORE_FAILED). */
export function openContent(secret: Uint8Array, name: Uint8Array, sealed: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(0, NONCE_BYTES))
    decipher.setAAD(name).setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    const bytes = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES))
    decipher.final()
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  } catch (cause) {
    throw new DatanetError('STORE_FAILED', { sealed: true }, { cause })
  }
}

const POOL = new Uint8Array(16_384)
let used = POOL.byteLength

/** Fresh random bytes; one call to the system serves hundreds of keys. */
function random(length: number): Uint8Array {
  if (used + length > POOL.byteLength) {
    randomFillSync(POOL)
    used = 0
  }
  const bytes = POOL.slice(used, used + length)
  // A key that is destroyed must not live on in here.
  POOL.fill(0, used, used + length)
  used += length
  return bytes
}
