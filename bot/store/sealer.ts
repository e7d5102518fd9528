import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Keeps what is Discord's or a member's unreadable on the disk: tokens, questions, texts. */
export interface Sealer {
  seal(value: unknown): Uint8Array
  /** What was sealed; undefined for what was sealed with another key, or changed. */
  open(sealed: Uint8Array): unknown
  /** A short mark of `text` that nobody without the key can make: 8 hex digits. */
  mark(text: string): string
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** A sealer by the key beside the database in `dir`, made the first time; a passing one without it. */
export function openSealer(dir?: string): Sealer {
  const key = dir === undefined ? randomBytes(32) : keyIn(dir)
  return {
    seal(value) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const body = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body])
    },
    open(sealed) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
        decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
        const body = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES))
        return JSON.parse(Buffer.concat([body, decipher.final()]).toString())
      } catch {
        return undefined
      }
    },
    mark: (text) => createHmac('sha256', key).update(text).digest('hex').slice(0, 8)
  }
}

function keyIn(dir: string): Uint8Array {
  const path = join(dir, 'bot.key')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  if (!existsSync(path)) {
    try {
      // Of two processes that start at once, one makes it.
      writeFileSync(path, randomBytes(32), { mode: 0o600, flag: 'wx' })
    } catch (error) {
      if (!existsSync(path)) throw error
    }
  }
  return readFileSync(path)
}
