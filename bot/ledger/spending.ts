import { refusal } from '../../peer/api/problem.ts'
import type { Reservation } from '../../peer/api/spending-cap.ts'
import type { Clock } from '../clock.ts'
import type { BotDatabase } from '../store/database.ts'
import type { Guilds } from '../store/guilds.ts'
import type { Members } from '../store/members.ts'
import { type Ledger, OUTSIDE } from './ledger.ts'

/** Whose money a question is paid with: who runs the bot, the server's pot, or the member's own. */
export type Payer = 'sponsor' | 'pot' | 'own'

export interface SpendingQuery {
  /** Of the interaction that began it: the key of everything that is booked. */
  readonly id: string
  readonly user: string
  /** Absent in direct messages. */
  readonly guild?: string
  /** The most that the question may cost. */
  readonly maxWei: bigint
}

/** One question's money. */
export interface Spend {
  readonly id: string
  readonly user: string
  readonly payer: Payer
  readonly reservedWei: bigint
  readonly costWei?: bigint
  readonly callId?: string
  readonly atMs: number
}

/** What questions cost, whoever pays: set aside before, settled after, each once. */
export interface Spending {
  /** Who would pay, and why nobody would (SPENDING_LIMIT, FUNDS_INSUFFICIENT). Nothing is booked. */
  payerOf(query: SpendingQuery): Payer
  /** Sets `maxWei` aside; a second time it is the same reservation. Refuses as `payerOf`. */
  reserve(query: SpendingQuery, prepaidWei: bigint): Reservation & { readonly payer: Payer }
  /** Which call a reservation is for. */
  begin(id: string, callId: string): void
  /** Ends a reservation with what the call did cost; what is left goes back. A second time does nothing. */
  settle(id: string, costWei: bigint): void
  find(id: string): Spend | undefined
  /** Reservations that nobody settled for so long. */
  open(olderThanMs: number): readonly Spend[]
  /** What a member's questions did cost, or may still cost, since the UTC day began. */
  todayWei(of: { readonly user: string } | { readonly guild: string }): bigint
  /** The questions under way. */
  running(of: { readonly user: string } | { readonly guild: string }): number
}

export interface SpendingInit {
  /** What who runs the bot pays for members in one UTC day. */
  readonly dailyWei: bigint
}

const DAY_MS = 86_400_000
const RUNNING_MS = 15 * 60_000

const TABLES = `
CREATE TABLE spend (
  id TEXT PRIMARY KEY,
  user TEXT NOT NULL,
  guild TEXT NOT NULL,
  payer TEXT NOT NULL,
  reservedWei TEXT NOT NULL,
  costWei TEXT,
  callId TEXT,
  atMs INTEGER NOT NULL
) STRICT;
CREATE INDEX spend_at ON spend (atMs);
`

/** The spending of all processes that share `database`. */
export function createSpending(
  parts: {
    readonly database: BotDatabase
    readonly ledger: Ledger
    readonly members: Members
    readonly guilds: Guilds
    readonly clock: Clock
  },
  { dailyWei }: SpendingInit
): Spending {
  const { database, ledger, members, guilds, clock } = parts
  database.migrate('spending', [TABLES])

  const startOfDay = () => Math.floor(clock.now() / DAY_MS) * DAY_MS
  const sumOf = (where: string, ...values: string[]): bigint =>
    database
      .all(
        `SELECT coalesce(costWei, reservedWei) AS wei FROM spend WHERE atMs >= ? AND ${where}`,
        startOfDay(),
        ...values
      )
      .reduce((sum, { wei }) => sum + BigInt(String(wei)), 0n)
  const todayWei: Spending['todayWei'] = (of) =>
    'user' in of ? sumOf('user = ?', of.user) : sumOf('guild = ?', of.guild)

  function payerOf({ user, guild = '', maxWei }: SpendingQuery): Payer {
    const limits = guilds.limits(guild)
    if (guilds.isPaused(guild)) throw refusal('SPENDING_LIMIT', { paused: true })
    if (todayWei({ user }) + maxWei > limits.perUserDayWei) {
      throw refusal('SPENDING_LIMIT', { of: 'member', limitWei: limits.perUserDayWei })
    }
    if (guild !== '' && todayWei({ guild }) + maxWei > limits.perGuildDayWei) {
      throw refusal('SPENDING_LIMIT', { of: 'server', limitWei: limits.perGuildDayWei })
    }
    if (sumOf("payer = 'sponsor'") + maxWei <= dailyWei) return 'sponsor'
    const potWei = guild === '' ? 0n : ledger.balanceWei(`pot:${guild}`)
    const potTodayWei = sumOf("payer = 'pot' AND guild = ?", guild)
    if (potWei >= maxWei && potTodayWei + maxWei <= limits.potDayWei) return 'pot'
    const { perDayWei, perCallWei } = members.settings(user)
    if (perDayWei === 0n) throw refusal('SPENDING_LIMIT', { of: 'sponsor', own: '0' })
    if (maxWei > perCallWei || sumOf("payer = 'own' AND user = ?", user) + maxWei > perDayWei) {
      throw refusal('SPENDING_LIMIT', { of: 'own' })
    }
    if (ledger.balanceWei(`member:${user}`) < maxWei) {
      throw refusal('FUNDS_INSUFFICIENT', { account: 'member' })
    }
    return 'own'
  }

  const accountOf = (payer: Payer, { user, guild }: { user: string; guild: string }) =>
    ({ sponsor: OUTSIDE, pot: `pot:${guild}`, own: `member:${user}` })[payer]

  function settle(id: string, costWei: bigint): void {
    database.transaction(() => {
      const row = database.get('SELECT * FROM spend WHERE id = ? AND costWei IS NULL', id)
      if (row === undefined) return
      const heldWei = BigInt(String(row.reservedWei))
      // A provider that got more than it was promised got it from who runs the peer.
      const paidWei = costWei > heldWei ? heldWei : costWei
      const back = accountOf(row.payer as Payer, { user: `${row.user}`, guild: `${row.guild}` })
      ledger.move(`settle ${id}`, [
        { from: `held:${id}`, to: 'spent', amountWei: paidWei },
        { from: `held:${id}`, to: back, amountWei: heldWei - paidWei }
      ])
      database.run('UPDATE spend SET costWei = ? WHERE id = ?', `${paidWei}`, id)
    })
  }

  const spendOf = (row: Record<string, unknown>): Spend => ({
    id: String(row.id),
    user: String(row.user),
    payer: row.payer as Payer,
    reservedWei: BigInt(String(row.reservedWei)),
    ...(row.costWei === null ? {} : { costWei: BigInt(String(row.costWei)) }),
    ...(row.callId === null ? {} : { callId: String(row.callId) }),
    atMs: Number(row.atMs)
  })

  const find = (id: string) => {
    const row = database.get('SELECT * FROM spend WHERE id = ?', id)
    return row === undefined ? undefined : spendOf(row)
  }

  return {
    payerOf,
    reserve(query, prepaidWei) {
      const { id, user, guild = '', maxWei } = query
      const payer = database.transaction(() => {
        const before = find(id)
        if (before !== undefined) return before.payer
        const found = payerOf(query)
        ledger.move(`reserve ${id}`, [
          { from: accountOf(found, { user, guild }), to: `held:${id}`, amountWei: maxWei }
        ])
        database.run(
          'INSERT INTO spend (id, user, guild, payer, reservedWei, atMs) VALUES (?, ?, ?, ?, ?, ?)',
          ...[id, user, guild, found, `${maxWei}`, clock.now()]
        )
        return found
      })
      return {
        payer,
        maxWei,
        cut: false,
        prepaidWei: prepaidWei < maxWei ? prepaidWei : maxWei,
        settle: (costWei) => settle(id, costWei)
      }
    },
    begin(id, callId) {
      database.run('UPDATE spend SET callId = ? WHERE id = ?', callId, id)
    },
    settle,
    find,
    open: (olderThanMs) =>
      database
        .all('SELECT * FROM spend WHERE costWei IS NULL AND atMs < ?', clock.now() - olderThanMs)
        .map(spendOf),
    todayWei,
    running: (of) => {
      const [column, value] = 'user' in of ? ['user', of.user] : ['guild', of.guild]
      const row = database.get(
        `SELECT count(*) AS n FROM spend WHERE costWei IS NULL AND atMs > ? AND ${column} = ?`,
        ...[clock.now() - RUNNING_MS, value as string]
      )
      return Number(row?.n)
    }
  }
}
