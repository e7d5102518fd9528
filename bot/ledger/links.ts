import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { BotDatabase } from '../store/database.ts'

/** A wallet that a member showed to be theirs. */
export interface Link {
  readonly user: string
  readonly wallet: string
  readonly linkedAtMs: number
  /** Withdrawals to it wait until then. */
  readonly holdUntilMs: number
}

/** What a wallet is to sign, asked for by a member. */
export interface LinkRequest {
  readonly id: string
  readonly user: string
  /** Shown at both ends, so that people see that they belong together. */
  readonly code: string
  readonly nonce: string
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

/** Which wallet is whose: one of a member, one member of a wallet. */
export interface Links {
  request(user: string): LinkRequest
  /** While it can be used. */
  find(id: string): LinkRequest | undefined
  /**
   * Links the wallet, once for a request; who had it before, if that is another member, loses it. No
   * link where the request was used or is over.
   */
  link(id: string, wallet: string): { readonly link: Link; readonly before?: string } | undefined
  of(user: string): Link | undefined
  unlink(user: string): boolean
}

/** A signature counts for so long. */
const REQUEST_MS = 10 * 60_000
/** After a change nothing leaves for so long: who took an account over gets nothing at once. */
const HOLD_MS = 24 * 3_600_000
/** Without letters and digits that look like others. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

const TABLES = `
CREATE TABLE link (
  user TEXT PRIMARY KEY,
  wallet TEXT NOT NULL UNIQUE,
  linkedAtMs INTEGER NOT NULL,
  holdUntilMs INTEGER NOT NULL
) STRICT;
CREATE TABLE link_request (
  id TEXT PRIMARY KEY,
  user TEXT NOT NULL,
  code TEXT NOT NULL,
  nonce TEXT NOT NULL,
  issuedAtMs INTEGER NOT NULL,
  expiresAtMs INTEGER NOT NULL
) STRICT;
`

/** The links in `database`. */
export function createLinks(database: BotDatabase, clock: Clock): Links {
  database.migrate('links', [TABLES])
  const of = (user: string) =>
    database.get('SELECT * FROM link WHERE user = ?', user) as unknown as Link | undefined
  const find = (id: string) =>
    database.get(
      'SELECT * FROM link_request WHERE id = ? AND expiresAtMs > ?',
      ...[id, clock.now()]
    ) as unknown as LinkRequest | undefined

  return {
    request(user) {
      const now = clock.now()
      const request = {
        id: randomBytes(16).toString('hex'),
        user,
        code: [...randomBytes(6)].map((byte) => LETTERS[byte % LETTERS.length]).join(''),
        nonce: randomBytes(12).toString('hex'),
        issuedAtMs: now,
        expiresAtMs: now + REQUEST_MS
      }
      database.transaction(() => {
        database.run('DELETE FROM link_request WHERE user = ? OR expiresAtMs <= ?', user, now)
        database.run(
          'INSERT INTO link_request VALUES (?, ?, ?, ?, ?, ?)',
          ...[request.id, user, request.code, request.nonce, now, request.expiresAtMs]
        )
      })
      return request
    },
    find,
    link: (id, wallet) =>
      database.transaction(() => {
        const request = find(id)
        if (request === undefined) return undefined
        database.run('DELETE FROM link_request WHERE id = ?', id)
        const { user } = request
        const own = of(user)
        const other = database.get('SELECT user FROM link WHERE wallet = ?', wallet)
        const before = other?.user === user ? undefined : (other?.user as string | undefined)
        if (before !== undefined) database.run('DELETE FROM link WHERE user = ?', before)
        const now = clock.now()
        // The same wallet again changes nothing, and so delays nothing.
        const isSame = own?.wallet === wallet
        const holdUntilMs = isSame ? own.holdUntilMs : now + HOLD_MS
        database.run(
          'INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?)',
          ...[user, wallet, isSame ? own.linkedAtMs : now, holdUntilMs]
        )
        const link = of(user) as Link
        return before === undefined ? { link } : { link, before }
      }),
    of,
    unlink: (user) => database.run('DELETE FROM link WHERE user = ?', user) > 0
  }
}
