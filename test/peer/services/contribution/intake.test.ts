import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatanetSummary } from '../../../../peer/api/datanets-api.ts'
import type { Peer } from '../../../../peer/peer.ts'
import { parseCid } from '../../../../protocol/base/codec.ts'
import { fromWire, toWire } from '../../../../protocol/base/schema.ts'
import { keySigner } from '../../../../protocol/base/typed-data.ts'
import {
  type Contribution,
  consentDigest,
  signContribution
} from '../../../../protocol/datanet/contribution.ts'
import { contributeAskSchema, contributeEndSchema } from '../../../../protocol/net/contribute.ts'
import type { ExchangePool } from '../../../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../../../protocol/net/ids.ts'
import { createTestWorld, LICENCE, ROYALTY, type TestWorld } from '../../../fixtures/world.ts'
import { TEXTS } from '../../../fixtures/world-texts.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

let world: TestWorld
let host: Peer
let contributor: Peer
let datanet: DatanetSummary & { people: string[] }
let pool: ExchangePool
const person = keySigner(new Uint8Array(32).fill(7))

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  datanet = await world.datanet(host, TEXTS.slice(0, 1))
  contributor = await world.peer('contributor')
  ;({ pool } = await world.node())
  await contributor.api.datanets.find(world.topic)
})
afterAll(() => world?.stop())

let texts = 0
const draft = (account: string) => ({
  datanet: datanet.id,
  account,
  schema: 'text/1' as const,
  content: {
    title: 'Loom weights',
    text: `A loom weight of clay keeps the warp taut, and this is the ${++texts}th of them.`
  },
  language: 'en',
  licence: LICENCE
})

/** A contribution that is right in everything, by a person without a peer. */
function contribution(change: Partial<Contribution> = {}): Contribution {
  const nowMs = Date.now()
  const { account, datanet: id, ...words } = draft(person.address)
  return {
    version: 1,
    ...words,
    datanet: parseCid(id),
    origin: 'direct',
    contributor: account,
    consent: { digest: consentDigest({ consent: datanet.consent } as never), atMs: nowMs },
    salt: new Uint8Array(randomBytes(16)),
    createdAtMs: nowMs,
    ...change
  } as Contribution
}

async function submit(bytes: Uint8Array, id = datanet.id) {
  const ask = toWire(contributeAskSchema, { datanet: parseCid(id), contribution: bytes })
  return fromWire(contributeEndSchema, await pool.request(host.peerId, PROTOCOLS.contribute, ask))
}

const submitted = async (change: Partial<Contribution>) =>
  submit((await signContribution(contribution(change), person)).bytes)

test('what a host decides about its own accounts stands in their lists', async () => {
  const { address } = await host.api.accounts.create('own weaver')
  const { contribution } = await host.api.datanets.contribute(draft(address))
  const [curator] = datanet.curators as [string]
  const verdict = { datanet: datanet.id, contribution, account: curator }
  await host.api.datanets.review({ ...verdict, verdict: 'approve' })
  const [own] = await host.api.datanets.submissions({ account: address })
  expect(own).toMatchObject({ contribution, status: 'accepted' })
})

test('a contribution of another peer is taken in, and is pending until a curator decides', async () => {
  const { address } = await contributor.api.accounts.create('weaver')
  const { contribution: cid, status } = await contributor.api.datanets.contribute(draft(address))
  expect(status).toBe('pending')
  expect(await host.api.datanets.pending({ datanet: datanet.id })).toContainEqual(
    expect.objectContaining({ contribution: cid, contributor: address })
  )
  const verdict = { datanet: datanet.id, contribution: cid, verdict: 'approve' as const }
  const account = datanet.curators[0] as string
  expect(await host.api.datanets.review({ ...verdict, account })).toEqual({ status: 'accepted' })
  expect(await host.api.datanets.pending({ datanet: datanet.id })).toEqual([])
})

test('what was typed into a form says so, before its curators and in what was signed', async () => {
  const { address } = await contributor.api.accounts.create('member')
  const content = { title: 'A form', text: 'Typed into a form.' }
  const typed = { ...draft(address), content, origin: 'interaction' as const }
  const { contribution: cid } = await contributor.api.datanets.contribute(typed)
  expect(await host.api.datanets.pending({ datanet: datanet.id })).toContainEqual(
    expect.objectContaining({ contribution: cid, origin: 'interaction' })
  )
  const verdict = { datanet: datanet.id, contribution: cid, verdict: 'reject' as const }
  await host.api.datanets.review({ ...verdict, account: datanet.curators[0] as string })
})

// SUBMISSION-R2
test('the same signed bytes may come twice: the answer says where they stand', async () => {
  const { bytes, cid } = await signContribution(contribution(), person)
  const first = await submit(bytes)
  expect(first.status).toBe('pending')
  expect(await submit(bytes)).toEqual(first)
  const account = datanet.curators[0] as string
  const verdict = { datanet: datanet.id, contribution: `${cid}`, verdict: 'reject' as const }
  await host.api.datanets.review({ ...verdict, account })
  expect((await submit(bytes)).status).toBe('rejected')
})

// SUBMISSION-R3
test('a text the Datanet holds already is refused, whatever its case and spaces', async () => {
  const { title, text } = draft(person.address).content
  const given = (said: string) => submitted({ content: { title, text: said } })
  await given(text)
  expect(await refusal(() => given(text))).toBe('CONTRIBUTION_DUPLICATE')
  const shouted = ` ${text.toUpperCase().replaceAll(' ', '  ')}\n`
  expect(await refusal(() => given(shouted))).toBe('CONTRIBUTION_DUPLICATE')
})

test('a contribution with any bit of it turned is refused', async () => {
  const { bytes } = await signContribution(contribution(), person)
  const codes = new Set<string>()
  for (let at = 0; at < bytes.byteLength; at++) {
    const tampered = Uint8Array.from(bytes)
    tampered[at] = (tampered[at] ?? 0) ^ 1
    codes.add(await refusal(() => submit(tampered)))
  }
  const allowed = ['SIGNATURE_INVALID', 'RECORD_MALFORMED', 'RECORD_NOT_CANONICAL']
  expect([...codes].filter((code) => !allowed.includes(code))).toEqual([])
  expect(codes).toContain('SIGNATURE_INVALID')
  expect((await submit(bytes)).status).toBe('pending')
})

test('what the Datanet does not take is refused by its own code', async () => {
  const consent = { digest: new Uint8Array(32), atMs: Date.now() }
  expect(await refusal(() => submitted({ consent }))).toBe('CONTRIBUTION_INVALID')
  expect(await refusal(() => submitted({ licence: 'GPL-3.0-only' }))).toBe('LICENCE_REFUSED')
  const createdAtMs = Date.now() + 3_600_000
  expect(await refusal(() => submitted({ createdAtMs }))).toBe('CONTRIBUTION_INVALID')
  const other = parseCid('bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
  expect(await refusal(() => submitted({ datanet: other }))).toBe('CONTRIBUTION_INVALID')
  const { bytes } = await signContribution(contribution(), person)
  expect(await refusal(() => submit(bytes, `${other}`))).toBe('DATANET_UNKNOWN')
  const foreign = keySigner(new Uint8Array(32).fill(8))
  const signed = await signContribution(contribution({ contributor: foreign.address }), foreign)
  const { bytes: own } = await signContribution(contribution(), person)
  const cut = own.byteLength - 64
  const mixed = Uint8Array.from([...own.subarray(0, cut), ...signed.bytes.subarray(-64)])
  expect(await refusal(() => submit(mixed))).toBe('SIGNATURE_INVALID')
})

test('a peer that does not host the Datanet takes nothing in', async () => {
  const { bytes } = await signContribution(contribution(), person)
  const ask = toWire(contributeAskSchema, { datanet: parseCid(datanet.id), contribution: bytes })
  const elsewhere = () => pool.request(contributor.peerId, PROTOCOLS.contribute, ask)
  expect(await refusal(elsewhere)).toBe('DATANET_UNKNOWN')
})

test('only curators decide, and nobody about their own', async () => {
  const stranger = (await host.api.accounts.create('stranger')).address
  const curator = datanet.curators[0] as string
  const { contribution: cid } = await host.api.datanets.contribute(draft(curator))
  const verdict = { datanet: datanet.id, contribution: cid, verdict: 'approve' as const }
  const review = (account: string) => host.api.datanets.review({ ...verdict, account })
  expect(await refusal(() => review(stranger))).toBe('REVIEW_REFUSED')
  expect(await refusal(() => review(curator))).toBe('REVIEW_REFUSED')
  expect(await refusal(() => review(person.address))).toBe('SIGNER_UNEXPECTED')
  const pending = await host.api.datanets.pending({ datanet: datanet.id })
  expect(pending.map(({ contribution: id }) => id)).toContain(cid)
  const unknown = { ...verdict, contribution: datanet.id, account: curator }
  expect(await refusal(() => host.api.datanets.review(unknown))).toBe('CONTRIBUTION_UNKNOWN')
})

test('verdicts that come at one time are all counted', async () => {
  const [one, other] = await Promise.all(
    ['left', 'right'].map(async (label) => (await host.api.accounts.create(label)).address)
  )
  const curators = [one as string, other as string]
  const { id } = await host.api.datanets.create({
    ...{ name: 'Pairs', purpose: 'Needs two.', topics: ['pairs'], licences: [LICENCE], curators },
    ...{ consent: 'Yes.', threshold: 2, reviewApprovals: 2, royalty: ROYALTY },
    treasury: one as string
  })
  const { address } = await host.api.accounts.create('spinner')
  const given = { ...draft(address), datanet: id }
  const { contribution: cid } = await host.api.datanets.contribute(given)
  const verdict = { datanet: id, contribution: cid, verdict: 'approve' as const }
  const said = await Promise.all(
    curators.map((account) => host.api.datanets.review({ ...verdict, account }))
  )
  expect(said.map(({ status }) => status).sort()).toEqual(['accepted', 'pending'])
  const [own] = await host.api.datanets.submissions({ account: address })
  expect(own).toMatchObject({ contribution: cid, status: 'accepted' })
})

test('what waits is shown in pages, each after the last one of the page before', async () => {
  const [first, second] = [await submitted({}), await submitted({})]
  const all = await host.api.datanets.pending({ datanet: datanet.id })
  const at = all.findIndex(({ contribution: id }) => id === `${first.contribution}`)
  const after = (all[at] as (typeof all)[0]).order
  const next = await host.api.datanets.pending({ datanet: datanet.id, after })
  expect(next.map(({ contribution: id }) => id)).toEqual([`${second.contribution}`])
  const last = next[0]?.order ?? 0
  expect(await host.api.datanets.pending({ datanet: datanet.id, after: last })).toEqual([])
})

test('a Datanet is founded by enough of its curators only', async () => {
  const { address } = await host.api.accounts.create('second')
  const curators = [address, person.address]
  const founding = {
    ...{ name: 'Two', purpose: 'Needs two.', topics: ['two'], licences: [LICENCE], curators },
    ...{ consent: 'Yes.', threshold: 2, reviewApprovals: 1, royalty: ROYALTY, treasury: address }
  }
  expect(await refusal(() => host.api.datanets.create(founding))).toBe('APPROVALS_MISSING')
})

test('malformed and oversized frames cost the sender the stream and nobody else anything', async () => {
  const { node } = await world.node()
  const raw = async (bytes: Uint8Array) => {
    const { peerId } = host
    const target = (await host.api.status()).addresses[0] as string
    expect(target).toContain(peerId)
    const { multiaddr } = await import('@multiformats/multiaddr')
    const stream = await node.dialProtocol(multiaddr(target), PROTOCOLS.contribute)
    const closed = new Promise((resolve) => stream.addEventListener('close', resolve))
    stream.send(bytes)
    await closed
  }
  await raw(Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 1, 2, 3]))
  await raw(Uint8Array.from([3, 0xff, 0xff, 0xff]))
  await raw(Uint8Array.from([0]))
  const other = pool.request(host.peerId, PROTOCOLS.contribute, { nonsense: true })
  expect(await refusal(() => other)).toBe('RECORD_MALFORMED')
  const oversized = { datanet: parseCid(datanet.id), contribution: new Uint8Array(300_000) }
  const sent = pool.request(host.peerId, PROTOCOLS.contribute, oversized)
  expect(await refusal(() => sent)).toBe('RECORD_MALFORMED')
  expect((await submitted({})).status).toBe('pending')
})
