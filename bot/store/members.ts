import type { Clock } from '../clock.ts'
import type { BotDatabase } from './database.ts'

/** What a member decided; everything that costs, tells or shows is off until they do. */
export interface MemberSettings {
  /** Nobody may be asked by the bot to give a message of theirs. */
  readonly neverAsk: boolean
  /** News also as direct messages. */
  readonly dm: boolean
  /** The name that public lists show; none, and they are in none. */
  readonly publicName?: string
  /** Of their own money: the most for one question, for a day, and without asking before. */
  readonly perCallWei: bigint
  readonly perDayWei: bigint
  readonly confirmWei: bigint
}

/** A consent as it was given: enough to show who agreed to what, and for what. */
export interface Consent {
  /** Of the interaction by which it was given. */
  readonly id: string
  readonly user: string
  readonly datanet: string
  /** Of the words agreed to, and of what was given: sha-256, hex. */
  readonly words: string
  readonly item: string
  readonly licence: string
  readonly origin: string
  /** The message that it was taken from, where it was. */
  readonly message?: string
  readonly atMs: number
  /** Once it was given. */
  readonly contribution?: string
}

/** Members as the bot knows them: by what they did with it, and nothing else. */
export interface Members {
  settings(user: string): MemberSettings
  change(user: string, change: Partial<MemberSettings>): void
  /** Takes a public name back. */
  hide(user: string): void
  /** Those who are shown in public lists, by the names they chose. */
  shown(): ReadonlyArray<{ readonly user: string; readonly name: string }>
  agree(
    consent: Omit<Consent, 'atMs' | 'contribution' | 'message'> & {
      readonly message?: string | null
    }
  ): void
  given(consent: string, contribution: string): void
  consents(user: string): readonly Consent[]
  /** Accepts a Datanet's terms, or leaves it. */
  join(user: string, datanet: string, words: string): void
  leave(user: string, datanet: string): void
  joined(user: string): readonly string[]
  /** Settings and joins; consents stay: they are the proof that something was given rightly. */
  forget(user: string): void
}

const TABLES = `
CREATE TABLE member (user TEXT PRIMARY KEY, settings TEXT NOT NULL) STRICT;
CREATE TABLE consent (
  id TEXT PRIMARY KEY,
  user TEXT NOT NULL,
  datanet TEXT NOT NULL,
  words TEXT NOT NULL,
  item TEXT NOT NULL,
  licence TEXT NOT NULL,
  origin TEXT NOT NULL,
  atMs INTEGER NOT NULL,
  message TEXT,
  contribution TEXT
) STRICT;
CREATE INDEX consent_user ON consent (user);
CREATE TABLE joined (
  user TEXT NOT NULL,
  datanet TEXT NOT NULL,
  words TEXT NOT NULL,
  atMs INTEGER NOT NULL,
  PRIMARY KEY (user, datanet)
) STRICT;
`

/** What members decided, in `database`. */
export function createMembers(database: BotDatabase, clock: Clock): Members {
  database.migrate('members', [TABLES])

  const kept = (user: string): Readonly<Record<string, unknown>> =>
    JSON.parse(
      String(database.get('SELECT settings FROM member WHERE user = ?', user)?.settings ?? '{}')
    )
  const put = (user: string, settings: object) => {
    const text = JSON.stringify(settings, (_, value) =>
      typeof value === 'bigint' ? `${value}` : value
    )
    database.run('INSERT OR REPLACE INTO member VALUES (?, ?)', user, text)
  }

  return {
    settings(user) {
      const { neverAsk, dm, publicName, perCallWei, perDayWei, confirmWei } = kept(user)
      const wei = (value: unknown) => BigInt(String(value ?? 0))
      return {
        neverAsk: neverAsk === true,
        dm: dm === true,
        ...(typeof publicName === 'string' ? { publicName } : {}),
        perCallWei: wei(perCallWei),
        perDayWei: wei(perDayWei),
        confirmWei: wei(confirmWei)
      }
    },
    change(user, change) {
      database.transaction(() => put(user, { ...kept(user), ...change }))
    },
    hide(user) {
      database.transaction(() => {
        const { publicName: _, ...rest } = kept(user)
        put(user, rest)
      })
    },
    shown: () =>
      database.all('SELECT user, settings FROM member').flatMap((row) => {
        const { publicName } = JSON.parse(String(row.settings)) as { publicName?: string }
        return publicName === undefined ? [] : [{ user: String(row.user), name: publicName }]
      }),
    agree({ id, user, datanet, words, item, licence, origin, message = null }) {
      database.run(
        `INSERT INTO consent (id, user, datanet, words, item, licence, origin, atMs, message)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        ...[id, user, datanet, words, item, licence, origin, clock.now(), message]
      )
    },
    given(consent, contribution) {
      database.run('UPDATE consent SET contribution = ? WHERE id = ?', contribution, consent)
    },
    consents: (user) =>
      database.all('SELECT * FROM consent WHERE user = ? ORDER BY atMs', user).map((row) => {
        const { contribution, message, ...rest } = row
        return {
          ...(rest as unknown as Consent),
          ...(message === null ? {} : { message: String(message) }),
          ...(contribution === null ? {} : { contribution: String(contribution) })
        }
      }),
    join(user, datanet, words) {
      database.run(
        'INSERT OR REPLACE INTO joined VALUES (?, ?, ?, ?)',
        ...[user, datanet, words, clock.now()]
      )
    },
    leave(user, datanet) {
      database.run('DELETE FROM joined WHERE user = ? AND datanet = ?', user, datanet)
    },
    joined: (user) =>
      database
        .all('SELECT datanet FROM joined WHERE user = ? ORDER BY atMs', user)
        .map(({ datanet }) => String(datanet)),
    forget(user) {
      database.run('DELETE FROM member WHERE user = ?', user)
      database.run('DELETE FROM joined WHERE user = ?', user)
    }
  }
}
