import { cidFromDigest, digestOf, parseCid } from '../../protocol/base/codec.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { type SignedContribution, verifyContribution } from '../../protocol/datanet/contribution.ts'
import { datanetKey } from '../../protocol/datanet/manifest.ts'
import {
  contributionsTree,
  decodeRevision,
  encodeRevision,
  REVISION_APPROVAL,
  type Revision,
  registryDomain,
  revisionApproval,
  revisionCid,
  verifyRevisionRows
} from '../../protocol/datanet/revision.ts'
import type { FetchedRevision, RevisionSummary } from '../api/datanets-api.ts'
import type { ProgressOptions } from '../api/peer-api.ts'
import type { Datanets, KnownDatanet } from './datanets.ts'
import type { Parts } from './parts.ts'
import { parseRow, ROWS_PATH, revisionFiles } from './revision-files.ts'

/** A revision that was checked from the chain down to every row's signature. */
export interface VerifiedRevision {
  readonly revision: Revision
  readonly contributions: readonly SignedContribution[]
}

/** Publishing revisions as a host, and fetching them as anyone. */
export interface Revisions {
  publish(id: string, options?: ProgressOptions): Promise<RevisionSummary>
  fetch(id: string, options?: ProgressOptions): Promise<FetchedRevision>
  head(id: string): RevisionSummary
  /** The newest revision kept here with its rows (ANCHOR_MISSING when none is). */
  read(id: string): Promise<VerifiedRevision>
  resume(): void
}

const ZERO = `0x${'0'.repeat(64)}`

/** Revisions of the Datanets this peer knows. specs/04-datanet.md §Revision */
export function createRevisions(
  parts: Pick<Parts, 'datanetStore' | 'wallet' | 'chain' | 'publications' | 'content' | 'now'>,
  datanets: Datanets
): Revisions {
  const { datanetStore, wallet, chain, publications, content, now } = parts

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

  function newest(id: string): Revision {
    const kept = datanetStore.revision(id)
    if (kept === undefined) throw new DatanetError('ANCHOR_MISSING', { id, kept: false })
    return decodeRevision(kept.bytes)
  }

  async function rowsOf(revision: Revision): Promise<SignedContribution[]> {
    const rows: SignedContribution[] = []
    for await (const { bytes } of content.readRows(revision.content, ROWS_PATH)) {
      rows.push(parseRow(bytes))
    }
    verifyRevisionRows(
      revision,
      rows.map((row) => row.cid)
    )
    return rows
  }

  return {
    async publish(id, options = {}) {
      const datanet = datanets.known(id)
      const accepted = datanetStore.contributions(id, 'accepted')
      const added = accepted.filter((item) => item.revision === 0).map((item) => item.cid)
      if (added.length === 0) throw new DatanetError('NOTHING_TO_PUBLISH', { id })
      // Registration order is for ever: earlier revisions first, then the order of arrival.
      const ordered = [
        ...accepted.filter((item) => item.revision > 0).sort((a, b) => a.revision - b.revision),
        ...accepted.filter((item) => item.revision === 0)
      ]
      const contributions = ordered.map((item) => verifyContribution(item.bytes))
      const reviews = ordered.flatMap((item) => datanetStore.reviews(item.cid))
      const parent = datanetStore.revision(id)
      const ordinal = (parent?.ordinal ?? 0) + 1
      options.onProgress?.({ text: 'writing the revision', done: 0, total: contributions.length })
      const root = await content.publishDirectory(
        revisionFiles(datanet.signed, ordinal, contributions, reviews)
      )
      const tree = contributionsTree(contributions.map((c) => c.cid))
      const revision: Revision = {
        version: 1,
        datanet: datanet.id,
        manifest: datanet.signed.cid,
        ordinal,
        ...(parent === undefined ? {} : { parent: parseCid(parent.cid) }),
        contributionsRoot: tree.root,
        rows: contributions.length,
        content: root,
        createdAtMs: now()
      }
      await chain.registry.anchor(
        {
          datanet: datanetKey(datanet.signed),
          ordinal,
          parent: parent === undefined ? ZERO : hex(digestOf(parseCid(parent.cid))),
          revision: hex(digestOf(revisionCid(revision))),
          contributionsRoot: hex(tree.root),
          approvals: await approvals(datanet, revision)
        },
        options
      )
      const cid = revisionCid(revision).toString()
      datanetStore.putRevision(
        { datanet: id, ordinal, cid, bytes: encodeRevision(revision) },
        added
      )
      show(id, revision)
      return described(revision)
    },

    async fetch(id, options = {}) {
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
      options.onProgress?.({ text: 'fetching the revision', done: 0, total: revision.rows })
      const blocks = await content.fetchDirectory(
        revision.content,
        [host],
        options.signal === undefined ? {} : { signal: options.signal }
      )
      const rows = await rowsOf(revision)
      options.onProgress?.({ text: 'rows verified', done: rows.length, total: revision.rows })
      datanetStore.putRevision(
        {
          datanet: id,
          ordinal: revision.ordinal,
          cid: revisionCid(revision).toString(),
          bytes: encodeRevision(revision)
        },
        []
      )
      show(id, revision)
      return {
        ...described(revision),
        contributors: new Set(rows.map((row) => row.contribution.contributor)).size,
        blocks: { bulk: blocks.bulk, bitswap: blocks.bitswap }
      }
    },

    head: (id) => described(newest(id)),

    async read(id) {
      const revision = newest(id)
      return { revision, contributions: await rowsOf(revision) }
    },

    resume() {
      for (const { id } of datanets.all()) {
        const kept = datanetStore.revision(id.toString())
        if (kept !== undefined) show(id.toString(), decodeRevision(kept.bytes))
      }
    }
  }
}

function described(revision: Revision): RevisionSummary {
  return {
    datanet: revision.datanet.toString(),
    revision: revisionCid(revision).toString(),
    ordinal: revision.ordinal,
    rows: revision.rows,
    content: revision.content.toString()
  }
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
