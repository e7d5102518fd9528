import { DatanetError } from '../../../protocol/base/errors.ts'
import type { Rpc } from '../rpc.ts'
import { createEvm, ENGINE, type Genesis } from './edr.ts'
import { type Journal, openJournal } from './journal.ts'

/** An EVM whose blocks follow the wall clock and whose transactions are mined soon after they come. */
export interface BlockMaker {
  readonly genesisHash: string
  /** Hash of the newest block. */
  head(): string
  /** Takes a raw transaction and returns its hash; it is mined within `blockMs`. */
  submit(raw: string): Promise<string>
  /** A request to the EVM, in order with the blocks. */
  request(method: string, params: readonly unknown[]): Promise<unknown>
  /** Mines what waits, now. */
  flush(): Promise<void>
  /** Mines an empty block if the newest is of an earlier second than now. */
  refresh(): Promise<void>
  /** Mines what waits, then stops. */
  close(): Promise<void>
}

interface Block {
  readonly hash: string
  readonly timestamp: string
  readonly transactions: readonly string[]
}

/**
 * A chain of `genesis`, or the one journalled in `dir` replayed to its last block. Refuses a journal
 * of another engine or chain and one that does not lead to the same blocks (CONFIG_INVALID: trying
 * again will not help), and what the journal refuses.
 */
export async function createBlockMaker(init: {
  chainId: bigint
  balances: Genesis['balances']
  blockMs: number
  dir?: string
}): Promise<BlockMaker> {
  const journal = init.dir === undefined ? undefined : openJournal(init.dir)
  try {
    return await startBlockMaker(init, journal)
  } catch (error) {
    journal?.close()
    throw error
  }
}

async function startBlockMaker(
  init: { chainId: bigint; balances: Genesis['balances']; blockMs: number },
  journal: Journal | undefined
): Promise<BlockMaker> {
  const header = journal?.header
  if (header !== undefined && (header.engine !== ENGINE || header.chainId !== `${init.chainId}`)) {
    throw new DatanetError(
      'CONFIG_INVALID',
      { engine: header.engine, chainId: header.chainId },
      {
        hint: 'the kept chain was made by another version or for another chain id: start a new one'
      }
    )
  }
  const genesisTimeS = header?.genesisTimeS ?? nowS()
  const { chainId, balances } = init
  const evm: Rpc = await createEvm({ chainId, balances, timeS: BigInt(genesisTimeS) })
  const latest = async (): Promise<Block> =>
    (await evm('eth_getBlockByNumber', ['latest', false])) as Block
  let head = await latest()
  const genesisHash = head.hash
  if (header === undefined) {
    const journalled = 'datanet/chain/1' as const
    journal?.writeHeader({
      journal: journalled,
      engine: ENGINE,
      chainId: `${chainId}`,
      genesisTimeS,
      genesisHash
    })
  } else if (header.genesisHash !== genesisHash) {
    throw diverged(0)
  }

  /** Seals a block at `timeS` from what the pool holds; returns how many transactions it took. */
  async function seal(timeS: number): Promise<number> {
    await evm('evm_setNextBlockTimestamp', [`0x${timeS.toString(16)}`])
    await evm('evm_mine', [])
    head = await latest()
    return head.transactions.length
  }

  for (const [i, block] of (journal?.blocks ?? []).entries()) {
    if (block.parent !== head.hash) throw diverged(i)
    for (const raw of block.txs) await evm('eth_sendRawTransaction', [raw])
    await seal(block.timeS)
  }

  let incoming: string[] = []
  let pooled = 0
  let timer: NodeJS.Timeout | undefined
  let queue: Promise<unknown> = Promise.resolve()
  /** A block that could not be kept: going on would show what a restart forgets. */
  let broken: unknown
  // Everything that touches the EVM goes through one queue: it gives the journal its order.
  function inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = queue.then(() => {
      if (broken !== undefined) throw broken
      return work()
    })
    queue = done.catch(() => {})
    return done
  }

  async function mine(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const timeS = Math.max(nowS(), Number(head.timestamp))
    let taken: number
    try {
      journal?.append({ timeS, parent: head.hash, txs: incoming })
      incoming = []
      taken = await seal(timeS)
    } catch (error) {
      broken = error
      throw error
    }
    pooled -= taken
    // A full block leaves the rest for the next; what waits for an earlier nonce is not counted on.
    if (pooled > 0 && taken > 0) mineSoon()
  }

  function mineSoon(): void {
    timer ??= setTimeout(() => {
      inOrder(mine).catch(() => {})
    }, init.blockMs)
  }

  return {
    genesisHash,
    head: () => head.hash,
    submit: (raw) =>
      inOrder(async () => {
        const hash = (await evm('eth_sendRawTransaction', [raw])) as string
        incoming.push(raw)
        pooled += 1
        mineSoon()
        return hash
      }),
    request: (method, params) => inOrder(() => evm(method, params)),
    flush: () =>
      inOrder(async () => {
        if (incoming.length > 0) await mine()
      }),
    refresh: () =>
      inOrder(async () => {
        // Asked in its turn: of many readers in a new second, one makes the block.
        if (Number(head.timestamp) < nowS()) await mine()
      }),
    close: async () => {
      try {
        await inOrder(async () => {
          if (incoming.length > 0) await mine()
        })
      } finally {
        clearTimeout(timer)
        journal?.close()
      }
    }
  }
}

function diverged(block: number): DatanetError {
  return new DatanetError(
    'CONFIG_INVALID',
    { block },
    { hint: 'the kept chain does not lead to the blocks it had: start a new one' }
  )
}

function nowS(): number {
  return Math.floor(Date.now() / 1000)
}
