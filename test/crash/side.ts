import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createEthersChain } from '../../peer/chain/ethers-chain.ts'
import { createNode } from '../../peer/net/node.ts'
import type { Parts } from '../../peer/services/parts.ts'
import { createChannelStore } from '../../peer/store/channels.ts'
import { type Database, openDatabase } from '../../peer/store/database.ts'
import { createEvidenceStore } from '../../peer/store/evidence.ts'
import { openWallet } from '../../peer/wallet/wallet.ts'
import { createExchangePool } from '../../protocol/net/exchange-pool.ts'
import { createJournal } from './journal.ts'
import { createPhaseBoard, type PhaseBoard } from './phases.ts'
import type { SideInit } from './settings.ts'

/** The real parts of a peer that the paid path uses, on a directory that outlives the process. */
export async function createSide(init: SideInit, listen: string[]) {
  const { dir, rpcUrl, contracts, life } = init
  const board = createPhaseBoard(join(dir, 'board'))
  const path = join(dir, 'peer.db')
  const recovering = stopwatch()
  const db = openDatabase(path)
  // The log then only grows while this process lives, and what a sync reached stays where it is.
  db.checkpoint()
  db.run('PRAGMA wal_autocheckpoint = 0')
  const watched = watchSyncs(db, `${path}-wal`, board)
  const wallet = await openWallet(watched)
  const channelStore = createChannelStore(watched)
  const opened = recovering()
  const node = await createNode({ privateKey: wallet.peerKey, bootstrap: [], dht: false, listen })
  const { secretKey } = wallet.own
  const parts = {
    peerId: node.peerId.toString(),
    wallet,
    chain: createEthersChain({ rpc: rpcUrl, contracts, secretKey }),
    pool: createExchangePool(node, { streams: 64 }),
    channelStore,
    evidenceStore: createEvidenceStore(watched),
    now: Date.now,
    log: () => {},
    limits: { maxCallWei: 100_000n, depositWei: 10n ** 13n }
  } satisfies Partial<Parts>
  return { board, journal: createJournal(join(dir, 'journal'), life), node, parts, opened }
}

/** How long something took. */
export interface Took {
  readonly wallMs: number
  /** Of the processor: what the wall shows on a machine with nothing else to do. */
  readonly cpuMs: number
}

/** Gives, whenever it is called, what has passed since. */
export function stopwatch(): () => Took {
  const from = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { wallMs: performance.now() - from, cpuMs: (user + system) / 1_000 }
  }
}

/** Tells the board after every sync how much of the log it reached. */
function watchSyncs(db: Database, log: string, board: PhaseBoard): Database {
  const size = () => statSync(log, { throwIfNoEntry: false })?.size ?? 0
  let staging = 0
  return {
    ...db,
    run(sql, ...values) {
      const result = db.run(sql, ...values)
      if (staging === 0) board.synced(size())
      return result
    },
    transaction(fn) {
      staging += 1
      try {
        return db.transaction(fn)
      } finally {
        staging -= 1
        if (staging === 0) board.synced(size())
      }
    },
    stage(fn) {
      staging += 1
      try {
        return db.stage(fn)
      } finally {
        staging -= 1
      }
    },
    async sync() {
      const bytes = size()
      await db.sync()
      board.synced(bytes)
    }
  }
}
