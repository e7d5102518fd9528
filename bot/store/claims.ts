import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { BotDatabase } from './database.ts'
import type { Sealer } from './sealer.ts'

/** An interaction as it came, or as much of it as may be kept until it is done. */
export type Payload = Readonly<Record<string, unknown>> & { readonly id: string }

/** One that another process took and did not finish. */
export interface Stolen {
  readonly payload: Payload
  /** Whether it may be done again from the start; else its member is told that it was cut short. */
  readonly isReplayable: boolean
}

/**
 * Who works on which interaction. Each is taken once by all the processes that share the database,
 * and by another one when who took it is gone; what was done of it is kept step by step.
 */
export interface Claims {
  /** True for the one that has it now. */
  take(payload: Payload, isReplayable: boolean): boolean
  /** Those whose process is gone, now this one's. */
  steal(): readonly Stolen[]
  /** Holds on to what this process works on. */
  renew(): void
  /** Nothing is left to do; its token and what was typed are forgotten. */
  finish(id: string): void
  /** What the step called `name` came to: kept from an earlier try, or made now and then kept. */
  step<T>(id: string, name: string, make: () => Promise<T> | T): Promise<T>
  /** Keeps what a step came to, whatever was kept before. */
  keep(id: string, name: string, value: unknown): void
  /** What an earlier try, or this one, kept. */
  kept(id: string, name: string): unknown
  /** Forgets those that Discord takes no answer to any more; they are returned. */
  expire(): readonly Stolen[]
  /** How many were taken over from others so far. */
  readonly stolen: number
}

/** How long a claim holds without being renewed: within Discord's three seconds another can take it. */
const LEASE_MS = 1_500
/** Discord takes answers for 15 minutes. */
const TOKEN_MS = 14.5 * 60_000
/** How long ids are remembered: Discord delivers again within minutes. */
const MEMORY_MS = 24 * 3_600_000
const DISCORD_EPOCH_MS = 1_420_070_400_000
/** What fails each time is not tried for ever. */
const MAX_TRIES = 5

const TABLES = `
CREATE TABLE claim (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  leaseUntilMs INTEGER NOT NULL,
  createdAtMs INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 1,
  isReplayable INTEGER NOT NULL,
  payload BLOB
) STRICT;
CREATE INDEX claim_open ON claim (leaseUntilMs) WHERE payload IS NOT NULL;
CREATE TABLE step (
  interaction TEXT NOT NULL REFERENCES claim (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (interaction, name)
) STRICT;
`

/** The claims of this process, called by a name of its own, in the shared database. */
export function createClaims(database: BotDatabase, sealer: Sealer, clock: Clock): Claims {
  database.migrate('claims', [TABLES])
  const owner = randomBytes(8).toString('hex')
  let stolen = 0

  const read = (row: { payload?: unknown; isReplayable?: unknown }): Stolen[] => {
    const payload = sealer.open(row.payload as Uint8Array)
    if (payload === undefined) return []
    return [{ payload: payload as Payload, isReplayable: row.isReplayable === 1 }]
  }

  const kept = (id: string, name: string): unknown => {
    const row = database.get('SELECT value FROM step WHERE interaction = ? AND name = ?', id, name)
    return row === undefined ? undefined : sealer.open(row.value as Uint8Array)
  }

  const keep = (id: string, name: string, value: unknown): void => {
    const sealed = sealer.seal(value)
    database.run('INSERT OR REPLACE INTO step VALUES (?, ?, ?)', id, name, sealed)
  }

  return {
    take(payload, isReplayable) {
      const changes = database.run(
        `INSERT INTO claim (id, owner, leaseUntilMs, createdAtMs, isReplayable, payload)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        payload.id,
        owner,
        clock.now() + LEASE_MS,
        bornAtMs(payload.id),
        isReplayable ? 1 : 0,
        sealer.seal(payload)
      )
      return changes === 1
    },
    steal() {
      const now = clock.now()
      const rows = database.all(
        `UPDATE claim SET owner = ?, leaseUntilMs = ?, tries = tries + 1
         WHERE payload IS NOT NULL AND leaseUntilMs < ? AND owner <> ? AND tries < ?
           AND createdAtMs > ?
         RETURNING payload, isReplayable`,
        ...[owner, now + LEASE_MS, now, owner, MAX_TRIES, now - TOKEN_MS]
      )
      stolen += rows.length
      return rows.flatMap(read)
    },
    renew() {
      database.run(
        'UPDATE claim SET leaseUntilMs = ? WHERE owner = ? AND payload IS NOT NULL',
        clock.now() + LEASE_MS,
        owner
      )
    },
    finish(id) {
      database.transaction(() => {
        database.run('UPDATE claim SET payload = NULL WHERE id = ?', id)
        database.run('DELETE FROM step WHERE interaction = ?', id)
      })
    },
    async step(id, name, make) {
      const before = kept(id, name)
      if (before !== undefined) return before as never
      const value = await make()
      keep(id, name, value)
      return value
    },
    keep,
    kept,
    expire() {
      const now = clock.now()
      const rows = database.all(
        `SELECT id, payload, isReplayable FROM claim
         WHERE payload IS NOT NULL AND leaseUntilMs < ? AND (createdAtMs <= ? OR tries >= ?)`,
        ...[now, now - TOKEN_MS, MAX_TRIES]
      )
      for (const { id } of rows) {
        database.run('UPDATE claim SET payload = NULL WHERE id = ?', id as string)
        database.run('DELETE FROM step WHERE interaction = ?', id as string)
      }
      database.run('DELETE FROM claim WHERE createdAtMs < ?', now - MEMORY_MS)
      return rows.flatMap(read)
    },
    get stolen() {
      return stolen
    }
  }
}

/** When the thing called `id` came to be, by Discord's clock. */
export function bornAtMs(id: string): number {
  return Number(BigInt(id) >> 22n) + DISCORD_EPOCH_MS
}
