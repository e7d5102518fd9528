import type { Clock } from '../clock.ts'
import type { BotDatabase } from './database.ts'
import type { Sealer } from './sealer.ts'

/** An answer that was given, as much of it as its buttons need. */
export interface KeptAnswer {
  readonly callId: string
  readonly asker: string
  readonly guild: string
  readonly channel: string
  readonly message: string
  readonly model: string
  readonly datanet: string
  readonly question: string
  readonly answer: string
  readonly atMs: number
}

export type Vote = 'up' | 'down'

/** Something that somebody wants who is responsible to look at. */
export interface Report {
  readonly id: number
  readonly guild: string
  readonly channel: string
  readonly message: string
  readonly reporter: string
  readonly reason: string
  readonly note: string
  readonly atMs: number
}

/** Answers, what members think of them, and reports. */
export interface Answers {
  put(answer: Omit<KeptAnswer, 'atMs'>): void
  find(callId: string): KeptAnswer | undefined
  /** One word a member and answer: the same again takes it back. What stands now, if anything. */
  vote(callId: string, user: string, vote: Vote): Vote | undefined
  because(callId: string, user: string, reason: string): void
  votes(callId: string): { readonly up: number; readonly down: number }
  /** Once a member and message. */
  report(report: Omit<Report, 'id' | 'atMs'>): void
  reports(guild: string): readonly Report[]
  closeReport(id: number, guild: string): void
  /** What a member asked, for them to take away. */
  of(user: string): readonly KeptAnswer[]
  forget(user: string): void
}

/** Texts are kept as long as somebody may want to correct them. */
const MEMORY_MS = 30 * 86_400_000

const TABLES = `
CREATE TABLE answer (
  callId TEXT PRIMARY KEY,
  asker TEXT NOT NULL,
  guild TEXT NOT NULL,
  channel TEXT NOT NULL,
  message TEXT NOT NULL,
  model TEXT NOT NULL,
  datanet TEXT NOT NULL,
  texts BLOB NOT NULL,
  atMs INTEGER NOT NULL
) STRICT;
CREATE INDEX answer_asker ON answer (asker);
CREATE TABLE vote (
  callId TEXT NOT NULL,
  user TEXT NOT NULL,
  vote TEXT NOT NULL CHECK (vote IN ('up', 'down')),
  reason TEXT,
  PRIMARY KEY (callId, user)
) STRICT;
CREATE TABLE report (
  id INTEGER PRIMARY KEY,
  guild TEXT NOT NULL,
  channel TEXT NOT NULL,
  message TEXT NOT NULL,
  reporter TEXT NOT NULL,
  reason TEXT NOT NULL,
  note BLOB NOT NULL,
  atMs INTEGER NOT NULL,
  isOpen INTEGER NOT NULL DEFAULT 1,
  UNIQUE (message, reporter)
) STRICT;
`

/** The answers in `database`, their texts sealed. */
export function createAnswers(database: BotDatabase, sealer: Sealer, clock: Clock): Answers {
  database.migrate('answers', [TABLES])

  const answerOf = ({ texts, ...row }: Record<string, unknown>): KeptAnswer => {
    const [question = '', answer = ''] = (sealer.open(texts as Uint8Array) ?? []) as string[]
    return { ...(row as unknown as KeptAnswer), atMs: Number(row.atMs), question, answer }
  }

  return {
    put({ callId, asker, guild, channel, message, model, datanet, question, answer }) {
      const now = clock.now()
      database.run(
        'INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        ...[callId, asker, guild, channel, message, model, datanet],
        sealer.seal([question, answer]),
        now
      )
      database.run('DELETE FROM answer WHERE atMs < ?', now - MEMORY_MS)
    },
    find(callId) {
      const row = database.get('SELECT * FROM answer WHERE callId = ?', callId)
      return row === undefined ? undefined : answerOf(row)
    },
    vote: (callId, user, vote) =>
      database.transaction(() => {
        const gone = database.run(
          'DELETE FROM vote WHERE callId = ? AND user = ? AND vote = ?',
          ...[callId, user, vote]
        )
        if (gone > 0) return undefined
        database.run(
          'INSERT OR REPLACE INTO vote (callId, user, vote) VALUES (?, ?, ?)',
          ...[callId, user, vote]
        )
        return vote
      }),
    because(callId, user, reason) {
      database.run('UPDATE vote SET reason = ? WHERE callId = ? AND user = ?', reason, callId, user)
    },
    votes(callId) {
      const rows = database.all(
        'SELECT vote, count(*) AS n FROM vote WHERE callId = ? GROUP BY vote',
        callId
      )
      const count = (vote: Vote) => Number(rows.find((row) => row.vote === vote)?.n ?? 0)
      return { up: count('up'), down: count('down') }
    },
    report({ guild, channel, message, reporter, reason, note }) {
      database.run(
        `INSERT INTO report (guild, channel, message, reporter, reason, note, atMs)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        ...[guild, channel, message, reporter, reason, sealer.seal(note), clock.now()]
      )
    },
    reports: (guild) =>
      database
        .all('SELECT * FROM report WHERE guild = ? AND isOpen = 1 ORDER BY id LIMIT 25', guild)
        .map((row) => ({
          ...(row as unknown as Report),
          id: Number(row.id),
          atMs: Number(row.atMs),
          note: String(sealer.open(row.note as Uint8Array) ?? '')
        })),
    closeReport(id, guild) {
      database.run('UPDATE report SET isOpen = 0 WHERE id = ? AND guild = ?', id, guild)
    },
    of: (user) =>
      database.all('SELECT * FROM answer WHERE asker = ? ORDER BY atMs', user).map(answerOf),
    forget(user) {
      database.run('DELETE FROM answer WHERE asker = ?', user)
      database.run('DELETE FROM vote WHERE user = ?', user)
      database.run('DELETE FROM report WHERE reporter = ?', user)
    }
  }
}
