import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatanetSummary } from '../../../../peer/api/datanets-api.ts'
import type { Peer } from '../../../../peer/peer.ts'
import { parseCid } from '../../../../protocol/base/codec.ts'
import { fromWire, toWire } from '../../../../protocol/base/schema.ts'
import { type AccountSigner, keySigner } from '../../../../protocol/base/typed-data.ts'
import { HAND_OVER, sealHandOver } from '../../../../protocol/datanet/hand-over.ts'
import { RECORDS_DOMAIN } from '../../../../protocol/datanet/manifest.ts'
import { handOverAskSchema, handOverEndSchema } from '../../../../protocol/net/contribute.ts'
import type { ExchangePool } from '../../../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../../../protocol/net/ids.ts'
import { createTestWorld, LICENCE, type TestWorld } from '../../../fixtures/world.ts'
import { TEXTS } from '../../../fixtures/world-texts.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

let world: TestWorld
let host: Peer
let datanet: DatanetSummary & { people: string[] }
let pool: ExchangePool
let curator: string

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  datanet = await world.datanet(host, TEXTS.slice(0, 1))
  curator = datanet.curators[0] as string
  ;({ pool } = await world.node())
})
afterAll(() => world?.stop())

const key = (n: number) => keySigner(new Uint8Array(32).fill(n))

async function signed(from: AccountSigner, to: AccountSigner, seq = Date.now()) {
  const { address: oldAccount } = from
  const record = { version: 1 as const, oldAccount, newAccount: to.address, seq }
  const sign = (signer: AccountSigner) => signer.signTypedData(RECORDS_DOMAIN, HAND_OVER, record)
  const [oldSignature, newSignature] = [await sign(from), await sign(to)]
  return sealHandOver(record, { oldSignature, newSignature })
}

async function submit(bytes: Uint8Array, id = datanet.id) {
  const ask = toWire(handOverAskSchema, { datanet: parseCid(id), handOver: bytes })
  return fromWire(handOverEndSchema, await pool.request(host.peerId, PROTOCOLS.contribute, ask))
}

let texts = 0
/** An account of the host with a contribution, and that contribution. */
async function contributor(label: string) {
  const { address } = await host.api.accounts.ensure(label)
  const { contribution } = await host.api.datanets.contribute({
    ...{ datanet: datanet.id, account: address, schema: 'text/1', language: 'en' },
    ...{ content: { title: 'Thimbles', text: `A thimble of horn is lighter: ${++texts}.` } },
    licence: LICENCE
  })
  return { address, contribution }
}

const approve = (contribution: string) =>
  host.api.datanets.review({
    ...{ datanet: datanet.id, contribution, verdict: 'approve', account: curator }
  })

// HANDOVER-R5
test('an account that contributed nothing has nothing to hand over', async () => {
  const { bytes } = await signed(key(21), key(22))
  expect(await refusal(() => submit(bytes))).toBe('HAND_OVER_REFUSED')
})

// HANDOVER-W1
test('both must sign, not ahead of the clock, and where the host takes things in', async () => {
  const { bytes } = await signed(key(21), key(22))
  const mixed = Uint8Array.from(bytes)
  mixed[mixed.length - 1] = (mixed.at(-1) ?? 0) ^ 1
  expect(await refusal(() => submit(mixed))).toBe('SIGNATURE_INVALID')
  const ahead = await signed(key(21), key(22), Date.now() + 3_600_000)
  expect(await refusal(() => submit(ahead.bytes))).toBe('RECORD_FROM_FUTURE')
  const elsewhere = `${parseCid('bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')}`
  expect(await refusal(() => submit(bytes, elsewhere))).toBe('DATANET_UNKNOWN')
  expect(await refusal(() => submit(new Uint8Array(300_000)))).toBe('RECORD_MALFORMED')
})

// HANDOVER-R4
test('what was handed over goes on from the new account, sixteen times and no more', async () => {
  const { address } = await contributor('wanderer')
  const steps = Array.from({ length: 17 }, (_, i) => key(40 + i))
  const to = { account: 'wanderer', to: steps[0]?.address as string }
  const proposed = await host.api.accounts.handOver(to)
  if (proposed.state !== 'to sign') throw new Error('nothing to sign')
  const seq = Number(proposed.typedData.message.seq)
  const record = { version: 1, oldAccount: address, newAccount: to.to, seq }
  const compact = await (steps[0] as AccountSigner).signTypedData(RECORDS_DOMAIN, HAND_OVER, record)
  const signature = `0x${Buffer.from(compact).toString('hex')}`
  const foreign = await (steps[1] as AccountSigner).signTypedData(RECORDS_DOMAIN, HAND_OVER, record)
  const wrong = { ...to, signature: `0x${Buffer.from(foreign).toString('hex')}` }
  expect(await refusal(() => host.api.accounts.handOver(wrong))).toBe('SIGNATURE_INVALID')
  const unreadable = { ...to, signature: '0x12' }
  expect(await refusal(() => host.api.accounts.handOver(unreadable))).toBe('INPUT_INVALID')
  expect(await host.api.accounts.handOver({ ...to, signature })).toMatchObject({
    datanets: [{ datanet: datanet.id, ordinal: 0 }]
  })
  for (const [i, from] of steps.slice(0, 15).entries()) {
    const step = await signed(from, steps[i + 1] as AccountSigner)
    expect(await submit(step.bytes)).toEqual({ handOver: step.cid, ordinal: 0 })
    expect(await submit(step.bytes)).toEqual({ handOver: step.cid, ordinal: 0 })
  }
  const [last, beyond] = steps.slice(15) as [AccountSigner, AccountSigner]
  for (const next of [beyond, steps[3] as AccountSigner]) {
    const { bytes } = await signed(last, next)
    expect(await refusal(() => submit(bytes))).toBe('HAND_OVER_REFUSED')
  }
  const again = await signed(steps[0] as AccountSigner, beyond)
  expect(await refusal(() => submit(again.bytes))).toBe('HAND_OVER_REFUSED')
})

// HANDOVER-R8
test('who took an account over decides nothing about what it contributed', async () => {
  const { contribution } = await contributor('apprentice')
  await host.api.accounts.handOver({ account: 'apprentice', to: curator })
  expect(await refusal(() => approve(contribution))).toBe('REVIEW_REFUSED')
})

// HANDOVER-W2, HANDOVER-W3 (test/e2e/hand-over.test.ts)
test('a revision holds what moves credit of its rows, and a hand-over alone makes one', async () => {
  const nothing = () => host.api.datanets.publish(datanet.id)
  // Those before are of contributions that nobody accepted.
  expect(await refusal(nothing)).toBe('NOTHING_TO_PUBLISH')
  const { address, contribution } = await contributor('journeyman')
  const { address: to } = await host.api.accounts.ensure('master')
  await host.api.accounts.handOver({ account: 'journeyman', to })
  expect(await refusal(nothing)).toBe('NOTHING_TO_PUBLISH')
  await approve(contribution)
  const { ordinal } = await host.api.datanets.publish(datanet.id)
  expect((await host.api.accounts.show(address)).handOvers).toEqual([
    { oldAccount: address, newAccount: to, datanet: datanet.id, ordinal }
  ])
  const own = datanet.people[0] as string
  await host.api.accounts.handOver({ account: own, to })
  expect(await host.api.datanets.publish(datanet.id)).toMatchObject({ rows: 2, ordinal: 3 })
  expect((await host.api.accounts.show(to)).handOvers.map((one) => one.ordinal)).toEqual([2, 3])
  expect(await refusal(nothing)).toBe('NOTHING_TO_PUBLISH')
})

test('what cannot be handed over is refused before anybody is asked', async () => {
  const handOver = (account: string, to: string, more = {}) =>
    refusal(() => host.api.accounts.handOver({ account, to, ...more }))
  const { address: to } = key(30)
  expect(await handOver('nobody', to)).toBe('ACCOUNT_UNKNOWN')
  expect(await handOver('own', to)).toBe('INPUT_INVALID')
  expect(await handOver('ann', 'ben')).toBe('INPUT_INVALID')
  expect(await handOver('ben', (await host.api.accounts.find('ben')).address)).toBe('INPUT_INVALID')
  expect(await handOver('ben', to, { datanets: ['bafyunknown'] })).toBe('DATANET_UNKNOWN')
  expect(await handOver('ben', to, { datanets: [] })).toBe('INPUT_INVALID')
  const signature = `0x${'11'.repeat(64)}`
  expect(await handOver('ben', to, { signature, datanets: [datanet.id] })).toBe('INPUT_INVALID')
  expect(await refusal(() => host.api.accounts.show('nobody'))).toBe('ACCOUNT_UNKNOWN')
})
