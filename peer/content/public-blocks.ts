import { BaseBlockstore } from 'blockstore-core'
import type { CID } from 'multiformats/cid'
import { notFound } from '../store/blocks.ts'
import type { ServedBlockstore } from './served-blocks.ts'

/** How a row of a revision begins. */
const ROW_START = new TextEncoder().encode('{"id":"')

/**
 * What bitswap gives to whoever asks for it: what `store` gives out, without rows that were taken from
 * messages, and of files those alone that a shown revision links. What is put is kept as ever.
 * specs/05-network.md §Any IPFS node
 */
export class PublicBlockstore extends BaseBlockstore {
  readonly #store: ServedBlockstore
  readonly #isLinked: (cid: CID) => Promise<boolean>

  constructor(store: ServedBlockstore, isLinked: (cid: CID) => Promise<boolean>) {
    super()
    this.#store = store
    this.#isLinked = isLinked
  }

  override async has(cid: CID): Promise<boolean> {
    return (await this.#find(cid)) !== undefined
  }

  override async *get(cid: CID): AsyncGenerator<Uint8Array> {
    const bytes = await this.#find(cid)
    if (bytes === undefined) throw notFound(cid)
    yield bytes
  }

  override put(...args: Parameters<ServedBlockstore['put']>): ReturnType<ServedBlockstore['put']> {
    return this.#store.put(...args)
  }

  override putMany(
    ...args: Parameters<ServedBlockstore['putMany']>
  ): ReturnType<ServedBlockstore['putMany']> {
    return this.#store.putMany(...args)
  }

  override delete(cid: CID): void {
    this.#store.delete(cid)
  }

  async #find(cid: CID): Promise<Uint8Array | undefined> {
    const block = this.#store.read(cid)
    if (block === undefined || !block.isWithdrawable) return block?.bytes
    const isPublic = isRow(block.bytes) ? !isFromMessage(block.bytes) : await this.#isLinked(cid)
    return isPublic ? block.bytes : undefined
  }
}

function isRow(bytes: Uint8Array): boolean {
  return ROW_START.every((byte, at) => bytes[at] === byte)
}

/** Whether a row says so, or what it says cannot be read. */
function isFromMessage(row: Uint8Array): boolean {
  try {
    return JSON.parse(Buffer.from(row).toString('utf8')).origin === 'message'
  } catch {
    return true
  }
}
