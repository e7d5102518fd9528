import type { Database, Row } from './database.ts'

/** A call that a payer has covered and that has no receipt yet; what is private in it is sealed. */
export interface OpenCall {
  readonly channelId: string
  readonly callId: string
  /** CID of the offer it was made under, which is kept beside it. */
  readonly offer: string
  /** The request's bytes, sealed. */
  readonly request: Uint8Array
  readonly builder: string
  readonly maxWei: bigint
  readonly royaltyPpm: number
  readonly coveredWei: bigint
}

/**
 * A payer's open covers: written with the voucher that covers them, gone with the receipt. Every
 * write belongs inside a group commit. specs/07-channel.md §Recovery
 */
export interface OpenCallStore {
  add(call: OpenCall): void
  cover(channelId: string, callId: string, coveredWei: bigint): void
  remove(channelId: string, callId: string): void
  /** Of one channel, in the order they began. */
  of(channelId: string): readonly OpenCall[]
  /** Channels that have any. */
  channels(): readonly string[]
}

/** The table of open calls in `db`. */
export function createOpenCallStore(db: Database): OpenCallStore {
  db.migrate('open-calls', [
    `CREATE TABLE open_call (
       number INTEGER PRIMARY KEY, channel TEXT NOT NULL, call_id TEXT NOT NULL,
       offer TEXT NOT NULL, request BLOB NOT NULL, builder TEXT NOT NULL, max_wei TEXT NOT NULL,
       royalty_ppm INTEGER NOT NULL, covered_wei TEXT NOT NULL, UNIQUE (channel, call_id)) STRICT`
  ])
  return {
    add(call) {
      db.run(
        `INSERT OR REPLACE INTO open_call (channel, call_id, offer, request, builder, max_wei, royalty_ppm,
         covered_wei) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        call.channelId,
        call.callId,
        call.offer,
        call.request,
        call.builder,
        call.maxWei.toString(),
        call.royaltyPpm,
        call.coveredWei.toString()
      )
    },
    cover(channelId, callId, coveredWei) {
      db.run(
        'UPDATE open_call SET covered_wei = ? WHERE channel = ? AND call_id = ?',
        coveredWei.toString(),
        channelId,
        callId
      )
    },
    remove(channelId, callId) {
      db.run('DELETE FROM open_call WHERE channel = ? AND call_id = ?', channelId, callId)
    },
    of: (channelId) =>
      db.all('SELECT * FROM open_call WHERE channel = ? ORDER BY number', channelId).map(callOf),
    channels: () =>
      db.all('SELECT DISTINCT channel FROM open_call').map((row) => String(row.channel))
  }
}

function callOf(row: Row): OpenCall {
  return {
    channelId: String(row.channel),
    callId: String(row.call_id),
    offer: String(row.offer),
    request: row.request as Uint8Array,
    builder: String(row.builder),
    maxWei: BigInt(String(row.max_wei)),
    royaltyPpm: Number(row.royalty_ppm),
    coveredWei: BigInt(String(row.covered_wei))
  }
}
