import { cidOf, parseCid } from '../../protocol/base/codec.ts'
import type { DocumentSource } from '../../protocol/net/document-server.ts'
import type { DocumentName } from '../../protocol/net/seq-guard.ts'
import type { Database } from './database.ts'

/** A document this peer shows to others: signed bytes under the name its kind gives it. */
export interface ShownDocument extends DocumentName {
  readonly seq: number
  readonly bytes: Uint8Array
  readonly labels?: readonly string[]
}

/** The documents of one peer, kept across restarts. */
export interface DocumentStore extends DocumentSource {
  /** Shows `document` from now on; an older one of the same name is forgotten, a newer one stays. */
  put(document: ShownDocument): void
  /** Stops showing it. */
  remove(name: DocumentName): void
  /** What is shown under `kind`, newest first. */
  ofKind(kind: string): readonly ShownDocument[]
}

/** The document table of `db`. Documents are named by the CID of their signed bytes. */
export function createDocumentStore(db: Database): DocumentStore {
  db.migrate('documents', [
    `CREATE TABLE document (
       issuer TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL,
       cid TEXT NOT NULL, bytes BLOB NOT NULL, labels TEXT NOT NULL,
       PRIMARY KEY (issuer, kind, id)) STRICT;
     CREATE INDEX document_by_cid ON document (cid)`
  ])
  return {
    put({ issuer, kind, id, seq, bytes, labels = [] }) {
      db.run(
        `INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
         SET seq = excluded.seq, cid = excluded.cid, bytes = excluded.bytes, labels = excluded.labels
         WHERE excluded.seq >= document.seq`,
        issuer,
        kind,
        id,
        seq,
        cidOf(bytes).toString(),
        bytes,
        JSON.stringify(labels)
      )
    },
    remove({ issuer, kind, id }) {
      db.run('DELETE FROM document WHERE issuer = ? AND kind = ? AND id = ?', issuer, kind, id)
    },
    ofKind: (kind) =>
      db.all('SELECT * FROM document WHERE kind = ? ORDER BY seq DESC', kind).map((row) => ({
        issuer: String(row.issuer),
        kind,
        id: String(row.id),
        seq: Number(row.seq),
        bytes: row.bytes as Uint8Array,
        labels: JSON.parse(String(row.labels)) as string[]
      })),
    byCid: (cid) =>
      db.get('SELECT bytes FROM document WHERE cid = ?', cid.toString())?.bytes as
        | Uint8Array
        | undefined,
    newest: ({ issuer, kind, id }) =>
      db.get(
        'SELECT bytes FROM document WHERE issuer = ? AND kind = ? AND id = ?',
        issuer,
        kind,
        id
      )?.bytes as Uint8Array | undefined,
    // Receipts are asked for by call id: listing them would bury everything else.
    *catalogue() {
      for (const row of db.all(
        "SELECT issuer, kind, id, cid, labels FROM document WHERE kind <> 'receipt' ORDER BY rowid DESC"
      )) {
        yield {
          issuer: String(row.issuer),
          kind: String(row.kind),
          id: String(row.id),
          cid: parseCid(String(row.cid)),
          labels: JSON.parse(String(row.labels)) as string[]
        }
      }
    }
  }
}
