import { BaseBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import { DatanetError } from '../../protocol/base/errors.ts'
import type { Database } from './database.ts'

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
   ) STRICT`
]

/**
 * Content blocks in `database`, found by multihash as in every IPFS store. What `put` or `putMany`
 * yielded is on the disk. A block that is not here throws NotFoundError, as interface-blockstore says.
 */
export class SqliteBlockstore extends BaseBlockstore {
  readonly #database: Database

  constructor(database: Database) {
    super()
    database.migrate('blocks', MIGRATIONS)
    this.#database = database
  }

  override has(cid: CID): boolean {
    const sql = 'SELECT 1 FROM block WHERE multihash = ?'
    return this.#database.get(sql, cid.multihash.bytes) !== undefined
  }

  override async put(cid: CID, input: Input): Promise<CID> {
    this.#insert(cid, await collect(input))
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

  /** Writes all of `blocks` in one commit and returns their CIDs. */
  putBatch(blocks: ReadonlyArray<{ cid: CID; bytes: Uint8Array }>): CID[] {
    if (blocks.length === 0) return []
    return this.#database.transaction(() =>
      blocks.map(({ cid, bytes }) => {
        this.#insert(cid, bytes)
        return cid
      })
    )
  }

  /** The block's bytes, or undefined when it is not here. */
  find(cid: CID): Uint8Array | undefined {
    const sql = 'SELECT bytes FROM block WHERE multihash = ?'
    const row = this.#database.get(sql, cid.multihash.bytes)
    return row === undefined ? undefined : asBytes(row.bytes)
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
    const rows = this.#database.all('SELECT multihash, version, codec FROM block')
    for (const row of rows) {
      const cid = CID.create(
        row.version === 0 ? 0 : 1,
        Number(row.codec),
        decodeDigest(asBytes(row.multihash))
      )
      yield { cid, bytes: this.get(cid) }
    }
  }

  #insert(cid: CID, bytes: Uint8Array): void {
    this.#database.run(
      'INSERT OR IGNORE INTO block (multihash, version, codec, bytes) VALUES (?, ?, ?, ?)',
      cid.multihash.bytes,
      cid.version,
      cid.code,
      bytes
    )
  }
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

/** Helia tells "not here" from "broken" by this name. */
function notFound(cid: CID): Error {
  const error = new Error(`no block ${cid}`)
  error.name = 'NotFoundError'
  return error
}
