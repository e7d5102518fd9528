import { DatanetError, type ErrorCode, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import type { HandOver } from '../../../protocol/datanet/hand-over.ts'
import type { IndexedRow } from '../../../protocol/datanet/row-index.ts'
import { type SignedTombstone, verifyTombstone } from '../../../protocol/datanet/tombstone.ts'
import { authoriseTombstone } from '../../../protocol/datanet/withdrawal.ts'
import type { ExchangeHandler } from '../../../protocol/net/exchange.ts'
import {
  TOMBSTONES_PER_PART,
  tombstonesAskSchema,
  tombstonesEndSchema,
  tombstonesPartSchema,
  tombstoneTakenSchema
} from '../../../protocol/net/tombstones.ts'
import type { SqliteBlockstore } from '../../store/blocks.ts'
import type { Database } from '../../store/database.ts'
import type { TombstoneStore } from '../../store/tombstones.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'

/** What is done with a contribution that is withdrawn, in the transaction that destroys it. */
export type OnWithdrawn = (datanet: string, contribution: string) => void

/** The withdrawals that this peer knows, and what they did here. specs/04-datanet.md §Withdrawal */
export interface Tombstones {
  /** Answers `/datanet/tombstones/1`. */
  readonly handler: ExchangeHandler
  /**
   * Destroys what is kept of the contribution, before it returns, and gives the tombstone's place in
   * this peer's log. Refuses what verifyTombstone and authoriseTombstone refuse, DATANET_UNKNOWN, and
   * CONTRIBUTION_UNKNOWN while nothing is known here of the contribution.
   */
  take(bytes: Uint8Array): { readonly signed: SignedTombstone; readonly index: number }
  /**
   * Takes in what another peer's log says. Keeps aside what nothing is known of yet, and passes over
   * what is refused: one bad entry must not hide the others.
   */
  takeAll(datanet: string, log: readonly Uint8Array[]): void
  /** Looks again at what was kept aside, by what a revision that has come says. */
  settle(datanet: string, known: RevisionFacts): void
  isWithdrawn(contribution: string): boolean
  /** In the order in which this peer learnt of them. */
  withdrawn(datanet: string): readonly string[]
  /** Has `act` called for each from now on, and `relay` for each that was new here. */
  onWithdrawn(act: OnWithdrawn): void
  onNew(relay: (signed: SignedTombstone) => void): void
  /** Has `tell` called whenever a peer reads a log here. */
  onAsked(tell: (datanet: string, peer: string) => void): void
  stop(): void
}

/** What a revision tells of whose its contributions are. */
export interface RevisionFacts {
  readonly rows: readonly IndexedRow[]
  readonly handOvers: readonly Pick<HandOver, 'oldAccount' | 'newAccount'>[]
}

/** The database could not be cleaned, as while something reads: when it is tried again. */
const CLEAN_AGAIN_MS = 1_000

/** Refusals of what may count later. */
const NOT_YET = new Set<ErrorCode>(['WITHDRAWAL_REFUSED', 'APPROVALS_MISSING'])

interface Facts {
  readonly contributors: ReadonlyMap<string, string>
  readonly handOvers: RevisionFacts['handOvers']
}

/** Tombstones over the stores of one peer. */
export function createTombstones(
  parts: Pick<Parts, 'datanetStore' | 'now' | 'log'> & {
    readonly db: Pick<Database, 'transaction' | 'checkpoint'>
    readonly blocks: SqliteBlockstore
    readonly tombstoneStore: TombstoneStore
    /** Who contributed something, as far as it is known here. */
    readonly contributorOf: (datanet: string, contribution: string) => string | undefined
  },
  datanets: Pick<Datanets, 'known'>
): Tombstones {
  const { db, blocks, datanetStore, tombstoneStore, contributorOf, now, log } = parts
  const acts: OnWithdrawn[] = []
  const relays: Array<(signed: SignedTombstone) => void> = []
  const askers: Array<(datanet: string, peer: string) => void> = []
  let cleaning: NodeJS.Timeout | undefined

  /** Nothing of what was destroyed stays in the log of the database; goes on trying until it is so. */
  function clean(): void {
    clearTimeout(cleaning)
    cleaning = undefined
    if (db.checkpoint()) return
    cleaning = setTimeout(clean, CLEAN_AGAIN_MS)
    cleaning.unref()
  }

  function destroy(signed: SignedTombstone): number {
    const [datanet, contribution] = namesOf(signed)
    return db.transaction(() => {
      const cid = signed.cid.toString()
      tombstoneStore.release(cid)
      const { bytes } = signed
      const index = tombstoneStore.append({ cid, datanet, contribution, bytes })
      datanetStore.withdraw(contribution)
      blocks.withdraw(contribution, datanet)
      for (const act of acts) act(datanet, contribution)
      return index
    })
  }

  /** Refuses one that does not count; false while nobody here knows whose the contribution is. */
  function counts(signed: SignedTombstone, facts?: Facts): boolean {
    const [datanet, contribution] = namesOf(signed)
    const known = datanets.known(datanet)
    const contributor =
      facts?.contributors.get(contribution) ?? contributorOf(datanet, contribution)
    if (contributor === undefined) return false
    authoriseTombstone(signed, {
      contributor,
      handOvers: [...datanetStore.handOvers({ datanet }), ...(facts?.handOvers ?? [])],
      manifest: (cid) => known.history.find((one) => one.cid.equals(cid))
    })
    return true
  }

  function take(bytes: Uint8Array): { signed: SignedTombstone; index: number } {
    const signed = verifyTombstone(bytes, now())
    const [, contribution] = namesOf(signed)
    if (!counts(signed)) throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution })
    const before = tombstoneStore.of(contribution)?.index
    const index = before ?? destroy(signed)
    if (before === undefined) {
      clean()
      for (const relay of relays) relay(signed)
    }
    return { signed, index }
  }

  /** As `counts`, for hearsay: what is refused now may count once a hand-over or a manifest came. */
  function countsYet(signed: SignedTombstone, facts?: Facts): boolean {
    try {
      return counts(signed, facts)
    } catch (error) {
      if (!isDatanetError(error) || !NOT_YET.has(error.code)) throw error
      return false
    }
  }

  /** Takes in those that count, keeps the others aside, and cleans up once. */
  function sift(datanet: string, all: readonly Uint8Array[], facts?: Facts): void {
    let isChanged = false
    for (const bytes of all) {
      try {
        const signed = verifyTombstone(bytes, now())
        const [of, contribution] = namesOf(signed)
        if (of !== datanet || tombstoneStore.of(contribution) !== undefined) continue
        if (countsYet(signed, facts)) {
          destroy(signed)
          isChanged = true
        } else if (facts === undefined) {
          const cid = signed.cid.toString()
          tombstoneStore.hold({ cid, datanet, contribution, bytes }, LIMITS.tombstones)
        }
      } catch (error) {
        if (!isDatanetError(error) || error.code === 'STORE_FAILED') throw error
        log('tombstones', { datanet, code: error.code })
      }
    }
    if (isChanged) clean()
  }

  return {
    async *handler(value, { remotePeer }) {
      const ask = fromWire(tombstonesAskSchema, value)
      const datanet = datanets.known(ask.datanet.toString()).id.toString()
      if ('tombstone' in ask) {
        const { signed, index } = take(ask.tombstone)
        return toWire(tombstoneTakenSchema, { tombstone: signed.cid, index })
      }
      for (const tell of askers) tell(datanet, remotePeer)
      let from = ask.from
      for (;;) {
        const some = tombstoneStore.log(datanet, from, TOMBSTONES_PER_PART)
        if (some.length === 0) return toWire(tombstonesEndSchema, { next: from })
        if (!(yield toWire(tombstonesPartSchema, { tombstones: [...some] }))) return undefined
        from += some.length
      }
    },
    take,
    takeAll: (datanet, all) => sift(datanet, all),
    settle(datanet, { rows, handOvers }) {
      const held = tombstoneStore.held(datanet)
      if (held.length === 0) return
      const contributors = new Map(
        rows.map(({ contribution, contributor }) => [contribution.toString(), contributor])
      )
      sift(
        datanet,
        held.map(({ bytes }) => bytes),
        { contributors, handOvers }
      )
    },
    isWithdrawn: (contribution) => tombstoneStore.of(contribution) !== undefined,
    withdrawn: (datanet) => tombstoneStore.withdrawn(datanet),
    onWithdrawn: (act) => void acts.push(act),
    onNew: (relay) => void relays.push(relay),
    onAsked: (tell) => void askers.push(tell),
    stop: () => clearTimeout(cleaning)
  }
}

function namesOf({ tombstone }: SignedTombstone): [datanet: string, contribution: string] {
  return [tombstone.datanet.toString(), tombstone.contribution.toString()]
}
