import type { CID } from 'multiformats/cid'
import { digestOf } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import {
  decodeRevision,
  encodeRevision,
  REVISION_APPROVAL,
  type Revision,
  registryDomain,
  revisionApproval,
  revisionCid
} from '../../../protocol/datanet/revision.ts'
import type { FetchedRevision, RevisionSummary } from '../../api/datanets-api.ts'
import type { CallOptions, ProgressOptions } from '../../api/peer-api.ts'
import type { StoredRevision } from '../../store/datanets.ts'
import type { TombstoneSync } from '../contribution/tombstone-sync.ts'
import type { DatanetPeers } from '../datanet/datanet-peers.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import { FILES_PATH } from './linked-files.ts'
import { draftRevision } from './revision-drafting.ts'
import { ROWS_PATH } from './revision-files.ts'
import { createRevisionFinding } from './revision-finding.ts'
import type {
  CheckedRows,
  RevisionReading,
  RowReader,
  VerifiedRevision
} from './revision-reading.ts'
import { createTurns } from './turns.ts'

/** Publishing revisions as a host, and fetching them as anyone. */
export interface Revisions {
  /**
   * Publishes what was accepted and handed over since the last revision, one publication after
   * another. A revision
   * that was kept and not anchored, as after a crash, is anchored first, byte for byte.
   * Refuses NOTHING_TO_PUBLISH, APPROVALS_MISSING, and REVISION_INVALID where the chain anchors
   * another revision in its place.
   */
  publish(id: string, options?: ProgressOptions): Promise<RevisionSummary>
  /** The next revision for the other curators to look at, kept and not anchored (as publish refuses). */
  draft(id: string, options?: ProgressOptions): Promise<Revision>
  /**
   * Anchors a revision that enough curators approve, as anyone; as publish refuses. It is kept and shown
   * by its host, and where all of it `isHere`.
   */
  anchorApproved(
    datanet: KnownDatanet,
    revision: Revision,
    signatures: readonly Uint8Array[],
    options?: ProgressOptions & { readonly isHere?: boolean }
  ): Promise<void>
  fetch(id: string, options?: ProgressOptions): Promise<FetchedRevision>
  head(id: string): RevisionSummary
  /**
   * The newest revision kept here, or the one with CID `revision`, with its rows (ANCHOR_MISSING when
   * it is not kept here).
   */
  read(id: string, revision?: string, options?: CallOptions): Promise<VerifiedRevision>
  /** Single rows of a revision kept here (ANCHOR_MISSING when it is not). */
  rows(id: string, revision: string): Promise<RowReader>
  /** Contributions of a revision kept here that are withdrawn; undefined when it is not kept here. */
  withdrawnOf(id: string, revision: string): readonly string[] | undefined
  /** Runs `work` while nothing is published, drafted or fetched. */
  alone<T>(work: () => Promise<T>): Promise<T>
  resume(): void
}

/** How long a revision may take to come: a while, and more for each of its rows. */
const FETCH_MS = 120_000
const FETCH_ROW_MS = 10

const ZERO = `0x${'0'.repeat(64)}`

/** Revisions of the Datanets this peer knows. specs/04-datanet.md §Revision */
export function createRevisions(
  parts: Pick<Parts, 'datanetStore' | 'wallet' | 'chain' | 'publications' | 'content' | 'now'>,
  datanets: Datanets,
  reading: RevisionReading,
  sync: Pick<TombstoneSync, 'sync'>,
  peers: DatanetPeers
): Revisions {
  const { datanetStore, wallet, chain, publications, content } = parts

  const { inTurn, beside, alone } = createTurns()
  const newest = createRevisionFinding(parts, peers)

  async function approvals(datanet: KnownDatanet, revision: Revision): Promise<Uint8Array[]> {
    const { manifest } = datanet.signed
    const domain = registryDomain(Number(chain.contracts.chainId), chain.contracts.registry)
    const value = revisionApproval(datanet.key, revision)
    const own = manifest.curators.filter((c) => wallet.list().some((a) => a.address === c))
    if (own.length < manifest.threshold) {
      const { threshold } = manifest
      const hint = 'the other curators must approve it: propose it to them'
      throw new DatanetError('APPROVALS_MISSING', { valid: own.length, threshold }, { hint })
    }
    return Promise.all(
      own
        .slice(0, manifest.threshold)
        .map((c) => wallet.account(c).signer.signTypedData(domain, REVISION_APPROVAL, value))
    )
  }

  function described(revision: Revision): RevisionSummary {
    return {
      datanet: revision.datanet.toString(),
      revision: revisionCid(revision).toString(),
      ordinal: revision.ordinal,
      rows: revision.rows,
      withdrawn: reading.withdrawn(revision).length,
      content: revision.content.toString()
    }
  }

  function show(id: string, revision: Revision): void {
    publications.publish({
      issuer: id,
      kind: 'revision',
      id,
      seq: revision.ordinal,
      bytes: encodeRevision(revision)
    })
    publications.announce('datanet', id)
    publications.provide(revision.content)
  }

  function kept(id: string, revision?: string): Revision {
    const stored = datanetStore.revision(id, revision)
    if (stored === undefined) throw new DatanetError('ANCHOR_MISSING', { id, kept: false })
    return decodeRevision(stored.bytes)
  }

  /** Anchors a revision unless the chain has it already. */
  async function anchorOnChain(
    datanet: KnownDatanet,
    revision: Revision,
    signatures: readonly Uint8Array[],
    options: ProgressOptions
  ): Promise<void> {
    const key = datanet.key
    const digest = hex(digestOf(revisionCid(revision)))
    const anchored = await chain.registry.anchorOf(key, revision.ordinal, options)
    if (anchored !== undefined && anchored !== digest) {
      throw new DatanetError('REVISION_INVALID', { reason: 'the chain anchors another revision' })
    }
    if (anchored === undefined) {
      await chain.registry.anchor(
        {
          datanet: key,
          ordinal: revision.ordinal,
          parent: revision.parent === undefined ? ZERO : hex(digestOf(revision.parent)),
          revision: digest,
          contributionsRoot: hex(revision.contributionsRoot),
          approvals: [...signatures]
        },
        options
      )
    }
  }

  /** Anchors a revision that is kept, and shows it to others. */
  async function anchor(
    datanet: KnownDatanet,
    stored: StoredRevision,
    signatures: readonly Uint8Array[],
    options: ProgressOptions
  ): Promise<RevisionSummary> {
    const revision = decodeRevision(stored.bytes)
    await anchorOnChain(datanet, revision, signatures, options)
    datanetStore.setAnchored(stored)
    show(stored.datanet, revision)
    return described(revision)
  }

  /** What was kept and not anchored, unless it can never be: what it is made of is no longer so. */
  async function unfinished(datanet: KnownDatanet): Promise<Revision | undefined> {
    const stored = datanetStore.unanchored(datanet.id.toString())
    if (stored === undefined) return undefined
    const revision = decodeRevision(stored.bytes)
    if ((await chain.registry.anchorOf(datanet.key, revision.ordinal)) !== undefined) {
      return revision
    }
    const isWithdrawn = ({ contribution }: { contribution: CID }) =>
      datanetStore.contribution(contribution.toString())?.status === 'withdrawn'
    const isCurrent =
      revision.manifest.equals(datanet.signed.cid) &&
      !(await reading.index(revision)).some(isWithdrawn)
    if (isCurrent) return revision
    datanetStore.dropRevision(stored)
    return undefined
  }

  /** A revision without what other hosts know to be withdrawn; who heard them may give its rows out. */
  async function make(datanet: KnownDatanet, options: ProgressOptions) {
    await sync.sync(datanet.id.toString(), options)
    return draftRevision(parts, datanet, options)
  }

  async function publish(id: string, options: ProgressOptions): Promise<RevisionSummary> {
    await chain.check(options)
    const datanet = datanets.known(id)
    const left = await unfinished(datanet)
    const finished =
      left === undefined
        ? undefined
        : await anchor(datanet, storedOf(left), await approvals(datanet, left), options)
    try {
      const { revision, stored, added, handOvers } = await make(datanet, options)
      const signatures = await approvals(datanet, revision)
      // Kept before it is anchored: what the chain knows and nobody keeps could never be continued.
      datanetStore.putRevision(stored, added, handOvers)
      return await anchor(datanet, stored, signatures, options)
    } catch (error) {
      const isNothing = isDatanetError(error) && error.code === 'NOTHING_TO_PUBLISH'
      if (isNothing && finished !== undefined) return finished
      throw error
    }
  }

  /** The revision to propose: what was proposed before and is not anchored, or a new one, kept. */
  async function draft(id: string, options: ProgressOptions): Promise<Revision> {
    await chain.check(options)
    const datanet = datanets.known(id)
    const left = await unfinished(datanet)
    if (left !== undefined) return left
    const { revision, stored, added, handOvers } = await make(datanet, options)
    datanetStore.putRevision(stored, added, handOvers)
    return revision
  }

  /** Refuses a revision without a hand-over that an earlier one held: they are for ever. */
  function refuseTakenBack(id: string, { handOvers }: CheckedRows): void {
    const held = new Set(handOvers.map(({ cid }) => cid.toString()))
    const known = datanetStore.handOvers({ datanet: id })
    const lost = known.find(({ cid, revision }) => revision > 0 && !held.has(cid))
    if (lost === undefined) return
    const reason = 'a hand-over was taken back'
    throw new DatanetError('REVISION_INVALID', { reason, handOver: lost.cid })
  }

  async function named(datanet: KnownDatanet): Promise<string[]> {
    const all: string[] = []
    for await (const peer of peers.of(datanet)) all.push(peer)
    return all
  }

  async function fetch(id: string, options: ProgressOptions): Promise<FetchedRevision> {
    await chain.check(options)
    const datanet = datanets.known(id)
    const { revision, from } = await newest(datanet, options)
    const { rows } = revision
    const held = content.held(revision.content, ROWS_PATH)
    options.onProgress?.({ text: 'fetching the revision', done: held, total: rows })
    // What was withdrawn is not looked for, and what is not here of it is no hole.
    await sync.sync(id, options)
    const blocks = await content.fetchDirectory(
      revision.content,
      [from, ...(await named(datanet)).filter((peer) => peer !== from)],
      {
        datanet: id,
        without: [FILES_PATH],
        known: datanetStore.newest(id, 1).map(({ bytes }) => decodeRevision(bytes).content),
        wanted: (missing) => reading.wanted(revision, missing),
        deadlineMs: FETCH_MS + revision.rows * FETCH_ROW_MS,
        onRows: (come) =>
          options.onProgress?.({ text: 'fetching the revision', done: held + come, total: rows }),
        ...(options.signal === undefined ? {} : { signal: options.signal })
      }
    )
    // Rows are checked one after another, and none is kept in memory.
    const ids: string[] = []
    const read = await reading.walk(revision, ({ cid }) => void ids.push(cid.toString()), options)
    refuseTakenBack(id, read)
    content.assign(ids, id)
    options.onProgress?.({ text: 'rows verified', done: ids.length, total: rows })
    datanetStore.putRevision(
      {
        datanet: id,
        ordinal: revision.ordinal,
        cid: revisionCid(revision).toString(),
        bytes: encodeRevision(revision),
        anchored: true
      },
      [],
      read.handOvers.map(({ handOver, cid, bytes }) => ({
        cid: cid.toString(),
        datanet: id,
        oldAccount: handOver.oldAccount,
        newAccount: handOver.newAccount,
        bytes
      }))
    )
    show(id, revision)
    return {
      ...described(revision),
      contributors: read.contributors,
      blocks: { bulk: blocks.bulk, bitswap: blocks.bitswap }
    }
  }

  return {
    publish: (id, options = {}) => inTurn(() => publish(id, options)),
    draft: (id, options = {}) => inTurn(() => draft(id, options)),

    async anchorApproved(datanet, revision, signatures, options = {}) {
      const stored = storedOf(revision)
      const known = datanetStore.revision(stored.datanet, stored.cid)
      if (known?.anchored === true) return
      const isHere = known !== undefined || options.isHere === true
      const other = datanetStore.unanchored(stored.datanet)
      if (isHere && other !== undefined && other.cid !== stored.cid) {
        datanetStore.dropRevision(other)
      }
      if (isHere && known === undefined) datanetStore.putRevision(stored, [])
      await anchorOnChain(datanet, revision, signatures, options)
      // Who only passes approvals on has nothing of it to show.
      if (!isHere) return
      datanetStore.setAnchored(stored)
      show(stored.datanet, revision)
    },

    fetch: (id, options = {}) => beside(() => fetch(id, options)),
    alone,

    head: (id) => described(kept(id)),

    read: (id, cid, options = {}) => reading.read(kept(id, cid), options),

    rows: async (id, cid) => reading.rows(kept(id, cid)),

    withdrawnOf(id, cid) {
      const stored = datanetStore.revision(id, cid)
      return stored === undefined ? undefined : reading.withdrawn(decodeRevision(stored.bytes))
    },

    resume() {
      for (const { id } of datanets.all()) {
        const stored = datanetStore.revision(id.toString())
        if (stored !== undefined) show(id.toString(), decodeRevision(stored.bytes))
      }
    }
  }
}

function storedOf(revision: Revision): StoredRevision {
  return {
    datanet: revision.datanet.toString(),
    ordinal: revision.ordinal,
    cid: revisionCid(revision).toString(),
    bytes: encodeRevision(revision),
    anchored: false
  }
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
