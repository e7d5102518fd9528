import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { BotDatabase } from './database.ts'
import type { Sealer } from './sealer.ts'

/** A message that the bot sends by itself, and not as an answer. */
export interface Outgoing {
  readonly id: string
  /** Discord takes one of each from us. */
  readonly nonce: string
  /** A channel; or a member, in direct messages, as they wished. */
  readonly to: { readonly channel: string } | { readonly user: string }
  /** What `card` makes a message of. */
  readonly card: unknown
}

/** What is to be sent, kept until Discord has it. */
export interface Outbox {
  /** Once for each `key`. */
  put(to: Outgoing['to'], card: unknown, key?: string): void
  /** What is due now, the oldest first, and this process's for a while. */
  due(limit: number): readonly Outgoing[]
  /** Discord has it, or will not ever take it. */
  done(id: string): void
  /** It is tried again later, each time later, until it is given up. */
  failed(id: string): void
  readonly depth: number
}

const HOLD_MS = 10_000
const FIRST_MS = 2_000
const MAX_TRIES = 10
const MEMORY_MS = 30 * 86_400_000
const NEVER = Number.MAX_SAFE_INTEGER
const EMPTY = new Uint8Array()

const TABLES = `
CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  target TEXT NOT NULL,
  isUser INTEGER NOT NULL,
  card BLOB NOT NULL,
  createdAtMs INTEGER NOT NULL,
  dueAtMs INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0
) STRICT;
`

/** The outbox in `database`, which processes share; what it holds is sealed. */
export function createOutbox(database: BotDatabase, sealer: Sealer, clock: Clock): Outbox {
  database.migrate('outbox', [TABLES])
  return {
    put(to, card, key = randomBytes(12).toString('hex')) {
      const [target, isUser] = 'user' in to ? [to.user, 1] : [to.channel, 0]
      const now = clock.now()
      database.run(
        `INSERT INTO outbox (id, target, isUser, card, createdAtMs, dueAtMs)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        ...[key, target, isUser, sealer.seal(card), now, now]
      )
    },
    due(limit) {
      const now = clock.now()
      // Looked at first: most of the time there is nothing, and nothing is written then.
      const waiting = database.get('SELECT 1 FROM outbox WHERE dueAtMs <= ? LIMIT 1', now)
      if (waiting === undefined) return []
      const rows = database.all(
        `UPDATE outbox SET dueAtMs = ? WHERE id IN
           (SELECT id FROM outbox WHERE dueAtMs <= ? ORDER BY createdAtMs LIMIT ?)
         RETURNING id, target, isUser, card`,
        ...[now + HOLD_MS, now, limit]
      )
      return rows.map(({ id, target, isUser, card }) => ({
        id: String(id),
        nonce: createHash('sha256').update(String(id)).digest('hex').slice(0, 24),
        to: isUser === 1 ? { user: String(target) } : { channel: String(target) },
        card: sealer.open(card as Uint8Array)
      }))
    },
    done(id) {
      // Its key stays, so that the same is not sent again.
      database.run('UPDATE outbox SET dueAtMs = ?, card = ? WHERE id = ?', NEVER, EMPTY, id)
      database.run('DELETE FROM outbox WHERE createdAtMs < ?', clock.now() - MEMORY_MS)
    },
    failed(id) {
      database.transaction(() => {
        const tries = Number(database.get('SELECT tries FROM outbox WHERE id = ?', id)?.tries ?? 0)
        if (tries + 1 >= MAX_TRIES) {
          database.run('UPDATE outbox SET dueAtMs = ?, card = ? WHERE id = ?', NEVER, EMPTY, id)
          return
        }
        const dueAtMs = clock.now() + FIRST_MS * 2 ** tries
        database.run('UPDATE outbox SET tries = tries + 1, dueAtMs = ? WHERE id = ?', dueAtMs, id)
      })
    },
    get depth() {
      return Number(database.get('SELECT count(*) AS n FROM outbox WHERE dueAtMs < ?', NEVER)?.n)
    }
  }
}
