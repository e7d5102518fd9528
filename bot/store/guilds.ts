import { parseAmount } from '../../peer/api/amounts.ts'
import type { Clock } from '../clock.ts'
import type { BotDatabase } from './database.ts'

/** What a server's administrators decided. */
export interface GuildSettings {
  readonly isPaused: boolean
  /** Where members are offered to give messages; every public channel when none is named. */
  readonly channels: readonly string[]
  /** Where reports and reviews are told of. */
  readonly logChannel?: string
  /** Who may review here, beside a Datanet's curators, and who fills and empties the pot. */
  readonly curatorRole?: string
  readonly treasurerRole?: string
  /** Messages older than that are not asked for. */
  readonly windowDays: number
  /** The Datanet that is meant where none is named. */
  readonly datanet?: string
  readonly limits: Partial<Limits>
}

/** In the smallest unit, a UTC day. */
export interface Limits {
  readonly perCallWei: bigint
  readonly perUserDayWei: bigint
  readonly perGuildDayWei: bigint
  readonly potDayWei: bigint
  readonly withdrawDayWei: bigint
}

/** Servers as their administrators set them up, and the switch that stops all spending. */
export interface Guilds {
  settings(guild: string): GuildSettings
  change(guild: string, change: Partial<GuildSettings>, by: string, what: string): void
  limits(guild: string): Limits
  /** Whether spending is stopped there, or everywhere. */
  isPaused(guild: string): boolean
  setPaused(guild: string, isPaused: boolean, by: string): void
  /** Who changed what, the newest first. */
  audit(
    guild: string,
    limit: number
  ): ReadonlyArray<{ readonly atMs: number; readonly by: string; readonly what: string }>
}

/** In the place of a server: all of them. */
export const EVERYWHERE = '*'

/** What holds until an administrator lowers it. */
export const USUAL: Limits = {
  perCallWei: parseAmount('0.05'),
  perUserDayWei: parseAmount('1'),
  perGuildDayWei: parseAmount('25'),
  potDayWei: parseAmount('5'),
  withdrawDayWei: parseAmount('50')
}

const WINDOW_DAYS = 30

const TABLES = `
CREATE TABLE guild (guild TEXT PRIMARY KEY, settings TEXT NOT NULL) STRICT;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  guild TEXT NOT NULL,
  atMs INTEGER NOT NULL,
  user TEXT NOT NULL,
  what TEXT NOT NULL
) STRICT;
`

/** The settings in `database`; what changed and by whom stays beside them. */
export function createGuilds(database: BotDatabase, clock: Clock): Guilds {
  database.migrate('guilds', [TABLES])

  function settings(guild: string): GuildSettings {
    const row = database.get('SELECT settings FROM guild WHERE guild = ?', guild)
    const kept = JSON.parse(String(row?.settings ?? '{}')) as Partial<GuildSettings>
    const limits = Object.entries(kept.limits ?? {}).map(([key, wei]) => [key, BigInt(`${wei}`)])
    return {
      isPaused: false,
      channels: [],
      windowDays: WINDOW_DAYS,
      ...kept,
      limits: Object.fromEntries(limits)
    }
  }

  function change(guild: string, change: Partial<GuildSettings>, by: string, what: string): void {
    database.transaction(() => {
      const text = JSON.stringify({ ...settings(guild), ...change }, (_, value) =>
        typeof value === 'bigint' ? `${value}` : value
      )
      database.run('INSERT OR REPLACE INTO guild VALUES (?, ?)', guild, text)
      database.run(
        'INSERT INTO audit (guild, atMs, user, what) VALUES (?, ?, ?, ?)',
        ...[guild, clock.now(), by, what]
      )
    })
  }

  return {
    settings,
    change,
    limits: (guild) => ({ ...USUAL, ...settings(guild).limits }),
    isPaused: (guild) => settings(guild).isPaused || settings(EVERYWHERE).isPaused,
    setPaused(guild, isPaused, by) {
      change(guild, { isPaused }, by, isPaused ? 'stopped spending' : 'allowed spending again')
    },
    audit: (guild, limit) =>
      database
        .all('SELECT * FROM audit WHERE guild = ? ORDER BY id DESC LIMIT ?', guild, limit)
        .map(({ atMs, user, what }) => ({
          atMs: Number(atMs),
          by: String(user),
          what: String(what)
        }))
  }
}
