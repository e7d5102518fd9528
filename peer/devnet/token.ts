import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

/** The bearer token kept in `file`, made the first time; only its owner can read it. */
export function loadToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    const token = `dn-${randomBytes(24).toString('base64url')}`
    writeFileSync(file, `${token}\n`, { mode: 0o600 })
    return token
  }
}
