import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createContent } from '../../../../peer/content/content.ts'
import type { KnownDatanet } from '../../../../peer/services/datanet/known-datanets.ts'
import { createRevisionChecking } from '../../../../peer/services/revision/revision-checking.ts'
import {
  type RevisionFile,
  revisionFiles
} from '../../../../peer/services/revision/revision-files.ts'
import { createRevisionReading } from '../../../../peer/services/revision/revision-reading.ts'
import type { RegisteredContribution } from '../../../../peer/services/revision/revision-rows.ts'
import { SqliteBlockstore } from '../../../../peer/store/blocks.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { digestOf } from '../../../../protocol/base/codec.ts'
import { signContribution } from '../../../../protocol/datanet/contribution.ts'
import {
  datanetKey,
  type Manifest,
  type SignedManifest,
  signManifest
} from '../../../../protocol/datanet/manifest.ts'
import { signReview } from '../../../../protocol/datanet/review.ts'
import {
  contributionsTree,
  type Revision,
  revisionCid
} from '../../../../protocol/datanet/revision.ts'
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

const NOW_MS = 10_000
const CHANGE_MS = 5_000
let founding: SignedManifest
let items: RegisteredContribution[]

beforeAll(async () => {
  founding = await signManifest(manifest(), CURATORS.slice(0, 2))
  items = await Promise.all(
    [1, 2, 3, 4].map(async (order) => {
      const salt = new Uint8Array(16).fill(order)
      const record = contribution({ datanet: founding.cid, salt })
      return { ...(await signContribution(record, person(5))), order }
    })
  )
})

/** The approvals of an item by the curators in these places. */
function approvals({ cid }: RegisteredContribution, who = [0, 1], createdAtMs = 2_000) {
  return Promise.all(
    who.map(async (n) => {
      const curator = CURATORS[n] as (typeof CURATORS)[0]
      const of = { version: 1 as const, datanet: founding.cid, contribution: cid, createdAtMs }
      const review = { ...of, verdict: 'approve' as const, curator: curator.address }
      return (await signReview(review, curator)).bytes
    })
  )
}

/** The chain after the first `parent` items were anchored, and what looks at a next revision there. */
async function world(init: { readonly parent?: number; readonly later?: Partial<Manifest> } = {}) {
  const node = await testNode('curator')
  const database = openDatabase(':memory:')
  const pool = createExchangePool(node)
  const content = await createContent(node, { blockstore: new SqliteBlockstore(database), pool })
  onTestFinished(async () => {
    pool.close()
    await content.stop()
    database.close()
  })
  const history = [founding]
  if (init.later !== undefined) {
    const next = { ...manifest(), seq: 1, prev: founding.cid, createdAtMs: CHANGE_MS }
    const signed = await signManifest(
      { ...next, effectiveAtMs: CHANGE_MS, ...init.later },
      CURATORS
    )
    history.push(signed)
  }
  const signed = history.at(-1) as SignedManifest
  const key = datanetKey(founding)
  const datanet = { id: founding.cid, key, founding, signed, history } as unknown as KnownDatanet
  const withdrawn = new Set<string>()
  const isWithdrawn = (id: string) => withdrawn.has(id)
  const reading = createRevisionReading(
    content,
    { isWithdrawn, withdrawn: () => [...withdrawn], settle: () => {} },
    { now: () => NOW_MS }
  )

  /** A revision of `rows` by its host, with `files` in place of some of its own. */
  async function revise(
    rows: readonly RegisteredContribution[],
    change: Partial<Revision> & {
      files?: RevisionFile[]
      reviews?: Uint8Array[]
      under?: SignedManifest
    } = {}
  ): Promise<Revision> {
    const { files = [], reviews, under = signed, ...fields } = change
    const behind = reviews ?? (await Promise.all(rows.map((row) => approvals(row)))).flat()
    const ordinal = fields.ordinal ?? (parent === undefined ? 1 : 2)
    const own = revisionFiles(
      under,
      ordinal,
      rows,
      behind.map((bytes) => ({ bytes }))
    )
    const replaced = new Set(files.map(({ path }) => path))
    const root = await content.publishDirectory([
      ...own.filter(({ path }) => !replaced.has(path)),
      ...files
    ])
    return {
      ...{ version: 1, datanet: founding.cid, manifest: signed.cid, ordinal },
      ...(parent === undefined ? {} : { parent: revisionCid(parent) }),
      ...{ rows: rows.length, content: root, createdAtMs: NOW_MS },
      contributionsRoot: contributionsTree(rows.map(({ cid }) => cid)).root,
      ...fields
    }
  }

  let parent: Revision | undefined
  if (init.parent !== undefined) parent = await revise(items.slice(0, init.parent))
  const head = parent
  const digest =
    head === undefined ? '' : `0x${Buffer.from(digestOf(revisionCid(head))).toString('hex')}`
  const check = createRevisionChecking(
    {
      ...{ content, now: () => NOW_MS },
      datanetStore: { revision: () => ({ ordinal: head?.ordinal }) },
      chain: {
        registry: { head: async () => ({ ordinal: head?.ordinal ?? 0, revision: digest }) }
      }
    } as never,
    {
      ...{ reading, sync: { sync: async () => true }, peers: { async *of() {} } },
      fetchHead: () => Promise.reject(new Error('it is here')),
      readHead: () => reading.read(head as Revision)
    }
  )
  return { content, revise, withdrawn, look: (one: Revision) => check(datanet, one, {}) }
}

const text = (words: string) => new TextEncoder().encode(words)

// PROPOSAL-W1
describe('a proposed revision is made again', () => {
  test('and approved when its bytes are the same', async () => {
    const { revise, look } = await world()
    const { added, withdrawn } = await look(await revise(items))
    expect(added).toEqual(items.map(({ cid }) => `${cid}`))
    expect(withdrawn).toEqual([])
  })

  test('with whatever approvals its manifest came in', async () => {
    const { revise, look } = await world()
    const { bytes } = await signManifest(founding.manifest, [...CURATORS].reverse())
    const files = [{ path: 'manifest.cbor', content: bytes }]
    expect((await look(await revise(items, { files }))).added).toHaveLength(4)
  })

  test('and refused under a manifest that is not in force, however well it is approved', async () => {
    const { revise, look } = await world()
    const under = await signManifest(manifest({ name: 'other words' }), CURATORS)
    const other = await revise(items, { under })
    expect(await refusal(() => look(other))).toBe('REVISION_INVALID')
  })

  test.each<[string, (made: Awaited<ReturnType<typeof world>>) => Promise<Revision>]>([
    [
      'another dataset card',
      ({ revise }) => revise(items, { files: [{ path: 'README.md', content: text('# Free') }] })
    ],
    [
      'a file too many',
      ({ revise }) => revise(items, { files: [{ path: 'advert.txt', content: text('Buy') }] })
    ],
    ['another root', ({ revise }) => revise(items, { contributionsRoot: new Uint8Array(32) })]
  ])('and refused with %s', async (_, make) => {
    const made = await world()
    const revision = await make(made)
    expect(await refusal(() => made.look(revision))).toBe('REVISION_INVALID')
  })
})

// PROPOSAL-W2
describe('a proposed revision is refused', () => {
  const invalid = async (
    made: Awaited<ReturnType<typeof world>>,
    ...revise: Parameters<Awaited<ReturnType<typeof world>>['revise']>
  ) => {
    const revision = await made.revise(...revise)
    expect(await refusal(() => made.look(revision))).toBe('REVISION_INVALID')
  }
  const [first, second, third, fourth] = [0, 1, 2, 3]
  const pick = (...which: number[]) => which.map((n) => items[n] as RegisteredContribution)

  test('when it does not follow the head of the chain, or is dated ahead', async () => {
    const { revise, look } = await world({ parent: 2 })
    const gap = await revise(items, { ordinal: 3 })
    const fork = await revise(items, { parent: someCid(1) })
    const other = await revise(items, { manifest: someCid(1) })
    for (const one of [gap, fork, other]) {
      expect(await refusal(() => look(one))).toBe('RECORD_SUPERSEDED')
    }
    const ahead = await revise(items, { createdAtMs: NOW_MS + 300_001 })
    expect(await refusal(() => look(ahead))).toBe('RECORD_FROM_FUTURE')
  })

  test('when a row that its reviews did not accept is in it', async () => {
    const made = await world()
    const some = (await Promise.all(pick(first, second).map((one) => approvals(one)))).flat()
    await invalid(made, items, { reviews: some })
    const one = await approvals(items[third] as RegisteredContribution, [0])
    await invalid(made, pick(first, third), { reviews: [...some.slice(0, 2), ...one] })
    await invalid(made, pick(first), { reviews: some })
  })

  test('when rows of the parent moved, left, or let new ones in between', async () => {
    const made = await world({ parent: 2 })
    expect((await made.look(await made.revise(items))).added).toHaveLength(2)
    await invalid(made, pick(second, first, third, fourth))
    await invalid(made, pick(first, third, second, fourth))
    await invalid(made, pick(second, third, fourth))
    const moved = { ...(items[first] as RegisteredContribution), order: 9 }
    await invalid(made, [moved, ...pick(second, third, fourth)])
  })

  test('with what was withdrawn, and not without it', async () => {
    const made = await world({ parent: 2 })
    const [kept, gone] = [await made.revise(items), await made.revise(pick(second, third))]
    made.withdrawn.add(`${items[first]?.cid}`)
    expect(await refusal(() => made.look(kept))).toBe('REVISION_INVALID')
    const { added, withdrawn } = await made.look(gone)
    expect(added).toEqual([`${items[third]?.cid}`])
    expect(withdrawn).toEqual([`${items[first]?.cid}`])
  })

  // CURATION-W1
  test('with the shares for curators that its reviews give, and no others', async () => {
    const review = { approvals: 1, sharePpm: 600_000, leaseMs: 900_000, earns: 'reviews' as const }
    const made = await world({ later: { review } })
    const rows = pick(first, second)
    const [one, two] = rows as [RegisteredContribution, RegisteredContribution]
    const reviews = [...(await approvals(one, [0, 1])), ...(await approvals(two, [0]))]
    const share = (n: number, ppm: number) => ({ account: CURATORS[n]?.address as string, ppm })
    const curation = [share(0, 666_667), share(1, 333_333)]
    const good = await made.revise(rows, { reviews, curation })
    expect((await made.look(good)).added).toHaveLength(2)
    await invalid(made, rows, { reviews })
    await invalid(made, rows, { reviews, curation: [share(0, 500_000), share(1, 500_000)] })
    const equal = await world()
    await invalid(equal, rows, { curation: [share(0, 1_000_000)] })
  })

  test('by words of a former curator after the change, and not by those before', async () => {
    const later = { curators: [person(7).address], threshold: 1 }
    const review = { approvals: 1, sharePpm: 600_000, leaseMs: 900_000 }
    const made = await world({ later: { ...later, review } })
    const [row] = pick(first) as [RegisteredContribution]
    const before = await approvals(row, [0, 1], CHANGE_MS - 1)
    const after = await approvals(row, [0, 1], CHANGE_MS)
    expect((await made.look(await made.revise([row], { reviews: before }))).added).toHaveLength(1)
    await invalid(made, [row], { reviews: after })
  })
})
