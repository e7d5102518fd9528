import { parseCid } from '../protocol/base/codec.ts'
import { isDatanetError } from '../protocol/base/errors.ts'
import { decodeRevision } from '../protocol/datanet/revision.ts'
import { contributorIn } from '../protocol/datanet/row-index.ts'
import { createKeeping } from './services/call/keeping.ts'
import type { Outbox } from './services/contribution/outbox.ts'
import {
  createTombstoneSync,
  type TombstoneSync,
  type TombstoneSyncInit
} from './services/contribution/tombstone-sync.ts'
import { createTombstones, type Tombstones } from './services/contribution/tombstones.ts'
import { createWithdrawals, type Withdrawals } from './services/contribution/withdrawals.ts'
import type { Datanets } from './services/datanet/datanets.ts'
import type { Parts } from './services/parts.ts'
import { createKeptAnswers } from './services/receipt/kept-answers.ts'
import { ROW_INDEX_PATH } from './services/revision/revision-files.ts'
import {
  createRevisionReading,
  type RevisionReading
} from './services/revision/revision-reading.ts'
import type { SqliteBlockstore } from './store/blocks.ts'
import type { Database } from './store/database.ts'
import { createTombstoneStore } from './store/tombstones.ts'

/** What a peer does so that withdrawn contributions are gone, also here. */
export interface Withdrawing {
  readonly tombstones: Tombstones
  readonly sync: TombstoneSync
  readonly reading: RevisionReading
  readonly withdraw: Withdrawals['withdraw']
  /** Whether withdrawable rows of the Datanet may be given to others. */
  mayServe(datanet: string | undefined): boolean
  stop(): void
}

/** The withdrawing of one peer, nothing of it started yet. */
export function createWithdrawing(
  db: Database,
  blocks: SqliteBlockstore,
  parts: Parts,
  datanets: Datanets,
  outbox: Outbox,
  init: TombstoneSyncInit = {}
): Withdrawing {
  const { accountStore, datanetStore, content } = parts
  const tombstoneStore = createTombstoneStore(db)

  /** As the intake host, as who handed it in, or by the newest revision that is kept here. */
  function contributorOf(datanet: string, contribution: string): string | undefined {
    const known = datanetStore.contribution(contribution)
    if (known?.datanet === datanet) return known.contributor
    const own = accountStore.contributorOf(contribution)
    if (own !== undefined) return own
    const stored = datanetStore.revision(datanet)
    if (stored === undefined) return undefined
    const leaves = content.leaves(decodeRevision(stored.bytes).content, ROW_INDEX_PATH)
    const index = leaves.map((leaf) => content.block(leaf) ?? new Uint8Array())
    return contributorIn(Buffer.concat(index), parseCid(contribution))
  }

  const tombstones = createTombstones(
    { ...parts, db, blocks, tombstoneStore, contributorOf },
    datanets
  )
  const keeping = createKeeping(parts)
  const answers = createKeptAnswers(parts)
  tombstones.onWithdrawn((_datanet, contribution) => {
    keeping.forgetCiting(contribution)
    answers.forget(contribution)
  })
  const isKept = (id: string) =>
    datanets.known(id).hosted || datanetStore.revision(id) !== undefined
  const sync = createTombstoneSync({ ...parts, tombstoneStore, isKept }, datanets, tombstones, init)
  return {
    tombstones,
    sync,
    reading: createRevisionReading(content, tombstones, parts),
    withdraw: createWithdrawals(parts, datanets, tombstones, outbox).withdraw,
    mayServe(datanet) {
      try {
        return datanet !== undefined && sync.mayServe(datanet)
      } catch (error) {
        if (isDatanetError(error) && error.code === 'DATANET_UNKNOWN') return false
        throw error
      }
    },
    stop() {
      sync.stop()
      tombstones.stop()
    }
  }
}
