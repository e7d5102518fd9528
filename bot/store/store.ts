import { parseAmount } from '../../peer/api/amounts.ts'
import type { Clock } from '../clock.ts'
import { createLedger, type Ledger } from '../ledger/ledger.ts'
import { createLinks, type Links } from '../ledger/links.ts'
import { createSpending, type Spending, type SpendingInit } from '../ledger/spending.ts'
import { type Answers, createAnswers } from './answers.ts'
import { type Claims, createClaims } from './claims.ts'
import { type BotDatabase, openBotDatabase } from './database.ts'
import { createGuilds, type Guilds } from './guilds.ts'
import { createMembers, type Members } from './members.ts'
import { createNotices, type Notices } from './notices.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createPending, type Pending } from './pending.ts'
import { createPermissions, type Permissions } from './permissions.ts'
import { openSealer, type Sealer } from './sealer.ts'

/** All that the bot keeps: in one folder, which processes of one machine may share. */
export interface BotStore {
  readonly database: BotDatabase
  readonly sealer: Sealer
  readonly claims: Claims
  readonly notices: Notices
  readonly outbox: Outbox
  readonly members: Members
  readonly guilds: Guilds
  readonly answers: Answers
  readonly permissions: Permissions
  readonly pending: Pending
  readonly ledger: Ledger
  readonly spending: Spending
  readonly links: Links
  close(): void
}

export interface StoreInit extends Partial<SpendingInit> {
  /** The folder; without it everything is forgotten with the process. */
  readonly dir?: string
}

const DAILY_WEI = parseAmount('10')

/** The store in a folder. */
export function openStore(clock: Clock, { dir, dailyWei = DAILY_WEI }: StoreInit = {}): BotStore {
  const database = openBotDatabase(dir)
  const sealer = openSealer(dir)
  const ledger = createLedger(database, clock)
  const members = createMembers(database, clock)
  const guilds = createGuilds(database, clock)
  const money = { database, ledger, members, guilds, clock }
  return {
    database,
    sealer,
    claims: createClaims(database, sealer, clock),
    notices: createNotices(database, sealer, clock),
    outbox: createOutbox(database, sealer, clock),
    members,
    guilds,
    answers: createAnswers(database, sealer, clock),
    permissions: createPermissions(database, clock),
    pending: createPending(database, sealer, clock),
    ledger,
    spending: createSpending(money, { dailyWei }),
    links: createLinks(database, clock),
    close: () => database.close()
  }
}
