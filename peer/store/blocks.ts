import { BaseBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import { RAW } from '../../protocol/base/codec.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { type ContentKeys, createContentKeys, openContent, sealContent } from './content-keys.ts'
import type { Database, Row } from './database.ts'

type Input = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>
type Source<T> = Iterable<T> | AsyncIterable<T>
interface InputPair {
  cid: CID
  bytes: Input
}
interface Pair {
  cid: CID
  bytes: Generator<Uint8Array>
}

/** Blocks written in one commit: enough to hide the sync of the disk, few enough to hold in memory. */
const BATCH_BYTES = 4_194_304

const MIGRATIONS = [
  `CREATE TABLE block (
     multihash BLOB NOT NULL UNIQUE, version INTEGER NOT NULL, codec INTEGER NOT NULL,
     bytes BLOB NOT NULL
   ) STRICT`,
  `ALTER TABLE block ADD COLUMN key INTEGER;
   CREATE INDEX block_by_key ON block (key) WHERE key IS NOT NULL;
   CREATE TABLE block_also (
     key INTEGER NOT NULL, multihash BLOB NOT NULL, PRIMARY KEY (key, multihash)) WITHOUT ROWID, STRICT`
]

const SELECT = `SELECT block.bytes, block.key, content_key.key AS secret, content_key.datanet FROM block
   LEFT JOIN content_key ON content_key.number = block.key WHERE multihash = ?`

/** How a row of a revision begins: the contribution that it holds. */
const ROW_START = new TextEncoder().encode('{"id":"')
const HEAD_BYTES = 80

/**
 * Content blocks in `database`, found by multihash as in every IPFS store. What `put` or `putMany`
 * yielded is on the disk. A block that is not here throws NotFoundError, as interface-blockstore says.
 * Rows of contributions lie sealed under the contribution's key, and what is put of a withdrawn one is
 * dropped. specs/04-datanet.md §Withdrawal
 */
export class SqliteBlockstore extends BaseBlockstore {
  readonly #database: Database
  readonly keys: ContentKeys

  constructor(database: Database) {
    super()
    this.keys = createContentKeys(database)
    database.migrate('blocks', MIGRATIONS)
    this.#database = database
  }

  override has(cid: CID): boolean {
    const sql = 'SELECT 1 FROM block WHERE multihash = ?'
    return this.#database.get(sql, cid.multihash.bytes) !== undefined
  }

  override async put(cid: CID, input: Input): Promise<CID> {
    const bytes = await collect(input)
    this.putBatch([{ cid, bytes }])
    return cid
  }

  override async *putMany(source: Source<InputPair>): AsyncGenerator<CID> {
    let batch: Array<{ cid: CID; bytes: Uint8Array }> = []
    let size = 0
    for await (const { cid, bytes: input } of source) {
      const bytes = await collect(input)
      batch.push({ cid, bytes })
      size += bytes.byteLength
      if (size < BATCH_BYTES) continue
      yield* this.putBatch(batch)
      batch = []
      size = 0
    }
    yield* this.putBatch(batch)
  }

  /** Writes all of `blocks`, of `datanet` where it is said, in one commit and returns their CIDs. */
  putBatch(blocks: ReadonlyArray<{ cid: CID; bytes: Uint8Array }>, datanet?: string): CID[] {
    if (blocks.length === 0) return []
    return this.#database.transaction(() =>
      blocks.map(({ cid, bytes }) => {
        this.#insert(cid, bytes, datanet)
        return cid
      })
    )
  }

  /** As `putBatch`, but on the disk only once a `settle` that began later has resolved. */
  putSoon(blocks: ReadonlyArray<{ cid: CID; bytes: Uint8Array }>, datanet?: string): void {
    if (blocks.length === 0) return
    this.#database.stage(() => {
      for (const { cid, bytes } of blocks) this.#insert(cid, bytes, datanet)
    })
  }

  /** Resolves when all that was put before is on the disk. */
  settle(): Promise<void> {
    return this.#database.sync()
  }

  /** The block's bytes, or undefined when it is not here. */
  find(cid: CID): Uint8Array | undefined {
    return this.read(cid)?.bytes
  }

  /** The block's bytes, and for what can be withdrawn the Datanet that it is of, where that is known. */
  read(cid: CID): StoredBlock | undefined {
    const row = this.#database.get(SELECT, cid.multihash.bytes)
    return row === undefined ? undefined : opened(row, cid.multihash.bytes)
  }

  /**
   * Seals the blocks `cids`, such as those of its file, under the contribution's key. One that another
   * contribution has as well stays as long as either of them. Drops them when it is withdrawn.
   */
  own(contribution: string, cids: Iterable<CID>, datanet: string): void {
    this.#database.transaction(() => {
      const key = this.keys.ensure(contribution, datanet)
      for (const cid of cids) {
        const name = cid.multihash.bytes
        const row = this.#database.get(SELECT, name)
        if (row === undefined || (key !== undefined && Number(row.key) === key.number)) continue
        if (row.key !== null) {
          if (key !== undefined) this.#also(key.number, name)
        } else if (key === undefined) this.delete(cid)
        else this.#seal(name, key, opened(row, name).bytes)
      }
    })
  }

  /**
   * Destroys the contribution's key and every block that is no other's as well; for ever, whatever is
   * put later. Cleaning the log is the caller's.
   */
  withdraw(contribution: string, datanet: string): void {
    this.#database.transaction(() => {
      const { number } = this.keys.find(contribution) ?? {}
      if (number !== undefined) {
        for (const { multihash } of this.#database.all(
          'SELECT multihash FROM block WHERE key = ?',
          number
        )) {
          this.#leave(asBytes(multihash))
        }
        this.#database.run('DELETE FROM block_also WHERE key = ?', number)
      }
      this.keys.destroy(contribution, datanet)
    })
  }

  override *get(cid: CID): Generator<Uint8Array> {
    const bytes = this.find(cid)
    if (bytes === undefined) throw notFound(cid)
    yield bytes
  }

  override async *getMany(source: Source<CID>): AsyncGenerator<Pair> {
    for await (const cid of source) yield { cid, bytes: this.get(cid) }
  }

  override delete(cid: CID): void {
    this.#database.run('DELETE FROM block WHERE multihash = ?', cid.multihash.bytes)
  }

  override async *deleteMany(source: Source<CID>): AsyncGenerator<CID> {
    for await (const cid of source) {
      this.delete(cid)
      yield cid
    }
  }

  override *getAll(): Generator<Pair> {
    for (const cid of this.cids()) yield { cid, bytes: this.get(cid) }
  }

  /** The names of all blocks that are here, as they stood when it began. */
  *cids(): Generator<CID> {
    const rows = this.#database.all('SELECT multihash, version, codec FROM block')
    for (const row of rows) yield named(row)
  }

  /** Removes what neither `isReached` nor, by its contribution, `isKept`; says how much that was. */
  collect(
    isReached: (cid: CID) => boolean,
    isKept: (contribution: string) => boolean
  ): { blocks: number; bytes: number } {
    return this.#database.transaction(() => {
      let blocks = 0
      let bytes = 0
      const rows = this.#database.all(
        `SELECT multihash, version, codec, length(bytes) AS size, contribution FROM block
         LEFT JOIN content_key ON content_key.number = block.key`
      )
      for (const row of rows) {
        const cid = named(row)
        if (isReached(cid)) continue
        if (typeof row.contribution === 'string' && isKept(row.contribution)) continue
        this.delete(cid)
        blocks += 1
        bytes += Number(row.size)
      }
      return { blocks, bytes }
    })
  }

  #insert(cid: CID, bytes: Uint8Array, datanet?: string): void {
    const name = cid.multihash.bytes
    const contribution = cid.code === RAW ? contributionIn(bytes) : undefined
    const key = contribution === undefined ? undefined : this.keys.ensure(contribution, datanet)
    if (contribution !== undefined && key === undefined) return
    this.#database.run(
      'INSERT OR IGNORE INTO block (multihash, version, codec, bytes, key) VALUES (?, ?, ?, ?, ?)',
      name,
      cid.version,
      cid.code,
      key === undefined ? bytes : sealContent(key.secret, name, bytes),
      key?.number ?? null
    )
  }

  #seal(name: Uint8Array, key: { number: number; secret: Uint8Array }, bytes: Uint8Array): void {
    this.#database.run(
      'UPDATE block SET bytes = ?, key = ? WHERE multihash = ?',
      sealContent(key.secret, name, bytes),
      key.number,
      name
    )
  }

  #also(key: number, name: Uint8Array): void {
    this.#database.run('INSERT OR IGNORE INTO block_also VALUES (?, ?)', key, name)
  }

  /** Hands the block to the next contribution that has it, or deletes it. */
  #leave(name: Uint8Array): void {
    const heir = this.#database.get(
      `SELECT number, content_key.key AS secret FROM block_also
       JOIN content_key ON content_key.number = block_also.key
       WHERE multihash = ? AND content_key.key IS NOT NULL LIMIT 1`,
      name
    )
    if (heir === undefined) {
      this.#database.run('DELETE FROM block WHERE multihash = ?', name)
      return
    }
    const { bytes } = opened(this.#database.get(SELECT, name) as Row, name)
    const number = Number(heir.number)
    this.#seal(name, { number, secret: asBytes(heir.secret) }, bytes)
    this.#database.run('DELETE FROM block_also WHERE key = ? AND multihash = ?', number, name)
  }
}

/** A block as it is found here. */
export interface StoredBlock {
  readonly bytes: Uint8Array
  /** True of what lies under a contribution's key. */
  readonly isWithdrawable: boolean
  readonly datanet?: string
}

function named({ version, codec, multihash }: Row): CID {
  return CID.create(version === 0 ? 0 : 1, Number(codec), decodeDigest(asBytes(multihash)))
}

function opened(row: Row, name: Uint8Array): StoredBlock {
  const bytes = asBytes(row.bytes)
  if (row.key === null) return { bytes, isWithdrawable: false }
  return {
    bytes: openContent(asBytes(row.secret), name, bytes),
    isWithdrawable: true,
    ...(row.datanet === null ? {} : { datanet: String(row.datanet) })
  }
}

/** The id of the contribution that a row begins with; undefined for any other block. */
export function contributionIn(bytes: Uint8Array): string | undefined {
  if (ROW_START.some((byte, i) => bytes[i] !== byte)) return undefined
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES))
  return /^{"id":"(bafyrei[a-z2-7]{52})",/.exec(head.toString('latin1'))?.[1]
}

async function collect(input: Input): Promise<Uint8Array> {
  if (input instanceof Uint8Array) return input
  const parts: Uint8Array[] = []
  for await (const part of input) parts.push(part)
  return Buffer.concat(parts)
}

function asBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new DatanetError('STORE_FAILED', { reason: 'a block is not bytes' })
}

/** The error of a block that is not here: Helia tells "not here" from "broken" by its name. */
export function notFound(cid: CID): Error {
  const error = new Error(`no block ${cid}`)
  error.name = 'NotFoundError'
  return error
}
