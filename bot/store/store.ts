import type { Clock } from '../clock.ts'
import { type Claims, createClaims } from './claims.ts'
import { type BotDatabase, openBotDatabase } from './database.ts'
import { createNotices, type Notices } from './notices.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { openSealer, type Sealer } from './sealer.ts'

/** All that the bot keeps: in one folder, which processes of one machine may share. */
export interface BotStore {
  readonly database: BotDatabase
  readonly sealer: Sealer
  readonly claims: Claims
  readonly notices: Notices
  readonly outbox: Outbox
  close(): void
}

/** The store in the folder `dir`; one that is forgotten with the process without it. */
export function openStore(clock: Clock, dir?: string): BotStore {
  const database = openBotDatabase(dir)
  const sealer = openSealer(dir)
  return {
    database,
    sealer,
    claims: createClaims(database, sealer, clock),
    notices: createNotices(database, sealer, clock),
    outbox: createOutbox(database, sealer, clock),
    close: () => database.close()
  }
}
