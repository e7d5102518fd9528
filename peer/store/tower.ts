import type { Database, Row } from './database.ts'

/** A voucher that a tower keeps for somebody else's channel. */
export interface TowerVoucher {
  readonly channelId: string
  /** The peer that brought the channel first, whose share of the tower it takes. */
  readonly peer: string
  readonly terms: Uint8Array
  readonly voucher: Uint8Array
  readonly cumulativeWei: bigint
  readonly withdrawDelayS: number
}

/** What a tower keeps, and what was handed to towers. */
export interface TowerStore {
  /** Keeps a voucher in place of a lower one of its channel. */
  put(kept: TowerVoucher): void
  find(channelId: string): TowerVoucher | undefined
  all(): Iterable<TowerVoucher>
  remove(channelId: string): void
  count(): number
  countOf(peer: string): number
  /** The shortest withdraw delay among them, in seconds; undefined when it keeps none. */
  leastDelayS(): number | undefined
  /** Up to which total a channel's voucher was handed to the tower at `tower`. */
  handedWei(tower: string, channelId: string): bigint
  setHanded(tower: string, channelId: string, cumulativeWei: bigint): void
}

/** The tower tables of `db`. */
export function createTowerStore(db: Database): TowerStore {
  db.migrate('tower', [
    `CREATE TABLE tower (
       channel TEXT PRIMARY KEY, peer TEXT NOT NULL, terms BLOB NOT NULL, voucher BLOB NOT NULL,
       cumulative_wei TEXT NOT NULL, withdraw_delay_s INTEGER NOT NULL) STRICT;
     CREATE INDEX tower_by_peer ON tower (peer);
     CREATE INDEX tower_by_delay ON tower (withdraw_delay_s);
     CREATE TABLE tower_handed (
       tower TEXT NOT NULL, channel TEXT NOT NULL, cumulative_wei TEXT NOT NULL,
       PRIMARY KEY (tower, channel)) STRICT, WITHOUT ROWID`
  ])
  return {
    put({ channelId, peer, terms, voucher, cumulativeWei, withdrawDelayS }) {
      db.run(
        `INSERT INTO tower VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
         SET voucher = excluded.voucher, cumulative_wei = excluded.cumulative_wei`,
        channelId,
        peer,
        terms,
        voucher,
        `${cumulativeWei}`,
        withdrawDelayS
      )
    },
    find(channelId) {
      const row = db.get('SELECT * FROM tower WHERE channel = ?', channelId)
      return row === undefined ? undefined : voucherOf(row)
    },
    all: () => db.all('SELECT * FROM tower').map(voucherOf),
    remove(channelId) {
      db.run('DELETE FROM tower WHERE channel = ?', channelId)
    },
    count: () => Number(db.get('SELECT count(*) AS number FROM tower')?.number),
    countOf: (peer) =>
      Number(db.get('SELECT count(*) AS number FROM tower WHERE peer = ?', peer)?.number),
    leastDelayS() {
      const least = db.get('SELECT min(withdraw_delay_s) AS least FROM tower')?.least
      return typeof least === 'number' ? least : undefined
    },
    handedWei(tower, channelId) {
      const row = db.get(
        'SELECT cumulative_wei FROM tower_handed WHERE tower = ? AND channel = ?',
        tower,
        channelId
      )
      return row === undefined ? 0n : BigInt(String(row.cumulative_wei))
    },
    setHanded(tower, channelId, cumulativeWei) {
      db.run(
        'INSERT OR REPLACE INTO tower_handed VALUES (?, ?, ?)',
        tower,
        channelId,
        `${cumulativeWei}`
      )
    }
  }
}

function voucherOf(row: Row): TowerVoucher {
  return {
    channelId: String(row.channel),
    peer: String(row.peer),
    terms: row.terms as Uint8Array,
    voucher: row.voucher as Uint8Array,
    cumulativeWei: BigInt(String(row.cumulative_wei)),
    withdrawDelayS: Number(row.withdraw_delay_s)
  }
}
