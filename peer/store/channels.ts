import type { Database, Row } from './database.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { createKeptAnswerStore, type KeptAnswerStore } from './kept-answers.ts'
import { createOpenCallStore, type OpenCallStore } from './open-calls.ts'
import { createReceiptIndex, RECEIPT_INDEX } from './receipt-index.ts'
import { createServedCallStore, type ServedCallStore } from './served-calls.ts'

/** Which side of a channel this peer is on; one peer may pay and be paid. */
export type Side = 'payer' | 'provider'

export interface StoredChannel {
  readonly channelId: string
  readonly side: Side
  /** The other peer. */
  readonly peer: string
  /** The terms' record bytes. */
  readonly terms: Uint8Array
  /** As last confirmed on chain. */
  readonly depositWei: bigint
  readonly claimedWei: bigint
  /** The payer's pending withdrawal, as last seen on chain. */
  readonly withdrawal?: { readonly amountWei: bigint; readonly readyAtMs: number }
  /** The highest voucher, 168 bytes; undefined before the first. */
  readonly voucher?: Uint8Array
  /** The peer that brought it. */
  readonly bearer?: string
  /** True when the other side no longer takes calls on it: a payer opens another. */
  readonly isRetired: boolean
}

export interface StoredReceipt {
  readonly side: Side
  readonly callId: string
  readonly channelId: string
  readonly seq: number
  readonly peer: string
  readonly priceWei: bigint
  readonly royaltyPpm: number
  readonly leaf: Uint8Array
  readonly bytes: Uint8Array
}

/** Money on disk: what it returned from is kept, also through a crash. */
export interface ChannelStore {
  /** Several of the writes below as one, synced together with everybody else's of this turn. */
  readonly together: GroupCommit
  /** What this peer as a provider keeps of calls until their receipts are committed. */
  readonly served: ServedCallStore
  /** What was said in calls that this peer made. */
  readonly answers: KeptAnswerStore
  /** What this peer as a payer covered and has no receipt of. */
  readonly open: OpenCallStore
  addChannel(
    channel: Pick<StoredChannel, 'channelId' | 'side' | 'peer' | 'terms' | 'depositWei'>
  ): void
  retire(side: Side, channelId: string): void
  channels(side?: Side): readonly StoredChannel[]
  channel(side: Side, channelId: string): StoredChannel | undefined
  /** Must return before anything is sent or delivered under the voucher. */
  setVoucher(side: Side, channelId: string, voucher: Uint8Array, bearer?: string): void
  setChainState(
    side: Side,
    channelId: string,
    state: Pick<StoredChannel, 'depositWei' | 'claimedWei' | 'withdrawal'>
  ): void
  /** Refuses nothing twice: the first receipt of (side, call) and of (side, channel, seq) stays. */
  addReceipt(receipt: StoredReceipt): boolean
  receipts(side?: Side): readonly StoredReceipt[]
  /** Of one channel, by seq, from place `from` on, `limit` at most; all of them unless given. */
  receiptsOf(
    side: Side,
    channelId: string,
    range?: { readonly from: number; readonly limit: number }
  ): readonly StoredReceipt[]
  /** The receipt of one call on one channel. */
  receiptOn(side: Side, channelId: string, callId: string): StoredReceipt | undefined
  /** How many receipts the channel has. */
  countOf(side: Side, channelId: string): number
  /** The receipt at a place of a channel. */
  receiptAt(side: Side, channelId: string, seq: number): StoredReceipt | undefined
  receipt(callId: string, side?: Side): StoredReceipt | undefined
  /** Keeps the sealed bytes of the offer with CID `cid`, by which its receipts are checked. */
  putOffer(cid: string, bytes: Uint8Array): void
  offer(cid: string): Uint8Array | undefined
  /** Whether the call of this id has its receipt on this channel already. */
  hasReceipt(side: Side, channelId: string, callId: string): boolean
}

/**
 * Receipts of free calls have no place. A query must say so in the words of the index, or SQLite reads
 * every receipt there is.
 */
const HAS_PLACE = "channel <> '0x0000000000000000000000000000000000000000000000000000000000000000'"

/** The channel and receipt tables of `db`. */
export function createChannelStore(db: Database): ChannelStore {
  db.migrate('channels', [
    `CREATE TABLE channel (
       side TEXT NOT NULL, id TEXT NOT NULL, peer TEXT NOT NULL, terms BLOB NOT NULL,
       deposit_wei TEXT NOT NULL, claimed_wei TEXT NOT NULL DEFAULT '0', voucher BLOB,
       bearer TEXT, retired INTEGER NOT NULL DEFAULT 0,
       PRIMARY KEY (side, id)) STRICT;
     CREATE TABLE receipt (
       number INTEGER PRIMARY KEY AUTOINCREMENT, side TEXT NOT NULL, call_id TEXT NOT NULL,
       channel TEXT NOT NULL, seq INTEGER NOT NULL, peer TEXT NOT NULL, price_wei TEXT NOT NULL,
       royalty_ppm INTEGER NOT NULL, leaf BLOB NOT NULL, bytes BLOB NOT NULL,
       UNIQUE (side, channel, call_id, peer)) STRICT;
     CREATE UNIQUE INDEX receipt_by_seq ON receipt (side, channel, seq)
       WHERE channel <> '0x0000000000000000000000000000000000000000000000000000000000000000'`,
    'CREATE TABLE taken_offer (cid TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT',
    `ALTER TABLE channel ADD COLUMN withdraw_wei TEXT;
     ALTER TABLE channel ADD COLUMN withdraw_at_ms INTEGER`,
    // The same table, found by call id first: one index less to write for every call.
    `ALTER TABLE receipt RENAME TO receipt_before;
     DROP INDEX receipt_by_seq;
     CREATE TABLE receipt (
       number INTEGER PRIMARY KEY, side TEXT NOT NULL, call_id TEXT NOT NULL,
       channel TEXT NOT NULL, seq INTEGER NOT NULL, peer TEXT NOT NULL, price_wei TEXT NOT NULL,
       royalty_ppm INTEGER NOT NULL, leaf BLOB NOT NULL, bytes BLOB NOT NULL,
       UNIQUE (call_id, side, channel, peer)) STRICT;
     INSERT INTO receipt SELECT * FROM receipt_before;
     DROP TABLE receipt_before;
     CREATE UNIQUE INDEX receipt_by_seq ON receipt (side, channel, seq)
       WHERE channel <> '0x0000000000000000000000000000000000000000000000000000000000000000'`,
    // And once more: found by call id through an index that is written in large parts.
    `ALTER TABLE receipt RENAME TO receipt_before;
     DROP INDEX receipt_by_seq;
     CREATE TABLE receipt (
       number INTEGER PRIMARY KEY, side TEXT NOT NULL, call_id TEXT NOT NULL,
       channel TEXT NOT NULL, seq INTEGER NOT NULL, peer TEXT NOT NULL, price_wei TEXT NOT NULL,
       royalty_ppm INTEGER NOT NULL, leaf BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
     INSERT INTO receipt SELECT * FROM receipt_before;
     DROP TABLE receipt_before;
     CREATE UNIQUE INDEX receipt_by_seq ON receipt (side, channel, seq)
       WHERE channel <> '0x0000000000000000000000000000000000000000000000000000000000000000';
     ${RECEIPT_INDEX}`
  ])
  const index = createReceiptIndex(db)

  /** The receipts of one call, the newest first. */
  function* ofCall(callId: string): Generator<StoredReceipt> {
    for (const number of index.numbersOf(callId)) {
      const row = db.get('SELECT * FROM receipt WHERE number = ? AND call_id = ?', number, callId)
      if (row !== undefined) yield receiptOf(row)
    }
  }

  function find(callId: string, is: (receipt: StoredReceipt) => boolean) {
    for (const receipt of ofCall(callId)) if (is(receipt)) return receipt
    return undefined
  }

  return {
    together: createGroupCommit(db),
    served: createServedCallStore(db),
    open: createOpenCallStore(db),
    answers: createKeptAnswerStore(db),
    addChannel({ side, channelId, peer, terms, depositWei }) {
      db.run(
        `INSERT INTO channel (side, id, peer, terms, deposit_wei) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET deposit_wei = excluded.deposit_wei`,
        side,
        channelId,
        peer,
        terms,
        depositWei.toString()
      )
    },
    channels: (side) =>
      (side === undefined
        ? db.all('SELECT * FROM channel ORDER BY rowid')
        : db.all('SELECT * FROM channel WHERE side = ? ORDER BY rowid', side)
      ).map(channelOf),
    channel(side, channelId) {
      const row = db.get('SELECT * FROM channel WHERE side = ? AND id = ?', side, channelId)
      return row === undefined ? undefined : channelOf(row)
    },
    setVoucher(side, channelId, voucher, bearer) {
      db.run(
        'UPDATE channel SET voucher = ?, bearer = ? WHERE side = ? AND id = ?',
        voucher,
        bearer ?? null,
        side,
        channelId
      )
    },
    retire(side, channelId) {
      db.run('UPDATE channel SET retired = 1 WHERE side = ? AND id = ?', side, channelId)
    },
    setChainState(side, channelId, { depositWei, claimedWei, withdrawal }) {
      db.run(
        `UPDATE channel SET deposit_wei = ?, claimed_wei = ?, withdraw_wei = ?, withdraw_at_ms = ?
         WHERE side = ? AND id = ?`,
        depositWei.toString(),
        claimedWei.toString(),
        withdrawal === undefined ? null : withdrawal.amountWei.toString(),
        withdrawal === undefined ? null : withdrawal.readyAtMs,
        side,
        channelId
      )
    },
    addReceipt(receipt) {
      const { callId, side, channelId, peer } = receipt
      const isSame = (one: StoredReceipt) =>
        one.side === side && one.channelId === channelId && one.peer === peer
      if (find(callId, isSame) !== undefined) return false
      const { changes, lastId } = db.run(
        `INSERT INTO receipt (side, call_id, channel, seq, peer, price_wei, royalty_ppm, leaf, bytes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        receipt.side,
        receipt.callId,
        receipt.channelId,
        receipt.seq,
        receipt.peer,
        receipt.priceWei.toString(),
        receipt.royaltyPpm,
        receipt.leaf,
        receipt.bytes
      )
      if (changes === 1) index.add(callId, lastId)
      return changes === 1
    },
    receipts: (side) =>
      (side === undefined
        ? db.all('SELECT * FROM receipt ORDER BY number')
        : db.all('SELECT * FROM receipt WHERE side = ? ORDER BY number', side)
      ).map(receiptOf),
    receiptsOf: (side, channelId, { from, limit } = { from: 0, limit: -1 }) =>
      db
        .all(
          `SELECT * FROM receipt WHERE side = ? AND channel = ? AND seq >= ? AND ${HAS_PLACE}
           ORDER BY seq LIMIT ?`,
          side,
          channelId,
          from,
          limit
        )
        .map(receiptOf),
    receiptAt(side, channelId, seq) {
      const row = db.get(
        `SELECT * FROM receipt WHERE side = ? AND channel = ? AND seq = ? AND ${HAS_PLACE}`,
        side,
        channelId,
        seq
      )
      return row === undefined ? undefined : receiptOf(row)
    },
    receiptOn: (side, channelId, callId) =>
      find(callId, (one) => one.side === side && one.channelId === channelId),
    countOf: (side, channelId) =>
      Number(
        db.get(
          `SELECT max(seq) + 1 AS count FROM receipt WHERE side = ? AND channel = ? AND ${HAS_PLACE}`,
          side,
          channelId
        )?.count ?? 0
      ),
    receipt: (callId, side) => find(callId, (one) => side === undefined || one.side === side),
    putOffer(cid, bytes) {
      db.run('INSERT INTO taken_offer VALUES (?, ?) ON CONFLICT DO NOTHING', cid, bytes)
    },
    offer(cid) {
      const row = db.get('SELECT bytes FROM taken_offer WHERE cid = ?', cid)
      return row === undefined ? undefined : (row.bytes as Uint8Array)
    },
    hasReceipt: (side, channelId, callId) =>
      find(callId, (one) => one.side === side && one.channelId === channelId) !== undefined
  }
}

function channelOf(row: Row): StoredChannel {
  return {
    side: row.side as Side,
    channelId: String(row.id),
    peer: String(row.peer),
    terms: row.terms as Uint8Array,
    depositWei: BigInt(String(row.deposit_wei)),
    claimedWei: BigInt(String(row.claimed_wei)),
    ...(row.withdraw_wei === null
      ? {}
      : {
          withdrawal: {
            amountWei: BigInt(String(row.withdraw_wei)),
            readyAtMs: Number(row.withdraw_at_ms)
          }
        }),
    ...(row.voucher === null ? {} : { voucher: row.voucher as Uint8Array }),
    ...(row.bearer === null ? {} : { bearer: String(row.bearer) }),
    isRetired: row.retired === 1
  }
}

function receiptOf(row: Row): StoredReceipt {
  return {
    side: row.side as Side,
    callId: String(row.call_id),
    channelId: String(row.channel),
    seq: Number(row.seq),
    peer: String(row.peer),
    priceWei: BigInt(String(row.price_wei)),
    royaltyPpm: Number(row.royalty_ppm),
    leaf: row.leaf as Uint8Array,
    bytes: row.bytes as Uint8Array
  }
}
