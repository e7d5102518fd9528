import { BaseBlockstore } from 'blockstore-core'
import type { CID } from 'multiformats/cid'
import { notFound, type SqliteBlockstore, type StoredBlock } from '../store/blocks.ts'

/** Whether rows of a Datanet that can be withdrawn may be given out; `undefined` is one not known. */
export type MayServe = (datanet: string | undefined) => boolean

/**
 * The blocks of `blocks` as others get them: rows that can be withdrawn are not there while `mayServe`
 * says no. What is put is kept as ever. specs/04-datanet.md §Withdrawal
 */
export class ServedBlockstore extends BaseBlockstore {
  readonly #blocks: SqliteBlockstore
  readonly #mayServe: MayServe

  constructor(blocks: SqliteBlockstore, mayServe: MayServe) {
    super()
    this.#blocks = blocks
    this.#mayServe = mayServe
  }

  /** The block's bytes, or undefined when it is not here or not to be had. */
  find(cid: CID): Uint8Array | undefined {
    return this.read(cid)?.bytes
  }

  /** The same, with what is known of it. */
  read(cid: CID): StoredBlock | undefined {
    const block = this.#blocks.read(cid)
    if (block === undefined) return undefined
    return block.isWithdrawable && !this.#mayServe(block.datanet) ? undefined : block
  }

  override has(cid: CID): boolean {
    return this.find(cid) !== undefined
  }

  override *get(cid: CID): Generator<Uint8Array> {
    const bytes = this.find(cid)
    if (bytes === undefined) throw notFound(cid)
    yield bytes
  }

  override put(...args: Parameters<SqliteBlockstore['put']>): ReturnType<SqliteBlockstore['put']> {
    return this.#blocks.put(...args)
  }

  override putMany(
    ...args: Parameters<SqliteBlockstore['putMany']>
  ): ReturnType<SqliteBlockstore['putMany']> {
    return this.#blocks.putMany(...args)
  }

  override delete(cid: CID): void {
    this.#blocks.delete(cid)
  }
}
