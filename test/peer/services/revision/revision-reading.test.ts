import { expect, onTestFinished, test } from 'vitest'
import { createContent } from '../../../../peer/content/content.ts'
import { FILES_PATH } from '../../../../peer/services/revision/linked-files.ts'
import {
  type RevisionFile,
  ROW_INDEX_PATH,
  ROWS_PATH,
  revisionFiles
} from '../../../../peer/services/revision/revision-files.ts'
import { createRevisionReading } from '../../../../peer/services/revision/revision-reading.ts'
import { SqliteBlockstore } from '../../../../peer/store/blocks.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { signContribution } from '../../../../protocol/datanet/contribution.ts'
import { signManifest } from '../../../../protocol/datanet/manifest.ts'
import { contributionsTree, type Revision } from '../../../../protocol/datanet/revision.ts'
import { encodeRowIndex } from '../../../../protocol/datanet/row-index.ts'
import { createExchangePool } from '../../../../protocol/net/exchange-pool.ts'
import { testNode } from '../../../fixtures/network.ts'
import { refusal } from '../../../protocol/base/refusal.ts'
import {
  CURATORS,
  contribution,
  manifest,
  person,
  someCid
} from '../../../protocol/datanet/people.ts'

const signedManifest = await signManifest(manifest(), CURATORS.slice(0, 2))
const given = await Promise.all(
  [1, 2, 3, 4].map(async (order) => {
    const salt = new Uint8Array(16).fill(order)
    const record = contribution({ datanet: signedManifest.cid, salt })
    return { ...(await signContribution(record, person(5))), order }
  })
)
const items = given
const ids = items.map(({ cid }) => cid.toString())

/** A revision of the items with `files` in place of some of its own. */
async function world(files: readonly RevisionFile[] = [], items = given) {
  const node = await testNode('reader')
  const database = openDatabase(':memory:')
  const blockstore = new SqliteBlockstore(database)
  const pool = createExchangePool(node)
  const content = await createContent(node, { blockstore, pool })
  onTestFinished(async () => {
    pool.close()
    await content.stop()
    database.close()
  })
  const own = revisionFiles(signedManifest, 1, items, [])
  const changed = new Set(files.map(({ path }) => path))
  const kept = own.filter(({ path }) => !changed.has(path))
  const root = await content.publishDirectory([...kept, ...files])
  const revision: Revision = {
    ...{ version: 1, datanet: signedManifest.cid, manifest: signedManifest.cid, ordinal: 1 },
    ...{ rows: items.length, content: root, createdAtMs: 1_000 },
    contributionsRoot: contributionsTree(items.map(({ cid }) => cid)).root
  }
  const withdrawn = new Set<string>()
  const reading = createRevisionReading(
    content,
    { isWithdrawn: (id) => withdrawn.has(id), withdrawn: () => [...withdrawn], settle: () => {} },
    { now: () => 2_000 }
  )
  return { content, blockstore, revision, reading, withdrawn }
}

const indexOf = (change: (row: number) => { n?: number; contributor?: string } = () => ({})) =>
  encodeRowIndex(
    items.map((_, row) => {
      const { n = row, contributor = person(5).address } = change(row)
      return { contribution: (items[n] as (typeof items)[number]).cid, contributor }
    })
  )
const withIndex = (content: Uint8Array) => world([{ path: ROW_INDEX_PATH, content }])

test('a revision reads whole, and without its withdrawn rows as well', async () => {
  const { blockstore, revision, reading, withdrawn } = await world()
  const whole = await reading.read(revision)
  expect(whole.contributions.map(({ cid }) => `${cid}`)).toEqual(ids)
  expect(reading.withdrawn(revision)).toEqual([])
  withdrawn.add(ids[1] as string)
  withdrawn.add('of another revision')
  blockstore.withdraw(ids[1] as string, 'net')
  const read = await reading.read(revision)
  expect(read.contributions.map(({ cid }) => `${cid}`)).toEqual([ids[0], ids[2], ids[3]])
  expect(read.withdrawn).toEqual([ids[1]])
  expect(reading.withdrawn(revision)).toEqual([ids[1]])
})

// ROWINDEX-R3
test('a row that is missing without a tombstone is a hole, and is looked for', async () => {
  const { content, blockstore, revision, reading, withdrawn } = await world()
  const leaves = content.leaves(revision.content, ROWS_PATH)
  blockstore.withdraw(ids[1] as string, 'net')
  blockstore.withdraw(ids[2] as string, 'net')
  withdrawn.add(ids[1] as string)
  expect(await refusal(() => reading.read(revision))).toBe('CONTENT_UNAVAILABLE')
  const missing = [leaves[1], leaves[2]].flatMap((leaf) => leaf ?? [])
  expect((await reading.wanted(revision, missing)).map(String)).toEqual([`${leaves[2]}`])
  // While the index is not here, nothing can be told apart.
  const [index] = content.leaves(revision.content, ROW_INDEX_PATH)
  if (index !== undefined) blockstore.delete(index)
  expect(await reading.wanted(revision, missing)).toEqual(missing)
})

// ROWINDEX-R1
test('an index that is not that of the revision is refused', async () => {
  const bad = [
    indexOf().subarray(0, 52 * 3),
    indexOf().subarray(0, 52 * 3 + 20),
    indexOf((row) => ({ n: row < 2 ? 1 - row : row })),
    indexOf((row) => ({ n: row === 3 ? 0 : row }))
  ]
  for (const bytes of bad) {
    const { reading, revision } = await withIndex(bytes)
    expect(await refusal(() => reading.read(revision))).toBe('REVISION_INVALID')
  }
  const rows = revisionFiles(signedManifest, 1, items.slice(0, 3), [])
  const { reading, revision } = await world(rows.filter(({ path }) => path === ROWS_PATH))
  expect(await refusal(() => reading.read(revision))).toBe('REVISION_INVALID')
})

// ROWINDEX-R2
test('a row that is another than the index says is refused', async () => {
  const named = (row: number) => (row === 2 ? { contributor: person(6).address } : {})
  const other = await withIndex(indexOf(named))
  expect(await refusal(() => other.reading.read(other.revision))).toBe('REVISION_INVALID')
  const [one, two, ...others] = items as [(typeof items)[0], (typeof items)[0], (typeof items)[0]]
  const swapped = revisionFiles(signedManifest, 1, [two, one, ...others], [])
  const rows = swapped.filter(({ path }) => path === ROWS_PATH)
  const { reading, revision } = await world(rows)
  expect(await refusal(() => reading.read(revision))).toBe('REVISION_INVALID')
})

// FILES-R1
test('a file that is not linked, or linked and of no row, is refused; that of a withdrawn row is not', async () => {
  const withFile = async (n: number) => {
    const salt = new Uint8Array(16).fill(n)
    const content = { file: someCid(n), mime: 'image/png', name: 'a.png', bytes: n }
    const change = { datanet: signedManifest.cid, salt, schema: 'file/1', content }
    const signed = await signContribution(contribution(change as object), person(5))
    return { ...signed, order: n }
  }
  const rows = [...given, await withFile(5), await withFile(6)]
  const link = (n: number) => ({ cid: someCid(n), bytes: n })
  const linking = (...links: number[]) =>
    world([{ path: FILES_PATH, links: links.map(link) }], rows)
  const { reading, revision } = await world([], rows)
  expect((await reading.read(revision)).contributions.length).toBe(rows.length)
  for (const links of [[5], [5, 6, 7], [5, 7]]) {
    const other = await linking(...links)
    expect(await refusal(() => other.reading.read(other.revision))).toBe('REVISION_INVALID')
  }
  const thin = await linking(5, 6)
  const gone = rows[5]?.cid.toString() as string
  thin.withdrawn.add(gone)
  thin.blockstore.withdraw(gone, 'net')
  const read = await thin.reading.read(thin.revision)
  expect(read.withdrawn).toEqual([gone])
})
