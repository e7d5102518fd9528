import type { RoyaltyPolicy } from '../../protocol/datanet/royalty-policy.ts'
import type { Database } from './database.ts'

/** A model this peer built: its card and the artefact it answers from. */
export interface BuiltModel {
  /** CID text of the card. */
  readonly model: string
  readonly card: Uint8Array
  readonly artefact: Uint8Array
  readonly issuedAtMs: number
}

/** What is being served, so that a restart serves it again. */
export interface ServedModel {
  readonly model: string
  readonly account: string
  readonly callWei: bigint
  readonly inputTokenWei: bigint
  readonly outputTokenWei: bigint
  readonly timeoutMs?: number
}

/** The models of one peer. */
export interface ModelStore {
  putModel(model: BuiltModel): void
  model(model: string): BuiltModel | undefined
  models(): readonly BuiltModel[]
  /** Keeps another artefact for a model: what was withdrawn is taken out of it. */
  setArtefact(model: string, artefact: Uint8Array): void
  putServed(served: ServedModel): void
  dropServed(model: string): void
  served(): readonly ServedModel[]
  /** Keeps the policy of an offer somebody called under: its receipts are paid out by it. */
  putPolicy(offer: string, policy: RoyaltyPolicy): void
  policy(offer: string): RoyaltyPolicy | undefined
}

/** The model tables of `db`. */
export function createModelStore(db: Database): ModelStore {
  db.migrate('models', [
    `CREATE TABLE model (id TEXT PRIMARY KEY, card BLOB NOT NULL, artefact BLOB NOT NULL,
       issued_at INTEGER NOT NULL) STRICT;
     CREATE TABLE policy (offer TEXT PRIMARY KEY, policy TEXT NOT NULL) STRICT;
     CREATE TABLE served (
       model TEXT PRIMARY KEY REFERENCES model (id), account TEXT NOT NULL, call_wei TEXT NOT NULL,
       input_wei TEXT NOT NULL, output_wei TEXT NOT NULL) STRICT`,
    'ALTER TABLE served ADD COLUMN timeout_ms INTEGER'
  ])
  const built = (row: Record<string, unknown>): BuiltModel => ({
    model: String(row.id),
    card: row.card as Uint8Array,
    artefact: row.artefact as Uint8Array,
    issuedAtMs: Number(row.issued_at)
  })
  return {
    putModel({ model, card, artefact, issuedAtMs }) {
      db.run('INSERT OR REPLACE INTO model VALUES (?, ?, ?, ?)', model, card, artefact, issuedAtMs)
    },
    model(model) {
      const row = db.get('SELECT * FROM model WHERE id = ?', model)
      return row === undefined ? undefined : built(row)
    },
    setArtefact(model, artefact) {
      db.run('UPDATE model SET artefact = ? WHERE id = ?', artefact, model)
    },
    models: () => db.all('SELECT * FROM model ORDER BY rowid').map(built),
    putServed({ model, account, callWei, inputTokenWei, outputTokenWei, timeoutMs }) {
      db.run(
        'INSERT OR REPLACE INTO served VALUES (?, ?, ?, ?, ?, ?)',
        model,
        account,
        callWei.toString(),
        inputTokenWei.toString(),
        outputTokenWei.toString(),
        timeoutMs ?? null
      )
    },
    dropServed: (model) => void db.run('DELETE FROM served WHERE model = ?', model),
    served: () =>
      db.all('SELECT * FROM served ORDER BY rowid').map((row) => ({
        model: String(row.model),
        account: String(row.account),
        callWei: BigInt(String(row.call_wei)),
        inputTokenWei: BigInt(String(row.input_wei)),
        outputTokenWei: BigInt(String(row.output_wei)),
        ...(row.timeout_ms === null ? {} : { timeoutMs: Number(row.timeout_ms) })
      })),
    putPolicy(offer, policy) {
      db.run('INSERT OR IGNORE INTO policy VALUES (?, ?)', offer, JSON.stringify(policy))
    },
    policy(offer) {
      const row = db.get('SELECT policy FROM policy WHERE offer = ?', offer)
      return row === undefined ? undefined : (JSON.parse(String(row.policy)) as RoyaltyPolicy)
    }
  }
}
