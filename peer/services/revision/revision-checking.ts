import { setImmediate } from 'node:timers/promises'
import { digestOf } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import type { SignedContribution } from '../../../protocol/datanet/contribution.ts'
import { type SignedManifest, verifyManifest } from '../../../protocol/datanet/manifest.ts'
import { decideReviews, peopleOf, type ReviewFacts } from '../../../protocol/datanet/review-rule.ts'
import { type Revision, revisionCid } from '../../../protocol/datanet/revision.ts'
import type { ProgressOptions } from '../../api/peer-api.ts'
import type { TombstoneSync } from '../contribution/tombstone-sync.ts'
import type { DatanetPeers } from '../datanet/datanet-peers.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import { FILES_PATH } from './linked-files.ts'
import { revisionCuration } from './revision-curation.ts'
import { revisionFiles } from './revision-files.ts'
import type { RevisionReading, VerifiedRevision } from './revision-reading.ts'
import { type ParsedReviewRow, parseReviewRow, REVIEWS_PATH } from './revision-reviews.ts'
import type { RegisteredContribution } from './revision-rows.ts'

/** Reviews that are checked before others get their turn. */
const TURN = 64

/** What looking at a proposed revision found. */
export interface CheckedRevision {
  readonly read: VerifiedRevision
  /** CIDs of rows that the parent did not have, and of those of the parent that are gone. */
  readonly added: readonly string[]
  readonly withdrawn: readonly string[]
}

/**
 * Makes a proposed revision again from the signed records in it, and compares. Refuses one that does
 * not follow the chain's head (RECORD_SUPERSEDED), is dated ahead (RECORD_FROM_FUTURE), or whose bytes,
 * rows, order or reviews are not what its records give (REVISION_INVALID). specs/04-datanet.md §Proposal
 */
export function createRevisionChecking(
  parts: Pick<Parts, 'datanetStore' | 'chain' | 'content' | 'now'>,
  services: {
    readonly reading: RevisionReading
    readonly sync: Pick<TombstoneSync, 'sync'>
    readonly peers: DatanetPeers
    /** Brings the revision that the chain has as head here. */
    readonly fetchHead: (id: string, options: ProgressOptions) => Promise<unknown>
    readonly readHead: (id: string) => Promise<VerifiedRevision>
  }
): (
  datanet: KnownDatanet,
  revision: Revision,
  options: ProgressOptions
) => Promise<CheckedRevision> {
  const { datanetStore, chain, content, now } = parts
  const { reading, sync, peers, fetchHead, readHead } = services

  /** The parent's rows, here or fetched; none before the first revision. */
  async function parentOf(
    datanet: KnownDatanet,
    revision: Revision,
    options: ProgressOptions
  ): Promise<VerifiedRevision | undefined> {
    const head = await chain.registry.head(datanet.key, options)
    const parent = revision.parent === undefined ? undefined : hex(digestOf(revision.parent))
    const isNext =
      revision.ordinal === head.ordinal + 1 && (head.ordinal === 0 || parent === head.revision)
    if (!isNext) {
      throw new DatanetError('RECORD_SUPERSEDED', { seq: revision.ordinal, head: head.ordinal })
    }
    if (head.ordinal === 0) return undefined
    const id = datanet.id.toString()
    const here = datanetStore.revision(id)
    if (here?.ordinal !== head.ordinal) await fetchHead(id, options)
    return readHead(id)
  }

  async function bring(datanet: KnownDatanet, revision: Revision, options: ProgressOptions) {
    const id = datanet.id.toString()
    const from: string[] = []
    for await (const peer of peers.of(datanet)) from.push(peer)
    options.onProgress?.({ text: 'fetching what is proposed', done: 0, total: revision.rows })
    await sync.sync(id, options)
    await content.fetchDirectory(revision.content, from, {
      datanet: id,
      without: [FILES_PATH],
      ...(options.signal === undefined ? {} : { signal: options.signal })
    })
  }

  async function reviewsOf(revision: Revision): Promise<readonly ParsedReviewRow[]> {
    const all: ParsedReviewRow[] = []
    for await (const { bytes } of content.readRows(revision.content, REVIEWS_PATH)) {
      if (all.length % TURN === 0) await setImmediate()
      all.push(parseReviewRow(bytes))
    }
    return all
  }

  return async (datanet, revision, options) => {
    if (revision.createdAtMs > now() + LIMITS.clockSkewMs) {
      throw new DatanetError('RECORD_FROM_FUTURE', { createdAtMs: revision.createdAtMs })
    }
    if (!revision.manifest.equals(datanet.signed.cid)) {
      throw new DatanetError('RECORD_SUPERSEDED', { manifest: `${revision.manifest}` })
    }
    const parent = await parentOf(datanet, revision, options)
    await bring(datanet, revision, options)
    const read = await reading.read(revision, options)
    if (read.withdrawn.length > 0) refuse('it holds what was withdrawn', read.withdrawn[0])
    const withdrawn = followParent(read.contributions, parent)
    const before = new Set(parent?.contributions.map(({ cid }) => cid.toString()))
    const added = read.contributions.filter(({ cid }) => !before.has(cid.toString()))
    const reviews = await reviewsOf(revision)
    refuseForeign(reviews, read.contributions)
    const words = Map.groupBy(reviews, ({ review }) => review.contribution.toString())
    const handOvers = read.handOvers.map(({ handOver }) => handOver)
    for (const row of added) {
      refuseUnaccepted(datanet, row, words.get(row.cid.toString()) ?? [], handOvers)
    }
    const wrapped = await content.readFile(revision.content, 'manifest.cbor')
    const signed = verifyManifest(wrapped, datanet.history.at(-2))
    if (!signed.cid.equals(datanet.signed.cid)) refuse('its manifest is not the one in force')
    refuseOtherCuration(datanet, revision, { read, reviews })
    await refuseOtherBytes(revision, signed, { read, reviews })
    options.onProgress?.({ text: 'made again', done: revision.rows, total: revision.rows })
    return { read, added: added.map(({ cid }) => cid.toString()), withdrawn }
  }

  /** The whole directory from the records alone: one byte of another kind gives another root. */
  async function refuseOtherBytes(
    revision: Revision,
    manifest: SignedManifest,
    { read, reviews }: { read: VerifiedRevision; reviews: readonly ParsedReviewRow[] }
  ): Promise<void> {
    const root = await content.publishDirectory(
      revisionFiles(
        manifest,
        revision.ordinal,
        read.contributions,
        reviews.map(({ bytes, appeal }) => ({
          bytes,
          ...(appeal === undefined ? {} : { appeal: appeal.bytes })
        })),
        read.handOvers
      )
    )
    const again = revisionCid({ ...revision, content: root, rows: read.contributions.length })
    if (!again.equals(revisionCid(revision))) refuse('its directory is not what its records give')
  }
}

/** Refuses other shares for curators than the reviews give. */
function refuseOtherCuration(
  { history }: KnownDatanet,
  { curation }: Revision,
  { read, reviews }: { read: VerifiedRevision; reviews: readonly ParsedReviewRow[] }
): void {
  const authors = new Map(
    read.contributions.map(({ cid, contribution }) => [cid.toString(), contribution.contributor])
  )
  const words = reviews.map(({ review: { contribution, ...review } }) => ({
    ...review,
    contribution: contribution.toString()
  }))
  const handOvers = read.handOvers.map(({ handOver }) => handOver)
  const own = revisionCuration(history, words, handOvers, authors).curation
  if (JSON.stringify(own) !== JSON.stringify(curation)) {
    refuse('its shares for curators are not what its reviews give')
  }
}

/** The parent's rows that are gone. Refuses other places for those that stay, and new ones between. */
function followParent(
  rows: readonly RegisteredContribution[],
  parent: VerifiedRevision | undefined
): readonly string[] {
  const old = new Map(parent?.contributions.map((row) => [row.cid.toString(), row]))
  const kept = rows.filter(({ cid }) => old.has(cid.toString()))
  const stays = new Set(kept.map(({ cid }) => cid.toString()))
  const expected = [...old.values()].filter(({ cid }) => stays.has(cid.toString()))
  for (const [n, row] of kept.entries()) {
    const before = expected[n]
    const isSame =
      before?.cid.equals(row.cid) === true &&
      before.order === row.order &&
      before.cluster === row.cluster
    if (!isSame || rows[n] !== row) refuse('a row of the parent is in another place', `${row.cid}`)
  }
  const lost = [...old.keys()].filter((cid) => !stays.has(cid))
  // What was withdrawn is no row of the parent as it is read here: the rest must not go.
  if (lost.length > 0) refuse('a row of the parent is missing and was not withdrawn', lost[0])
  return parent?.withdrawn ?? []
}

function refuseForeign(
  reviews: readonly ParsedReviewRow[],
  rows: readonly SignedContribution[]
): void {
  const all = new Set(rows.map(({ cid }) => cid.toString()))
  const foreign = reviews.find(({ review }) => !all.has(review.contribution.toString()))
  if (foreign !== undefined) refuse('a review is of no row', `${foreign.review.contribution}`)
}

/**
 * Refuses a new row that its `reviews` in the revision did not accept, under the manifest in force or one
 * before it: what was decided under an earlier one stays decided.
 */
function refuseUnaccepted(
  { history }: KnownDatanet,
  { cid, contribution }: SignedContribution,
  reviews: readonly ParsedReviewRow[],
  handOvers: NonNullable<ReviewFacts['handOvers']>
): void {
  const { contributor } = contribution
  const personOf = peopleOf({ handOvers }, [])
  const appeals = new Map(reviews.map(({ appeal }) => [`${appeal?.cid}`, appeal]))
  appeals.delete('undefined')
  const [appeal] = appeals.values()
  if (appeals.size > 1) refuse('its reviews answer different appeals', `${cid}`)
  if (appeal !== undefined && personOf(appeal.appeal.account) !== personOf(contributor)) {
    refuse('an appeal is not by who contributed it', `${cid}`)
  }
  const facts: ReviewFacts = {
    ...{ contributor, handOvers },
    ...(appeal === undefined ? {} : { appeal: appeal.cid })
  }
  const isAccepted = history.some(({ manifest }, at) => {
    const endsAtMs = history[at + 1]?.manifest.effectiveAtMs ?? Number.POSITIVE_INFINITY
    const counting = reviews.flatMap(({ review }) => {
      const { curator, createdAtMs } = review
      const isOthers = manifest.curators.includes(curator) && curator !== contributor
      return isOthers && createdAtMs < endsAtMs ? [review] : []
    })
    return decideReviews(manifest, facts, counting).outcome === 'accepted'
  })
  if (!isAccepted) refuse('a row was not accepted by its reviews', `${cid}`)
}

function refuse(reason: string, cid?: string): never {
  throw new DatanetError(
    'REVISION_INVALID',
    { reason, ...(cid === undefined ? {} : { cid }) },
    { hint: reason }
  )
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
