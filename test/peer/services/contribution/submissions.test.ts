import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {
  ContributionDraft,
  DatanetDraft,
  DatanetSummary
} from '../../../../peer/api/datanets-api.ts'
import { checkInclusion } from '../../../../peer/api/inclusion.ts'
import type { Peer } from '../../../../peer/peer.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { parseCid } from '../../../../protocol/base/codec.ts'
import { isDatanetError } from '../../../../protocol/base/errors.ts'
import { keySigner } from '../../../../protocol/base/typed-data.ts'
import { signSubmissionQuery } from '../../../../protocol/datanet/submission-query.ts'
import { openSubmission } from '../../../../protocol/datanet/submission-receipt.ts'
import type { ExchangePool } from '../../../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../../../protocol/net/ids.ts'
import { createTestWorld, type TestWorld } from '../../../fixtures/world.ts'
import { refusal } from '../../../protocol/base/refusal.ts'
import { foundLooms, loomDraft, WEIGHT } from './loom-drafts.ts'

let world: TestWorld
let host: Peer
let replica: Peer
let contributor: Peer
let datanet: DatanetSummary
let curator: string
let pool: ExchangePool

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  replica = await world.peer('replica')
  contributor = await world.peer('contributor')
  curator = (await host.api.accounts.create('curator')).address
  datanet = await found({ hosts: [replica.peerId] })
  ;({ pool } = await world.node())
  for (const peer of [replica, contributor]) await peer.api.datanets.find(world.topic)
})
afterAll(() => world?.stop())

/** The host again, where others know it to be or where they do not. */
async function restart({ addresses }: Peer, where: 'same place' | 'another place'): Promise<void> {
  const [known = ''] = addresses
  const listen = [known.slice(0, known.indexOf('/p2p/'))]
  await host.stop()
  host = await world.peer('host', where === 'same place' ? { listen } : {})
}

const found = (change: Partial<DatanetDraft> = {}) =>
  foundLooms(host, { curator, topic: world.network.topic }, change)
const draft = (account: string, change: Partial<ContributionDraft> = {}) =>
  loomDraft(datanet.id, account, change)
const saying = (text: string) => ({ content: { title: 'Weights', text } })
const account = async (label: string) => (await contributor.api.accounts.ensure(label)).address
const give = (one: ContributionDraft) => contributor.api.datanets.contribute(one)
const decide = (contribution: string, verdict: 'approve' | 'reject', reason?: string) =>
  host.api.datanets.review({
    ...{ datanet: datanet.id, contribution, verdict, account: curator },
    ...(reason === undefined ? {} : { reason })
  })

// TAKEN-W1
test('what is taken in gets a number and a receipt that anyone can check', async () => {
  const ann = await account('ann')
  const one = await give(draft(ann))
  const two = await give(draft(ann))
  expect(two.order).toBeGreaterThan(one.order)
  expect(one).toMatchObject({ status: 'pending', findings: [] })
  const named = { account: ann, contribution: one.contribution }
  const kept = await contributor.api.datanets.submission(named)
  const { receipt, host: by } = await openSubmission(Buffer.from(kept.receipt, 'base64'))
  expect(by).toBe(datanet.intakeHost)
  expect(`${receipt.contribution}`).toBe(one.contribution)
  expect(receipt).toMatchObject({ order: one.order, takenAtMs: one.takenAtMs })
  expect(kept).toMatchObject({ host: by, schema: 'text/1', content: { title: 'Shuttles' } })
  const listed = await contributor.api.datanets.submissions({ account: ann })
  expect(listed.map(({ contribution }) => contribution)).toEqual([
    one.contribution,
    two.contribution
  ])
  const stranger = { account: await account('zoe'), contribution: one.contribution }
  expect(await refusal(() => contributor.api.datanets.submission(stranger))).toBe(
    'CONTRIBUTION_UNKNOWN'
  )
})

test('every schema is taken where the Datanet lists it, and read by its curators', async () => {
  const bo = await account('bo')
  const of = await give(draft(bo))
  const contents: [string, Record<string, unknown>][] = [
    ['qa/1', { question: 'What holds the warp?', answer: 'Weights of clay do.' }],
    [
      'dialogue/1',
      {
        turns: [
          { role: 'user', text: 'What beats the weft?' },
          { role: 'assistant', text: 'A sword of wood.' }
        ]
      }
    ],
    [
      'correction/1',
      { of: { contribution: of.contribution }, wrong: 'Wool', right: 'It is linen.' }
    ],
    ['preference/1', { question: 'Warp?', answers: ['Lengthwise', 'Across'], better: 0 }]
  ]
  for (const [schema, content] of contents) {
    const { contribution } = await give(draft(bo, { schema, content }))
    const waiting = await host.api.datanets.pending({ datanet: datanet.id })
    expect(waiting.find((one) => one.contribution === contribution)).toMatchObject({
      schema,
      content
    })
  }
  const bad = draft(bo, { schema: 'qa/1', content: { question: 'Warp?' } })
  expect(await refusal(() => give(bad))).toBe('CONTRIBUTION_INVALID')
  expect(await refusal(() => give(draft(bo, { schema: 'song/1' })))).toBe('CONTRIBUTION_INVALID')
  const labelled = draft(bo, { schema: 'label/1', content: { text: 'Mind!', label: 'warning' } })
  expect(await refusal(() => give(labelled))).toBe('CONTRIBUTION_INVALID')
})

// SUBMISSION-W2
test('personal data is not given before its contributor has said so, and curators see it', async () => {
  const cat = await account('cat')
  const text = 'Ask the weaver.\nWrite to ann@weavers.co.uk for a pattern.'
  const one = draft(cat, saying(text))
  const [finding] = await contributor.api.datanets.check(one)
  expect(finding).toMatchObject({
    code: 'PERSONAL_DATA_FOUND',
    kind: 'email',
    field: 'text',
    line: 2
  })
  expect(text.slice(finding?.at, (finding?.at ?? 0) + (finding?.length ?? 0))).toBe(
    'ann@weavers.co.uk'
  )
  const error = await give(one).catch((thrown: unknown) => thrown)
  expect(isDatanetError(error) && error.code).toBe('PERSONAL_DATA_FOUND')
  expect((error as Error).message).toContain('text, line 2: what looks like an email address')
  expect(await contributor.api.datanets.submissions({ account: cat })).toEqual([])
  const { contribution } = await give({ ...one, allowPersonalData: true })
  const waiting = await host.api.datanets.pending({ datanet: datanet.id })
  expect(waiting.find((item) => item.contribution === contribution)?.findings).toMatchObject([
    { kind: 'email', line: 2 }
  ])
})

// SUBMISSION-R6
test('noise and another language are refused at once, and said why', async () => {
  const dan = await account('dan')
  const act = () => give(draft(dan, saying('buy '.repeat(30))))
  expect(await refusal(act)).toBe('SPAM_REFUSED')
  const english = await found({ name: 'English', languages: ['en'] })
  await contributor.api.datanets.find(world.topic)
  const german =
    'Ein Webgewicht aus Ton hält die Kettfäden straff, während die Weberin den Schuss nach oben ' +
    'schlägt, und wo einst ein Webstuhl stand, liegen sie noch heute in zwei Reihen im Boden.'
  const said = { ...saying(german), datanet: english.id }
  expect(await refusal(() => give(draft(dan, said)))).toBe('LANGUAGE_REFUSED')
  expect(await refusal(() => give(draft(dan, { ...said, language: 'de' })))).toBe(
    'LANGUAGE_REFUSED'
  )
  // Where any language is taken, that another was meant is said, and is no reason to refuse.
  const other = await give(draft(dan, saying(german)))
  expect(other.findings).toMatchObject([{ code: 'LANGUAGE_REFUSED', kind: 'de', isRefused: false }])
})

test('a near-duplicate is taken, joins the first of its kind, and says so to both sides', async () => {
  const [eve, fay] = [await account('eve'), await account('fay')]
  const first = await give(draft(eve, saying(WEIGHT)))
  expect(first).not.toHaveProperty('cluster')
  const copy = await give(draft(fay, saying(WEIGHT.replace('by the dozen', 'in numbers'))))
  expect(copy.cluster).toBe(first.contribution)
  const waiting = await host.api.datanets.pending({ datanet: datanet.id })
  expect(waiting.find(({ contribution }) => contribution === copy.contribution)).toMatchObject({
    cluster: first.contribution
  })
  // The same words are no near-duplicate: they are refused.
  expect(await refusal(() => give(draft(fay, saying(` ${WEIGHT.toUpperCase()}`))))).toBe(
    'CONTRIBUTION_DUPLICATE'
  )
})

// SUBMISSION-R5
test('an account may have so many waiting, and hand in so many a day; others are not kept back', async () => {
  const [gus, hal] = [await account('gus'), await account('hal')]
  const small = await found({
    name: 'Small',
    intake: { pendingPerAccount: 2, perDayPerAccount: 3 }
  })
  await contributor.api.datanets.find(world.topic)
  const one = (who: string) => give(draft(who, { datanet: small.id }))
  const decideThere = (contribution: string) =>
    host.api.datanets.review({
      ...{ datanet: small.id, contribution, verdict: 'approve', account: curator }
    })
  const first = await one(gus)
  await one(gus)
  const full = await one(gus).catch((thrown: unknown) => thrown)
  expect(isDatanetError(full) && [full.code, full.retryable]).toEqual(['INTAKE_LIMIT', true])
  expect((await one(hal)).status).toBe('pending')
  await decideThere(first.contribution)
  const third = await one(gus)
  await decideThere(third.contribution)
  // It is kept across a restart of the host.
  await restart(host, 'same place')
  const tooMany = await one(gus).catch((thrown: unknown) => thrown)
  expect((tooMany as Error).message).toMatch(/3 within 24 hours are as many .* the next at 20\d\d-/)
})

test('where contributions stand is told to their account, with the reasons of its curators', async () => {
  const ivy = await account('ivy')
  const given = []
  for (let i = 0; i < 3; i++) given.push(await give(draft(ivy)))
  const [one, two] = given.map(({ contribution }) => contribution) as [string, string]
  await decide(one, 'approve')
  await decide(two, 'reject', 'It is about shuttles, not looms.')
  const asked = { datanet: datanet.id, account: ivy }
  const all = await contributor.api.datanets.standing(asked)
  expect(all.map(({ status }) => status)).toEqual(['accepted', 'rejected', 'pending'])
  expect(all[1]).toMatchObject({ reasons: ['It is about shuttles, not looms.'], revision: 0 })
  const [only, ...more] = await contributor.api.datanets.standing({ ...asked, contribution: two })
  expect([only?.contribution, more]).toEqual([two, []])
  // What the host said is known without asking again.
  const known = await contributor.api.datanets.submissions({ account: ivy })
  expect(known.map(({ status }) => status)).toEqual(['accepted', 'rejected', 'pending'])
})

test('more than one answer holds is asked for on and on', async () => {
  const jan = await account('jan')
  const given = await Promise.all(Array.from({ length: 131 }, () => give(draft(jan))))
  const all = await contributor.api.datanets.standing({ datanet: datanet.id, account: jan })
  const inOrder = given.toSorted((a, b) => a.order - b.order)
  expect(all.map(({ contribution }) => contribution)).toEqual(
    inOrder.map(({ contribution }) => contribution)
  )
})

// STANDING-R4
test('nobody is told of another’s contributions, nor with another’s words of earlier', async () => {
  const kim = await account('kim')
  const { contribution } = await give(draft(kim))
  const stranger = await account('lee')
  const asked = { datanet: datanet.id, account: stranger, contribution }
  expect(await refusal(() => contributor.api.datanets.standing(asked))).toBe('CONTRIBUTION_UNKNOWN')
  const person = keySigner(new Uint8Array(32).fill(9))
  const ask = async (change: object, signer = person) => {
    const query = {
      ...{ version: 1 as const, datanet: parseCid(datanet.id), account: person.address },
      ...{ after: 0, askedAtMs: Date.now(), ...change }
    }
    const bytes = await signSubmissionQuery({ ...query, account: signer.address }, signer)
    const value = { datanet: parseCid(datanet.id), query: bytes }
    return pool.request(host.peerId, PROTOCOLS.contribute, value)
  }
  expect(await ask({})).toEqual({ submissions: [], isAll: true })
  expect(await refusal(() => ask({ askedAtMs: Date.now() - 400_000 }))).toBe('RECORD_EXPIRED')
  const other = { datanet: parseCid(contribution) }
  expect(await refusal(() => ask(other))).toBe('INPUT_INVALID')
})

// SUBMISSION-R4
test('another host passes on what the intake host answers, once, and nothing that nobody signed', async () => {
  const mia = await account('mia')
  const contribution = Buffer.from('not signed by anybody')
  const ask = (peer: Peer, value: object) =>
    pool.request(peer.peerId, PROTOCOLS.contribute, { datanet: parseCid(datanet.id), ...value })
  expect(await refusal(() => ask(replica, { contribution }))).toBe('RECORD_MALFORMED')
  expect(await refusal(() => ask(replica, { contribution, relayed: true }))).toBe('DATANET_UNKNOWN')
  expect(await refusal(() => ask(contributor, { contribution }))).toBe('DATANET_UNKNOWN')
  const { contribution: cid } = await give(draft(mia))
  const { signed } = await contributor.api.datanets.submission({ account: mia, contribution: cid })
  const again = { contribution: Uint8Array.from(Buffer.from(signed, 'base64')) }
  const [direct, passed] = [await ask(host, again), await ask(replica, again)]
  expect(passed).toEqual(direct)
})

// SUBMISSION-W1
test('a contributor who cannot reach the intake host reaches it through another', async () => {
  const pat = await account('pat')
  await give(draft(pat))
  await host.stop()
  // The other host cannot reach it either: that is said, and nothing was taken yet.
  expect(await give(draft(pat))).toMatchObject({ status: 'queued', order: 0 })
  await restart(host, 'another place')
  await replica.api.datanets.find(world.topic)
  expect(await give(draft(pat))).toMatchObject({ status: 'pending' })
  expect(
    await contributor.api.datanets.standing({ datanet: datanet.id, account: pat })
  ).toHaveLength(2)
})

test('what became of a contribution is known after its contributor was away', async () => {
  const ros = await account('ros')
  const { contribution } = await give(draft(ros))
  await contributor.stop()
  await decide(contribution, 'approve')
  contributor = await world.peer('contributor')
  await contributor.api.datanets.find(world.topic)
  const asked = { account: ros }
  expect(await contributor.api.datanets.submissions(asked)).toMatchObject([{ status: 'pending' }])
  await contributor.api.datanets.standing({ datanet: datanet.id, account: ros })
  expect(await contributor.api.datanets.submissions(asked)).toMatchObject([{ status: 'accepted' }])
})

// FILE-R1
test('a file comes from who hands it in, is what it says, and goes when it is refused', async () => {
  const tom = await account('tom')
  const media = await found({
    ...{ name: 'Pictures', schemas: ['text/1', 'file/1'], hosts: [replica.peerId] },
    files: { mimes: ['image/png', 'text/csv'], maxBytes: 3_000_000 }
  })
  for (const peer of [replica, contributor]) await peer.api.datanets.find(world.topic)
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(2_400_000, 7)])
  const file = (bytes: Uint8Array, content: object = {}) =>
    draft(tom, {
      ...{ datanet: media.id, schema: 'file/1' },
      content: { name: 'loom.png', data: Buffer.from(bytes).toString('base64'), ...content }
    })
  const given = await give(file(png, { caption: 'A loom of oak.' }))
  const waiting = await host.api.datanets.pending({ datanet: media.id })
  expect(waiting).toMatchObject([
    {
      ...{ contribution: given.contribution, title: 'loom.png', text: 'A loom of oak.' },
      content: { mime: 'image/png', bytes: png.byteLength, caption: 'A loom of oak.' }
    }
  ])
  const asked = { datanet: media.id, contribution: given.contribution }
  expect((await host.api.datanets.file(asked)).data).toBe(png.toString('base64'))
  expect(await refusal(() => give(file(png, { mime: 'text/csv' })))).toBe('FILE_REFUSED')
  expect(await refusal(() => give(file(Buffer.from('GIF89a'), { name: 'x.gif' })))).toBe(
    'FILE_REFUSED'
  )
  expect(await refusal(() => give(file(png.subarray(0, 9))).then(() => give(file(png))))).toBe(
    'CONTRIBUTION_DUPLICATE'
  )
  // Said by hand to be what it is not: the host looks at the bytes itself.
  const csv = Buffer.from('a,b\n1,2\n')
  const { file: cid } = (await give(file(csv, { name: 'a.csv' })).then(async ({ contribution }) => {
    const named = { account: tom, contribution }
    return (await contributor.api.datanets.submission(named)).content
  })) as { file: string }
  const lie = (content: object) =>
    give(draft(tom, { datanet: media.id, schema: 'file/1', content: { file: cid, ...content } }))
  const size = { bytes: csv.byteLength, name: 'b.png' }
  expect(await refusal(() => lie({ ...size, mime: 'image/png' }))).toBe('FILE_REFUSED')
  expect(await refusal(() => lie({ ...size, bytes: 5, mime: 'text/csv' }))).toBe('FILE_REFUSED')
  expect(await refusal(() => lie({ ...size, bytes: 3_000_001, mime: 'text/csv' }))).toBe(
    'FILE_REFUSED'
  )
})

// INCLUSION-R4
test('a proof from the host is checked with the anchored digest alone', async () => {
  const sue = await account('sue')
  const [held, waiting] = [await give(draft(sue)), await give(draft(sue))]
  await decide(held.contribution, 'approve')
  const { ordinal } = await host.api.datanets.publish(datanet.id)
  const prove = (contribution: string) =>
    contributor.api.datanets.inclusion({ datanet: datanet.id, contribution })
  const { proof, anchor, row, rows } = await prove(held.contribution)
  const named = { account: sue, contribution: held.contribution }
  const { signed } = await contributor.api.datanets.submission(named)
  expect(checkInclusion({ proof, signed, anchor })).toMatchObject({
    ...{ contribution: held.contribution, contributor: sue, ordinal, row, rows },
    isAnchorGiven: true
  })
  expect(await world.chain.registry.anchorOf(datanet.chainKey, ordinal)).toBe(anchor)
  const other = `0x${'7'.repeat(64)}`
  expect(await refusal(() => checkInclusion({ proof, signed, anchor: other }))).toBe('CID_MISMATCH')
  const another = await contributor.api.datanets.submission({
    ...{ account: sue, contribution: waiting.contribution }
  })
  expect(await refusal(() => checkInclusion({ proof, signed: another.signed, anchor }))).toBe(
    'CID_MISMATCH'
  )
  expect(await refusal(() => prove(waiting.contribution))).toBe('CONTRIBUTION_UNKNOWN')
})

// SUBMISSION-R7
test('what was answered is there after the host was killed without a chance to say goodbye', async () => {
  const quin = await account('quin')
  const given = await Promise.all(Array.from({ length: 8 }, () => give(draft(quin))))
  expect(new Set(given.map(({ order }) => order)).size).toBe(8)
  const from = join(world.dirOf('host'), 'peer.db')
  const to = join(world.dirOf('.'), 'copied.sqlite')
  for (const end of ['', '-wal']) copyFileSync(`${from}${end}`, `${to}${end}`)
  const copied = openDatabase(to)
  const rows = copied.all('SELECT cid FROM contribution WHERE contributor = ?', quin)
  copied.close()
  expect(rows.map(({ cid }) => cid).sort()).toEqual(given.map((one) => one.contribution).sort())
})
