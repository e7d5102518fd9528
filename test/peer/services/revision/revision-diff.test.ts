import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createContent } from '../../../../peer/content/content.ts'
import { createRevisionDiff } from '../../../../peer/services/revision/revision-diff.ts'
import { revisionFiles } from '../../../../peer/services/revision/revision-files.ts'
import { createRevisionReading } from '../../../../peer/services/revision/revision-reading.ts'
import type { RegisteredContribution } from '../../../../peer/services/revision/revision-rows.ts'
import { SqliteBlockstore } from '../../../../peer/store/blocks.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { signContribution } from '../../../../protocol/datanet/contribution.ts'
import {
  HAND_OVER,
  type SignedHandOver,
  sealHandOver
} from '../../../../protocol/datanet/hand-over.ts'
import {
  RECORDS_DOMAIN,
  type SignedManifest,
  signManifest
} from '../../../../protocol/datanet/manifest.ts'
import { contributionsTree, encodeRevision } from '../../../../protocol/datanet/revision.ts'
import { createExchangePool } from '../../../../protocol/net/exchange-pool.ts'
import { testNode } from '../../../fixtures/network.ts'
import { refusal } from '../../../protocol/base/refusal.ts'
import { CURATORS, contribution, manifest, person } from '../../../protocol/datanet/people.ts'

let founding: SignedManifest
let items: RegisteredContribution[]
let handOver: SignedHandOver

beforeAll(async () => {
  founding = await signManifest(manifest(), CURATORS.slice(0, 2))
  items = await Promise.all(
    ['Bow', 'Stern', 'Keel', 'Mast'].map(async (title, n) => {
      const content = { title, text: `What a ${title} is.` }
      const salt = new Uint8Array(16).fill(n)
      const record = contribution({ datanet: founding.cid, salt, content } as never)
      return { ...(await signContribution(record, person(5))), order: n + 1 }
    })
  )
  const [from, to] = [person(5), person(6)]
  const record = { version: 1 as const, oldAccount: from.address, newAccount: to.address, seq: 1 }
  const sign = (who: typeof from) => who.signTypedData(RECORDS_DOMAIN, HAND_OVER, record)
  handOver = sealHandOver(record, { oldSignature: await sign(from), newSignature: await sign(to) })
})

/** Revisions of these rows, kept here, the last of them with a hand-over. */
async function kept(...revisions: readonly number[][]) {
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
  const stored = await Promise.all(
    revisions.map(async (which, n) => {
      const rows = which.map((one) => items[one] as RegisteredContribution)
      const isLast = n === revisions.length - 1
      const files = revisionFiles(founding, n + 1, rows, [], isLast ? [handOver] : [])
      const record = {
        ...{ version: 1 as const, datanet: founding.cid, manifest: founding.cid, ordinal: n + 1 },
        ...(n === 0 ? {} : { parent: founding.cid }),
        ...{ rows: rows.length, content: await content.publishDirectory(files), createdAtMs: 1 },
        contributionsRoot: contributionsTree(rows.map(({ cid }) => cid)).root
      }
      return { ordinal: n + 1, bytes: encodeRevision(record) }
    })
  )
  const none = { isWithdrawn: () => false, withdrawn: () => [], settle: () => {} }
  const now = () => 2_000
  const datanetStore = {
    revision: () => stored.at(-1),
    revisionAt: (_: string, ordinal: number) => stored[ordinal - 1]
  }
  const diff = createRevisionDiff(
    { datanetStore, content, now } as never,
    createRevisionReading(content, none, { now })
  )
  return { blockstore, diff: (from?: number, to?: number) => diff(asked(from, to)) }
}

const asked = (from?: number, to?: number) => ({
  datanet: founding.cid.toString(),
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to })
})
const row = (n: number) => {
  const { cid, contribution: c } = items[n] as RegisteredContribution
  return { contribution: cid.toString(), contributor: c.contributor }
}

test('a diff names what came, what went and who was handed over', async () => {
  const { diff } = await kept([0, 1], [1, 2, 3])
  expect(await diff()).toEqual({
    ...{ datanet: founding.cid.toString(), from: 1, to: 2, fromRows: 2, toRows: 3 },
    added: [
      { ...row(2), title: 'Keel' },
      { ...row(3), title: 'Mast' }
    ],
    withdrawn: [row(0)],
    handedOver: [{ oldAccount: person(5).address, newAccount: person(6).address }],
    counts: { added: 2, withdrawn: 1, handedOver: 1 }
  })
})

test('a row that was destroyed since is named without its title', async () => {
  const { blockstore, diff } = await kept([0], [0, 1, 2])
  blockstore.withdraw(`${items[1]?.cid}`, founding.cid.toString())
  expect((await diff(1, 2)).added).toEqual([row(1), { ...row(2), title: 'Keel' }])
})

test('a diff needs two revisions that are kept here, the older one first', async () => {
  const { diff } = await kept([0], [0, 1])
  expect(await refusal(() => diff(1, 3))).toBe('ANCHOR_MISSING')
  expect(await refusal(() => diff(2, 1))).toBe('INPUT_INVALID')
  expect(await refusal(() => diff(2, 2))).toBe('INPUT_INVALID')
  const only = await kept([0])
  expect(await refusal(() => only.diff())).toBe('ANCHOR_MISSING')
})
