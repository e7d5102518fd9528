import { cidFromDigest, digestOf, parseCid } from '../../protocol/base/codec.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { verifyContribution } from '../../protocol/datanet/contribution.ts'
import { verifyHandOver } from '../../protocol/datanet/hand-over.ts'
import { datanetKey } from '../../protocol/datanet/manifest.ts'
import {
  contributionsTree,
  decodeRevision,
  encodeRevision,
  REVISION_APPROVAL,
  type Revision,
  registryDomain,
  revisionApproval,
  revisionCid
} from '../../protocol/datanet/revision.ts'
import type { FetchedRevision, RevisionSummary } from '../api/datanets-api.ts'
import type { CallOptions, ProgressOptions } from '../api/peer-api.ts'
import type { StoredRevision } from '../store/datanets.ts'
import type { Datanets, KnownDatanet } from './datanets.ts'
import type { Parts } from './parts.ts'
import { revisionFiles } from './revision-files.ts'
import { reachable } from './revision-hand-overs.ts'
import type { RevisionReading, VerifiedRevision } from './revision-reading.ts'
import { hostsOf, type TombstoneSync } from './tombstone-sync.ts'

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
  fetch(id: string, options?: ProgressOptions): Promise<FetchedRevision>
  head(id: string): RevisionSummary
  /**
   * The newest revision kept here, or the one with CID `revision`, with its rows (ANCHOR_MISSING when
   * it is not kept here).
   */
  read(id: string, revision?: string, options?: CallOptions): Promise<VerifiedRevision>
  /** Contributions of a revision kept here that are withdrawn; undefined when it is not kept here. */
  withdrawnOf(id: string, revision: string): readonly string[] | undefined
  resume(): void
}

const ZERO = `0x${'0'.repeat(64)}`

/** Revisions of the Datanets this peer knows. specs/04-datanet.md §Revision */
export function createRevisions(
  parts: Pick<
    Parts,
    'datanetStore' | 'wallet' | 'chain' | 'publications' | 'content' | 'peerId' | 'now'
  >,
  datanets: Datanets,
  reading: RevisionReading,
  sync: Pick<TombstoneSync, 'sync'>
): Revisions {
  const { datanetStore, wallet, chain, publications, content, peerId, now } = parts

  let last: Promise<unknown> = Promise.resolve()

  async function approvals(datanet: KnownDatanet, revision: Revision): Promise<Uint8Array[]> {
    const { manifest } = datanet.signed
    const domain = registryDomain(Number(chain.contracts.chainId), chain.contracts.registry)
    const value = revisionApproval(datanetKey(datanet.signed), revision)
    const own = manifest.curators.filter((c) => wallet.list().some((a) => a.address === c))
    if (own.length < manifest.threshold) {
      throw new DatanetError('APPROVALS_MISSING', {
        valid: own.length,
        threshold: manifest.threshold
      })
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

  /** Anchors a revision that is kept, unless the chain has it already, and shows it to others. */
  async function anchor(
    datanet: KnownDatanet,
    stored: StoredRevision,
    signatures: readonly Uint8Array[],
    options: ProgressOptions
  ): Promise<RevisionSummary> {
    const revision = decodeRevision(stored.bytes)
    const key = datanetKey(datanet.signed)
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
    datanetStore.setAnchored(stored)
    show(stored.datanet, revision)
    return described(revision)
  }

  async function publish(id: string, options: ProgressOptions): Promise<RevisionSummary> {
    await chain.check(options)
    const datanet = datanets.known(id)
    const left = datanetStore.unanchored(id)
    const finished =
      left === undefined
        ? undefined
        : await anchor(datanet, left, await approvals(datanet, decodeRevision(left.bytes)), options)
    const accepted = datanetStore.contributions(id, 'accepted')
    const added = accepted.filter((item) => item.revision === 0).map((item) => item.cid)
    const handOvers = reachable(
      datanetStore.handOvers({ datanet: id }),
      accepted.map(({ contributor }) => contributor)
    )
    const isHandedOver = handOvers.some(({ revision }) => revision === 0)
    const parent = datanetStore.revision(id)
    const isThinner =
      parent !== undefined && decodeRevision(parent.bytes).rows > accepted.length - added.length
    if (accepted.length === 0 || (added.length === 0 && !isHandedOver && !isThinner)) {
      if (finished !== undefined) return finished
      throw new DatanetError('NOTHING_TO_PUBLISH', { id })
    }
    // Registration order is for ever: earlier revisions first, then the order of arrival.
    const ordered = [
      ...accepted.filter((item) => item.revision > 0).sort((a, b) => a.revision - b.revision),
      ...accepted.filter((item) => item.revision === 0)
    ]
    const contributions = ordered.map(({ bytes, order, cluster }) => ({
      ...verifyContribution(bytes),
      order,
      ...(cluster === undefined ? {} : { cluster })
    }))
    const reviews = ordered.flatMap((item) => datanetStore.reviews(item.cid))
    const ordinal = (parent?.ordinal ?? 0) + 1
    options.onProgress?.({ text: 'writing the revision', done: 0, total: contributions.length })
    const root = await content.publishDirectory(
      revisionFiles(
        datanet.signed,
        ordinal,
        contributions,
        reviews,
        handOvers.map(({ bytes }) => verifyHandOver(bytes, now()))
      )
    )
    const revision: Revision = {
      version: 1,
      datanet: datanet.id,
      manifest: datanet.signed.cid,
      ordinal,
      ...(parent === undefined ? {} : { parent: parseCid(parent.cid) }),
      contributionsRoot: contributionsTree(contributions.map((c) => c.cid)).root,
      rows: contributions.length,
      content: root,
      createdAtMs: now()
    }
    const signatures = await approvals(datanet, revision)
    const stored = {
      datanet: id,
      ordinal,
      cid: revisionCid(revision).toString(),
      bytes: encodeRevision(revision),
      anchored: false
    }
    // Kept before it is anchored: what the chain knows and nobody keeps could never be continued.
    datanetStore.putRevision(stored, added, handOvers)
    return anchor(datanet, stored, signatures, options)
  }

  /** Refuses a revision without a hand-over that an earlier one held: they are for ever. */
  function refuseTakenBack(id: string, { handOvers }: VerifiedRevision): void {
    const held = new Set(handOvers.map(({ cid }) => cid.toString()))
    const known = datanetStore.handOvers({ datanet: id })
    const lost = known.find(({ cid, revision }) => revision > 0 && !held.has(cid))
    if (lost === undefined) return
    const reason = 'a hand-over was taken back'
    throw new DatanetError('REVISION_INVALID', { reason, handOver: lost.cid })
  }

  return {
    publish(id, options = {}) {
      const mine = last.then(() => publish(id, options))
      last = mine.catch(() => {})
      return mine
    },

    async fetch(id, options = {}) {
      await chain.check(options)
      const datanet = datanets.known(id)
      const host = datanet.signed.manifest.intakeHost
      const revision = await publications.fetch(
        host,
        { issuer: id, kind: 'revision', id },
        async (bytes) => {
          const value = decodeRevision(bytes)
          if (!value.datanet.equals(datanet.id)) {
            throw new DatanetError('REVISION_INVALID', { reason: 'it is of another Datanet' })
          }
          return { seq: value.ordinal, value }
        },
        options
      )
      const key = datanetKey(datanet.signed)
      const anchored = await chain.registry.anchorOf(key, revision.ordinal, options)
      if (anchored === undefined) throw new DatanetError('ANCHOR_MISSING', { id, key })
      if (!cidFromDigest(Buffer.from(anchored.slice(2), 'hex')).equals(revisionCid(revision))) {
        throw new DatanetError('REVISION_INVALID', { reason: 'the chain anchors another revision' })
      }
      // An older state would bring back what was taken out of it since.
      const head = await chain.registry.head(key, options)
      if (revision.ordinal < head.ordinal) {
        throw new DatanetError('RECORD_SUPERSEDED', {
          id,
          seq: revision.ordinal,
          head: head.ordinal
        })
      }
      options.onProgress?.({ text: 'fetching the revision', done: 0, total: revision.rows })
      // What was withdrawn is not looked for, and what is not here of it is no hole.
      await sync.sync(id, options)
      const blocks = await content.fetchDirectory(
        revision.content,
        [host, ...hostsOf(datanet, peerId).filter((peer) => peer !== host)],
        {
          datanet: id,
          wanted: (missing) => reading.wanted(revision, missing),
          ...(options.signal === undefined ? {} : { signal: options.signal })
        }
      )
      const read = await reading.read(revision, options)
      refuseTakenBack(id, read)
      const rows = read.contributions
      content.assign(
        rows.map(({ cid }) => cid.toString()),
        id
      )
      options.onProgress?.({ text: 'rows verified', done: rows.length, total: revision.rows })
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
        contributors: new Set(rows.map((row) => row.contribution.contributor)).size,
        blocks: { bulk: blocks.bulk, bitswap: blocks.bitswap }
      }
    },

    head: (id) => described(kept(id)),

    read: (id, cid, options = {}) => reading.read(kept(id, cid), options),

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

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
