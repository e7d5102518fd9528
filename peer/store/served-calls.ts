import type { Database, Row } from './database.ts'

/** A paid call of which something was delivered; what is private in it is sealed. */
export interface ServedCall {
  readonly number: number
  readonly channelId: string
  readonly callId: string
  /** Of the request's bytes, as its receipt states it. */
  readonly commitment: Uint8Array
  /** The request's bytes, sealed; empty for a call that was kept first with its receipt. */
  readonly request: Uint8Array
  readonly builder: string
  readonly inputTokens: number
  readonly royaltyPpm: number
  readonly startedAtMs: number
  /** Place of its receipt; undefined while the call has none. */
  readonly seq?: number
  /** The citations of its last frame, sealed; undefined when there were none. */
  readonly citations?: Uint8Array
}

/** When a call ended, and what its last frame said. */
export interface ServedEnd {
  readonly seq: number
  readonly atMs: number
  readonly citations?: Uint8Array
}

/** One chunk as it was sent, and what the call had come to with it. */
export interface ServedChunk {
  readonly costWei: bigint
  readonly outputTokens: number
  /** The text, sealed. */
  readonly text: Uint8Array
}

/**
 * What a provider keeps of its paid calls, so that it knows after a crash what can have left, and can
 * show an answer again. Every write belongs inside a group commit. specs/07-channel.md §Replay
 */
export interface ServedCallStore {
  /** Keeps the call, with its end and its only chunk where it has both already; gives its number. */
  add(
    call: Omit<ServedCall, 'number' | 'seq' | 'citations'>,
    whole?: { readonly end: ServedEnd; readonly chunk: ServedChunk }
  ): number
  addChunk(number: number, n: number, chunk: ServedChunk): void
  removeChunk(number: number, n: number): void
  /** Says that the call has its receipt. */
  end(number: number, end: ServedEnd): void
  /** The ended call whose receipt stands at this place of the channel. */
  find(channelId: string, seq: number): ServedCall | undefined
  chunks(number: number): readonly ServedChunk[]
  /** Calls without a receipt, in the order they began. */
  unfinished(): readonly ServedCall[]
  /** Ended calls that cite something. */
  cited(): readonly ServedCall[]
  /** Forgets one call. */
  drop(number: number): void
  /** Channels of which an ended call is kept. */
  channels(): readonly string[]
  /** Forgets the channel's ended calls whose receipts stand below `seq`. */
  forget(channelId: string, seq: number): void
  /** Forgets what ended before `atMs`. */
  expire(atMs: number): void
  /** Bytes of all that is kept. */
  bytes(): number
  /** Forgets the `count` calls that ended first; gives how many there were. */
  forgetOldest(count: number): number
}

/** The tables of served calls in `db`. */
export function createServedCallStore(db: Database): ServedCallStore {
  db.migrate('served-calls', [
    `CREATE TABLE served_call (
       number INTEGER PRIMARY KEY, channel TEXT NOT NULL, call_id TEXT NOT NULL,
       commitment BLOB NOT NULL, request BLOB NOT NULL, builder TEXT NOT NULL,
       input_tokens INTEGER NOT NULL, royalty_ppm INTEGER NOT NULL, started_at_ms INTEGER NOT NULL,
       seq INTEGER, ended_at_ms INTEGER, citations BLOB, UNIQUE (channel, call_id)) STRICT;
     CREATE TABLE served_chunk (
       call INTEGER NOT NULL, n INTEGER NOT NULL, cost_wei TEXT NOT NULL,
       output_tokens INTEGER NOT NULL, text BLOB NOT NULL, PRIMARY KEY (call, n)) WITHOUT ROWID, STRICT`,
    // The same table, found by the receipt's place: places follow one another, call ids lie anywhere.
    `ALTER TABLE served_call RENAME TO served_before;
     CREATE TABLE served_call (
       number INTEGER PRIMARY KEY, channel TEXT NOT NULL, call_id TEXT NOT NULL,
       commitment BLOB NOT NULL, request BLOB NOT NULL, builder TEXT NOT NULL,
       input_tokens INTEGER NOT NULL, royalty_ppm INTEGER NOT NULL, started_at_ms INTEGER NOT NULL,
       seq INTEGER, ended_at_ms INTEGER, citations BLOB) STRICT;
     INSERT INTO served_call SELECT * FROM served_before;
     DROP TABLE served_before;
     CREATE UNIQUE INDEX served_by_seq ON served_call (channel, seq)`,
    // Most answers are one chunk: it stands in the row of its call.
    `ALTER TABLE served_call ADD COLUMN cost_wei TEXT;
     ALTER TABLE served_call ADD COLUMN output_tokens INTEGER;
     ALTER TABLE served_call ADD COLUMN text BLOB`
  ])

  function forgetWhere(condition: string, ...values: Array<string | number>): number {
    const which = `SELECT number FROM served_call WHERE seq IS NOT NULL AND ${condition}`
    db.run(`DELETE FROM served_chunk WHERE call IN (${which})`, ...values)
    return db.run(`DELETE FROM served_call WHERE number IN (${which})`, ...values).changes
  }

  return {
    add(call, whole) {
      const { end, chunk } = whole ?? {}
      return db.run(
        `INSERT INTO served_call (channel, call_id, commitment, request, builder, input_tokens,
         royalty_ppm, started_at_ms, seq, ended_at_ms, citations, cost_wei, output_tokens, text)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        call.channelId,
        call.callId,
        call.commitment,
        call.request,
        call.builder,
        call.inputTokens,
        call.royaltyPpm,
        call.startedAtMs,
        end?.seq ?? null,
        end?.atMs ?? null,
        end?.citations ?? null,
        chunk?.costWei.toString() ?? null,
        chunk?.outputTokens ?? null,
        chunk?.text ?? null
      ).lastId
    },
    addChunk(number, n, { costWei, outputTokens, text }) {
      db.run(
        'INSERT INTO served_chunk VALUES (?, ?, ?, ?, ?)',
        number,
        n,
        costWei.toString(),
        outputTokens,
        text
      )
    },
    removeChunk(number, n) {
      db.run('DELETE FROM served_chunk WHERE call = ? AND n = ?', number, n)
    },
    end(number, { seq, atMs, citations }) {
      db.run(
        'UPDATE served_call SET seq = ?, ended_at_ms = ?, citations = ? WHERE number = ?',
        seq,
        atMs,
        citations ?? null,
        number
      )
    },
    find(channelId, seq) {
      const row = db.get('SELECT * FROM served_call WHERE channel = ? AND seq = ?', channelId, seq)
      return row === undefined ? undefined : callOf(row)
    },
    chunks(number) {
      const only = db.get('SELECT * FROM served_call WHERE number = ? AND text NOTNULL', number)
      if (only !== undefined) return [chunkOf(only)]
      return db.all('SELECT * FROM served_chunk WHERE call = ? ORDER BY n', number).map(chunkOf)
    },
    unfinished: () =>
      db.all('SELECT * FROM served_call WHERE seq IS NULL ORDER BY number').map(callOf),
    cited: () =>
      db.all('SELECT * FROM served_call WHERE citations IS NOT NULL ORDER BY number').map(callOf),
    drop: (number) => void forgetWhere('number = ?', number),
    channels: () =>
      db
        .all('SELECT DISTINCT channel FROM served_call WHERE seq IS NOT NULL')
        .map((row) => String(row.channel)),
    forget: (channelId, seq) => void forgetWhere('channel = ? AND seq < ?', channelId, seq),
    expire: (atMs) => void forgetWhere('ended_at_ms < ?', atMs),
    bytes() {
      const calls = db.get(
        'SELECT total(length(request) + coalesce(length(text), 0) + 400) AS bytes FROM served_call'
      )
      const chunks = db.get('SELECT total(length(text) + 40) AS bytes FROM served_chunk')
      return Number(calls?.bytes ?? 0) + Number(chunks?.bytes ?? 0)
    },
    forgetOldest: (count) =>
      forgetWhere(
        `number IN (SELECT number FROM served_call WHERE seq IS NOT NULL
           ORDER BY ended_at_ms, number LIMIT ?)`,
        count
      )
  }
}

function chunkOf(row: Row): ServedChunk {
  return {
    costWei: BigInt(String(row.cost_wei)),
    outputTokens: Number(row.output_tokens),
    text: row.text as Uint8Array
  }
}

function callOf(row: Row): ServedCall {
  return {
    number: Number(row.number),
    channelId: String(row.channel),
    callId: String(row.call_id),
    commitment: row.commitment as Uint8Array,
    request: row.request as Uint8Array,
    builder: String(row.builder),
    inputTokens: Number(row.input_tokens),
    royaltyPpm: Number(row.royalty_ppm),
    startedAtMs: Number(row.started_at_ms),
    ...(row.seq === null ? {} : { seq: Number(row.seq) }),
    ...(row.citations === null ? {} : { citations: row.citations as Uint8Array })
  }
}
