import type { Equivocation } from '../../protocol/net/seq-guard.ts'
import type { Database } from './database.ts'

/** Pairs of documents that are kept; with more the oldest go. */
const MAX_DOCUMENTS = 1_000

/** Two receipts that one key signed for one place of one channel: proof for whoever holds both. */
export interface ReceiptPair {
  readonly channelId: string
  readonly seq: number
  /** The peer that made them. */
  readonly provider: string
  readonly receiptSigner: string
  /** As they came, each with its signature. */
  readonly first: Uint8Array
  readonly second: Uint8Array
  readonly foundAtMs: number
  /** What reporting it earned, once it was reported. */
  readonly reportedWei?: bigint
}

/** What others signed twice, kept whatever becomes of them. */
export interface EvidenceStore {
  /** Keeps the pair; one of a channel is enough, so the first stays. */
  addReceipts(pair: Omit<ReceiptPair, 'reportedWei'>): void
  receipts(): readonly ReceiptPair[]
  setReported(channelId: string, rewardWei: bigint): void
  /** Keeps the pair; the first of a name stays. */
  addDocuments(pair: Equivocation): void
  documents(): readonly Equivocation[]
}

/** The evidence tables of `db`. */
export function createEvidenceStore(db: Database): EvidenceStore {
  db.migrate('evidence', [
    `CREATE TABLE receipt_pair (
       channel TEXT PRIMARY KEY, seq INTEGER NOT NULL, provider TEXT NOT NULL,
       receipt_signer TEXT NOT NULL, first BLOB NOT NULL, second BLOB NOT NULL,
       found_at_ms INTEGER NOT NULL, reported_wei TEXT) STRICT;
     CREATE TABLE document_pair (
       number INTEGER PRIMARY KEY AUTOINCREMENT, issuer TEXT NOT NULL, kind TEXT NOT NULL,
       id TEXT NOT NULL, seq INTEGER NOT NULL, first BLOB NOT NULL, second BLOB NOT NULL,
       UNIQUE (issuer, kind, id)) STRICT`
  ])
  return {
    addReceipts(pair) {
      db.run(
        `INSERT INTO receipt_pair (channel, seq, provider, receipt_signer, first, second, found_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        pair.channelId,
        pair.seq,
        pair.provider,
        pair.receiptSigner,
        pair.first,
        pair.second,
        pair.foundAtMs
      )
    },
    receipts: () =>
      db.all('SELECT * FROM receipt_pair ORDER BY rowid').map((row) => ({
        channelId: String(row.channel),
        seq: Number(row.seq),
        provider: String(row.provider),
        receiptSigner: String(row.receipt_signer),
        first: row.first as Uint8Array,
        second: row.second as Uint8Array,
        foundAtMs: Number(row.found_at_ms),
        ...(row.reported_wei === null ? {} : { reportedWei: BigInt(String(row.reported_wei)) })
      })),
    setReported(channelId, rewardWei) {
      db.run(
        'UPDATE receipt_pair SET reported_wei = ? WHERE channel = ?',
        rewardWei.toString(),
        channelId
      )
    },
    addDocuments({ issuer, kind, id, seq, documents: [first, second] }) {
      const { lastId, changes } = db.run(
        `INSERT INTO document_pair (issuer, kind, id, seq, first, second)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        issuer,
        kind,
        id,
        seq,
        first,
        second
      )
      if (changes === 0) return
      db.run('DELETE FROM document_pair WHERE number <= ?', lastId - MAX_DOCUMENTS)
    },
    documents: () =>
      db.all('SELECT * FROM document_pair ORDER BY number').map((row) => ({
        issuer: String(row.issuer),
        kind: String(row.kind),
        id: String(row.id),
        seq: Number(row.seq),
        documents: [row.first as Uint8Array, row.second as Uint8Array]
      }))
  }
}
