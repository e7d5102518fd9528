import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Content, createContent } from '../../../../peer/content/content.ts'
import type { Peer } from '../../../../peer/peer.ts'
import { revisionFiles } from '../../../../peer/services/revision/revision-files.ts'
import type { RegisteredContribution } from '../../../../peer/services/revision/revision-rows.ts'
import { SqliteBlockstore } from '../../../../peer/store/blocks.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { cidOf, digestOf } from '../../../../protocol/base/codec.ts'
import { type AccountSigner, keySigner } from '../../../../protocol/base/typed-data.ts'
import { consentDigest, signContribution } from '../../../../protocol/datanet/contribution.ts'
import {
  HAND_OVER,
  type SignedHandOver,
  sealHandOver
} from '../../../../protocol/datanet/hand-over.ts'
import {
  datanetKey,
  RECORDS_DOMAIN,
  type SignedManifest,
  signManifest
} from '../../../../protocol/datanet/manifest.ts'
import {
  contributionsTree,
  encodeRevision,
  REVISION_APPROVAL,
  type Revision,
  registryDomain,
  revisionApproval,
  revisionCid
} from '../../../../protocol/datanet/revision.ts'
import { createDirectory, type Directory } from '../../../../protocol/net/directory.ts'
import { serveDocuments } from '../../../../protocol/net/document-server.ts'
import { createTestWorld, LICENCE, ROYALTY, type TestWorld } from '../../../fixtures/world.ts'
import { TEXTS } from '../../../fixtures/world-texts.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

let world: TestWorld
let reader: Peer
let content: Content
let directory: Directory
let hostId: string
const undo: Array<() => unknown> = []
const curator = keySigner(new Uint8Array(32).fill(5))
const author = keySigner(new Uint8Array(32).fill(6))
const documents = new Map<string, { issuer: string; kind: string; id: string; bytes: Uint8Array }>()
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`

beforeAll(async () => {
  world = await createTestWorld()
  const { node, pool } = await world.node()
  hostId = node.peerId.toString()
  const database = openDatabase(join(world.dirOf('.'), 'host.sqlite'))
  content = await createContent(node, { blockstore: new SqliteBlockstore(database), pool })
  directory = createDirectory(node)
  const server = await serveDocuments(node, {
    byCid: () => undefined,
    newest: ({ kind, id }) => documents.get(`${kind} ${id}`)?.bytes,
    *catalogue() {
      for (const { issuer, kind, id, bytes } of documents.values()) {
        yield { issuer, kind, id, cid: cidOf(bytes), labels: [world.network.topic] }
      }
    }
  })
  await directory.announce('topic', world.network.topic)
  undo.push(
    () => database.close(),
    () => content.stop(),
    () => directory.stop(),
    () => server.stop()
  )
  reader = await world.peer('reader')
})
afterAll(async () => {
  for (const step of undo.reverse()) await step()
  await world?.stop()
})

const show = (issuer: string, kind: string, id: string, bytes: Uint8Array) =>
  documents.set(`${kind} ${id}`, { issuer, kind, id, bytes })

/** A Datanet of this host by hand, founded on chain, with three contributions to make a revision of. */
async function founded() {
  const foundedAtMs = Date.now()
  const manifest = {
    ...{ version: 1 as const, name: 'By hand', purpose: randomBytes(8).toString('hex') },
    ...{ topics: [world.network.topic], schemas: ['text/1'], licences: [LICENCE] },
    ...{ consent: 'Yes.', curators: [curator.address], threshold: 1, intakeHost: hostId },
    ...{ hosts: [], intake: { pendingPerAccount: 100, perDayPerAccount: 100 } },
    ...{ review: { approvals: 1, sharePpm: 600_000, leaseMs: 900_000 }, royalty: ROYALTY },
    ...{ treasury: curator.address, seq: 0, changeDelayMs: 0 },
    ...{ createdAtMs: foundedAtMs, effectiveAtMs: foundedAtMs }
  }
  const signed = await signManifest(manifest, [curator])
  const founding = { manifest: hex(digestOf(signed.cid)), curators: manifest.curators }
  await world.chain.registry.found({ ...founding, threshold: 1 })
  const id = signed.cid.toString()
  show(id, 'manifest', id, signed.bytes)
  const items = await Promise.all(
    TEXTS.slice(0, 3).map((text, index) => contribution(signed, text, index + 1))
  )
  return { signed, id, items }
}

async function contribution(
  { cid, manifest }: SignedManifest,
  text: { title: string; text: string },
  order: number
): Promise<RegisteredContribution> {
  const record = {
    ...{ version: 1 as const, datanet: cid, schema: 'text/1' as const, content: text },
    ...{ language: 'en', licence: LICENCE, origin: 'direct' as const, contributor: author.address },
    ...{ consent: { digest: consentDigest(manifest), atMs: Date.now() } },
    ...{ salt: new Uint8Array(randomBytes(16)), createdAtMs: Date.now() }
  }
  return { ...(await signContribution(record, author)), order }
}

/** The revision that `items` make, with the directory of `rows` in place of theirs. */
async function revisionOf(
  signed: SignedManifest,
  items: readonly RegisteredContribution[],
  rows: ReturnType<typeof revisionFiles> = revisionFiles(signed, 1, items, [])
): Promise<Revision> {
  return {
    version: 1,
    datanet: signed.cid,
    manifest: signed.cid,
    ordinal: 1,
    contributionsRoot: contributionsTree(items.map(({ cid }) => cid)).root,
    rows: items.length,
    content: await content.publishDirectory(rows),
    createdAtMs: Date.now()
  }
}

async function anchor(signed: SignedManifest, revision: Revision): Promise<void> {
  const { chainId, registry } = world.network.contracts
  const datanet = datanetKey(signed)
  const domain = registryDomain(Number(chainId), registry)
  const value = revisionApproval(datanet, revision)
  await world.chain.registry.anchor({
    datanet,
    ordinal: revision.ordinal,
    parent: revision.parent === undefined ? `0x${'0'.repeat(64)}` : hex(digestOf(revision.parent)),
    revision: hex(digestOf(revisionCid(revision))),
    contributionsRoot: hex(revision.contributionsRoot),
    approvals: [await curator.signTypedData(domain, REVISION_APPROVAL, value)]
  })
}

/** What the reader makes of `revision` as the host shows it; it has met the Datanet before. */
async function fetched(id: string, revision: Revision) {
  show(id, 'revision', id, encodeRevision(revision))
  if (!(await reader.api.datanets.list()).some((known) => known.id === id)) {
    await reader.api.datanets.find(world.topic)
  }
  return reader.api.datanets.fetch(id)
}

test('an honest revision is fetched whole, and kept', async () => {
  const { signed, id, items } = await founded()
  const revision = await revisionOf(signed, items)
  await anchor(signed, revision)
  expect(await fetched(id, revision)).toMatchObject({ rows: 3, contributors: 1, ordinal: 1 })
  expect(await reader.api.datanets.head(id)).toMatchObject({ rows: 3 })
})

// REVISION-R3
test('a revision that the chain does not anchor is refused', async () => {
  const { signed, id, items } = await founded()
  const revision = await revisionOf(signed, items)
  expect(await refusal(() => fetched(id, revision))).toBe('ANCHOR_MISSING')
  expect(await refusal(() => reader.api.datanets.head(id))).toBe('ANCHOR_MISSING')
})

// REVISION-R4
test('a revision that is not the newest on chain is refused, though it was anchored', async () => {
  const { signed, id, items } = await founded()
  const first = await revisionOf(signed, items)
  await anchor(signed, first)
  await anchor(signed, { ...first, ordinal: 2, parent: revisionCid(first) })
  expect(await refusal(() => fetched(id, first))).toBe('RECORD_SUPERSEDED')
  expect(await refusal(() => reader.api.datanets.head(id))).toBe('ANCHOR_MISSING')
})

test('a revision other than the anchored one is refused, whichever field differs', async () => {
  const { signed, id, items } = await founded()
  const revision = await revisionOf(signed, items)
  await anchor(signed, revision)
  const changes: Array<Partial<Revision>> = [
    { contributionsRoot: new Uint8Array(32) },
    { createdAtMs: revision.createdAtMs + 1 }
  ]
  for (const change of changes) {
    // The reader was never shown another revision of this ordinal: each peer meets one lie.
    const before = reader
    reader = await world.peer(`reader ${Object.keys(change)}`)
    const code = await refusal(() => fetched(id, { ...revision, ...change }))
    await reader.stop()
    reader = before
    expect(code).toBe('REVISION_INVALID')
  }
})

// DOCUMENT-R5
test('a revision of another Datanet is refused', async () => {
  const [one, other] = [await founded(), await founded()]
  const revision = await revisionOf(other.signed, other.items)
  await anchor(other.signed, revision)
  expect(await refusal(() => fetched(one.id, revision))).toBe('REVISION_INVALID')
})

type Spoil = (
  signed: SignedManifest,
  items: RegisteredContribution[]
) => ReturnType<typeof revisionFiles> | Promise<ReturnType<typeof revisionFiles>>
const withRows = (files: ReturnType<typeof revisionFiles>, change: (row: string) => string) =>
  files.map((file) =>
    'rows' in file
      ? { ...file, rows: file.rows.map((row) => Buffer.from(change(Buffer.from(row).toString()))) }
      : file
  )
const SPOILS: ReadonlyArray<[string, string, Spoil]> = [
  [
    'a row is missing',
    'REVISION_INVALID',
    (signed, items) => revisionFiles(signed, 1, items.slice(1), [])
  ],
  [
    'two rows changed places',
    'REVISION_INVALID',
    (signed, [a, b, c]) => revisionFiles(signed, 1, [b, a, c] as RegisteredContribution[], [])
  ],
  [
    'a row is another signed contribution',
    'REVISION_INVALID',
    async (signed, [a, b]) => {
      const other = await contribution(signed, { title: 'Other', text: 'Quite another text.' }, 3)
      return revisionFiles(signed, 1, [a, b, other] as RegisteredContribution[], [])
    }
  ],
  [
    'a readable column was changed',
    'REVISION_INVALID',
    (signed, items) =>
      withRows(revisionFiles(signed, 1, items, []), (row) => row.replace('sourdough', 'sour'))
  ],
  [
    'a row is not JSON',
    'REVISION_INVALID',
    (signed, items) => withRows(revisionFiles(signed, 1, items, []), (row) => row.slice(1))
  ],
  [
    'a signature was spoilt',
    'SIGNATURE_INVALID',
    (signed, items) =>
      withRows(revisionFiles(signed, 1, items, []), (row) => {
        const { signed: base64, ...columns } = JSON.parse(row) as { signed: string }
        const bytes = Buffer.from(base64, 'base64')
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
        return `${JSON.stringify({ ...columns, signed: bytes.toString('base64') })}\n`
      })
  ]
]

test.each(SPOILS)('an anchored revision in whose rows %s is refused', async (_, code, spoil) => {
  const { signed, id, items } = await founded()
  const revision = await revisionOf(signed, items, await spoil(signed, items))
  await anchor(signed, revision)
  expect(await refusal(() => fetched(id, revision))).toBe(code)
  expect(await refusal(() => reader.api.datanets.head(id))).toBe('ANCHOR_MISSING')
})

async function handOver(from: AccountSigner, to: AccountSigner): Promise<SignedHandOver> {
  const { address: oldAccount } = from
  const record = { version: 1 as const, oldAccount, newAccount: to.address, seq: Date.now() }
  const sign = (signer: AccountSigner) => signer.signTypedData(RECORDS_DOMAIN, HAND_OVER, record)
  return sealHandOver(record, { oldSignature: await sign(from), newSignature: await sign(to) })
}

const [person, other] = [8, 9].map((n) => keySigner(new Uint8Array(32).fill(n))) as [
  AccountSigner,
  AccountSigner
]

// HANDOVER-R4, HANDOVER-R6, ROW-R1
test.each<[string, string, () => Promise<SignedHandOver[]>, ((row: string) => string)?]>([
  [
    'somebody who contributed nothing hands over',
    'REVISION_INVALID',
    async () => [await handOver(author, person), await handOver(curator, other)]
  ],
  [
    'an account is handed over twice',
    'HAND_OVER_REFUSED',
    async () => [await handOver(author, person), await handOver(author, other)]
  ],
  [
    'hand-overs go in a circle',
    'HAND_OVER_REFUSED',
    async () => [await handOver(author, person), await handOver(person, author)]
  ],
  [
    'a hand-over says another account than was signed',
    'REVISION_INVALID',
    async () => [await handOver(author, person)],
    (row) => row.replace(`"newAccount":"${person.address}"`, `"newAccount":"${other.address}"`)
  ]
])('an anchored revision in which %s is refused', async (_, code, make, change) => {
  const { signed, id, items } = await founded()
  const files = revisionFiles(signed, 1, items, [], await make())
  const rows = change === undefined ? files : withRows(files, change)
  const revision = await revisionOf(signed, items, rows)
  await anchor(signed, revision)
  expect(await refusal(() => fetched(id, revision))).toBe(code)
  expect(await refusal(() => reader.api.datanets.head(id))).toBe('ANCHOR_MISSING')
})

// HANDOVER-R7
test('a hand-over that was published cannot be taken back, and goes on in the next revision', async () => {
  const { signed, id, items } = await founded()
  const first = await handOver(author, person)
  const parent = await revisionOf(signed, items, revisionFiles(signed, 1, items, [], [first]))
  await anchor(signed, parent)
  await fetched(id, parent)
  const known = { datanet: id, oldAccount: author.address, newAccount: person.address }
  expect((await reader.api.accounts.show(person.address)).handOvers).toContainEqual({
    ...known,
    ordinal: 1
  })
  const next = { ordinal: 2, parent: revisionCid(parent) }
  const files = revisionFiles(signed, 2, items, [], [first, await handOver(person, other)])
  const honest = { ...(await revisionOf(signed, items, files)), ...next }
  const without = { ...(await revisionOf(signed, items)), ...next }
  const instead = revisionFiles(signed, 2, items, [], [await handOver(author, other)])
  const changed = { ...(await revisionOf(signed, items, instead)), ...next }
  await anchor(signed, without)
  expect(await refusal(() => fetched(id, without))).toBe('REVISION_INVALID')
  expect(await reader.api.datanets.head(id)).toMatchObject({ ordinal: 1 })
  await anchor(signed, { ...changed, ordinal: 3, parent: revisionCid(without) })
  const third = { ...changed, ordinal: 3, parent: revisionCid(without) }
  expect(await refusal(() => fetched(id, third))).toBe('REVISION_INVALID')
  const fourth = { ...honest, ordinal: 4, parent: revisionCid(third) }
  await anchor(signed, fourth)
  expect(await fetched(id, fourth)).toMatchObject({ ordinal: 4 })
  expect((await reader.api.accounts.show(other.address)).handOvers).toContainEqual({
    datanet: id,
    ordinal: 4,
    oldAccount: person.address,
    newAccount: other.address
  })
})

test('there is nothing to publish twice', async () => {
  const host = await world.peer('host')
  const { id } = await world.datanet(host, TEXTS.slice(0, 1))
  expect(await refusal(() => host.api.datanets.publish(id))).toBe('NOTHING_TO_PUBLISH')
  expect(await host.api.datanets.head(id)).toMatchObject({ ordinal: 1, rows: 1 })
})
