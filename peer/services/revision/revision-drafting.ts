import { setImmediate } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { cidFromDigest, digestOf, parseCid, RAW } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { verifyContribution } from '../../../protocol/datanet/contribution.ts'
import { verifyHandOver } from '../../../protocol/datanet/hand-over.ts'
import {
  contributionsTree,
  decodeRevision,
  encodeRevision,
  type Revision,
  revisionCid
} from '../../../protocol/datanet/revision.ts'
import type { ProgressOptions } from '../../api/peer-api.ts'
import type { StoredHandOver, StoredRevision } from '../../store/datanets.ts'
import type { ListedContribution, ReviewLeaf, RowLeaf } from '../../store/row-leaves.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import { revisionCuration } from './revision-curation.ts'
import { directoryFiles, directoryRow, type RowBlock } from './revision-files.ts'
import { reachable } from './revision-hand-overs.ts'
import { reviewRow } from './revision-reviews.ts'
import { contributionRow } from './revision-rows.ts'

/** A revision that nobody approved yet, with what is new in it. */
export interface DraftRevision {
  readonly revision: Revision
  readonly stored: StoredRevision
  /** CIDs of the contributions that no revision held before. */
  readonly added: readonly string[]
  readonly handOvers: readonly StoredHandOver[]
}

/**
 * The next revision of `datanet` from everything that its intake host accepted, its directory written
 * to the own store. Refuses NOTHING_TO_PUBLISH when it would hold what the last one holds.
 */
export async function draftRevision(
  parts: Pick<Parts, 'datanetStore' | 'content' | 'now'>,
  datanet: KnownDatanet,
  options: ProgressOptions
): Promise<DraftRevision> {
  const { datanetStore, content, now } = parts
  const id = datanet.id.toString()
  const accepted = datanetStore.listed(id)
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
    throw new DatanetError('NOTHING_TO_PUBLISH', { id })
  }
  // Registration order is for ever: earlier revisions first, then the order of arrival.
  const ordered = [
    ...accepted.filter((item) => item.revision > 0).sort((a, b) => a.revision - b.revision),
    ...accepted.filter((item) => item.revision === 0)
  ]
  const ordinal = (parent?.ordinal ?? 0) + 1
  options.onProgress?.({ text: 'writing the revision', done: 0, total: ordered.length })
  const rows = await rowsOf(parts, ordered, options)
  const cids = rows.map(({ id: digest }) => cidFromDigest(digest))
  const signedHandOvers = handOvers.map(({ bytes }) => verifyHandOver(bytes, now()))
  const root = await content.publishDirectory(
    directoryFiles(
      { manifest: datanet.signed, ordinal, datanet: id, handOvers: signedHandOvers },
      rows.map(({ language, columns, createdAtMs, file }, n) => {
        const { contributor } = ordered[n] as ListedContribution
        const linked = file === undefined ? {} : { file: { ...file, cid: parseCid(file.cid) } }
        return { cid: cids[n] as CID, contributor, language, columns, createdAtMs, ...linked }
      }),
      { blocks: rows.map(({ digest, bytes }) => ({ cid: cidFromDigest(digest, RAW), bytes })) },
      { blocks: reviewsOf(parts, id, ordered) }
    )
  )
  const revision: Revision = {
    version: 1,
    datanet: datanet.id,
    manifest: datanet.signed.cid,
    ordinal,
    ...(parent === undefined ? {} : { parent: parseCid(parent.cid) }),
    contributionsRoot: contributionsTree(cids).root,
    rows: rows.length,
    content: root,
    ...curationIn(parts, datanet, handOvers, ordered),
    createdAtMs: now()
  }
  const cid = revisionCid(revision).toString()
  const stored = { datanet: id, ordinal, cid, bytes: encodeRevision(revision), anchored: false }
  return { revision, stored, added, handOvers }
}

/** Who shares by the reviews behind `listed`, where the manifest has reviews earn. */
function curationIn(
  { datanetStore, now }: Pick<Parts, 'datanetStore' | 'now'>,
  { id, history }: KnownDatanet,
  handOvers: readonly StoredHandOver[],
  listed: readonly ListedContribution[]
): Pick<Revision, 'curation'> {
  const authors = new Map(listed.map(({ cid, contributor }) => [cid, contributor]))
  const records = handOvers.map(({ bytes }) => verifyHandOver(bytes, now()).handOver)
  return revisionCuration(history, datanetStore.words(id.toString()), records, authors)
}

/** Rows that are made before others get their turn. */
const TURN = 256

/** The rows of what is listed: as they were made before, or made and kept now. */
async function rowsOf(
  { datanetStore, content }: Pick<Parts, 'datanetStore' | 'content'>,
  listed: readonly ListedContribution[],
  options: ProgressOptions
): Promise<readonly RowLeaf[]> {
  const made = new Map<number, RowLeaf>()
  const missing = listed.filter(({ leaf }) => leaf === undefined)
  for (let at = 0; at < missing.length; at += TURN) {
    await setImmediate()
    const some = missing.slice(at, at + TURN).map(({ cid, number }) => {
      const known = datanetStore.contribution(cid)
      if (known === undefined) throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution: cid })
      const { bytes, order, cluster } = known
      const shared = cluster === undefined ? {} : { cluster }
      return { number, ...verifyContribution(bytes), order, ...shared }
    })
    const blocks = content.putRows(some.map(contributionRow))
    const leaves = some.map((item, n): RowLeaf => {
      const { cid, contributor: _, file, ...facts } = directoryRow(item)
      const { cid: leaf, bytes } = blocks[n] as RowBlock
      return {
        ...{ number: item.number, id: digestOf(cid), digest: digestOf(leaf), bytes, ...facts },
        ...(file === undefined ? {} : { file: { ...file, cid: file.cid.toString() } })
      }
    })
    datanetStore.putRowLeaves(leaves)
    for (const leaf of leaves) made.set(leaf.number, leaf)
    const done = at + some.length
    options.onProgress?.({ text: 'writing the revision', done, total: missing.length })
  }
  return listed.map(({ cid, number, leaf = made.get(number) }) => {
    if (leaf === undefined) throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution: cid })
    return leaf
  })
}

/** The blocks of the reviews behind `listed`, by row and then in the order in which they came. */
function reviewsOf(
  { datanetStore, content }: Pick<Parts, 'datanetStore' | 'content'>,
  datanet: string,
  listed: readonly ListedContribution[]
): RowBlock[] {
  const reviews = datanetStore.listedReviews(datanet)
  const behind = new Map<number, RowBlock[]>()
  const missing = reviews.filter(({ leaf }) => leaf === undefined)
  const made = new Map<number, ReviewLeaf>()
  for (let at = 0; at < missing.length; at += TURN) {
    const some = missing.slice(at, at + TURN)
    const rows = some.map(({ number, appealed }) => {
      const bytes = datanetStore.reviewAt(number) as Uint8Array
      const appeal = appealed === undefined ? undefined : datanetStore.appeal(appealed)?.bytes
      return reviewRow({ bytes, ...(appeal === undefined ? {} : { appeal }) })
    })
    const blocks = content.putRows(rows)
    const leaves = some.map(({ number, contribution }, n): ReviewLeaf => {
      const { cid, bytes } = blocks[n] as RowBlock
      return { number, contribution, digest: digestOf(cid), bytes }
    })
    datanetStore.putReviewLeaves(leaves)
    for (const leaf of leaves) made.set(leaf.number, leaf)
  }
  for (const { number, contribution, leaf = made.get(number) } of reviews) {
    if (leaf === undefined) continue
    const block = { cid: cidFromDigest(leaf.digest, RAW), bytes: leaf.bytes }
    const some = behind.get(contribution)
    if (some === undefined) behind.set(contribution, [block])
    else some.push(block)
  }
  return listed.flatMap(({ number }) => behind.get(number) ?? [])
}
