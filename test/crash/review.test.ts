import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import type { KnownDatanet } from '../../peer/services/datanet/known-datanets.ts'
import { createReviewing } from '../../peer/services/review/reviewing.ts'
import { parseCid } from '../../protocol/base/codec.ts'
import { isDatanetError } from '../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../protocol/base/schema.ts'
import { type AccountSigner, keySigner } from '../../protocol/base/typed-data.ts'
import { consentDigest, signContribution } from '../../protocol/datanet/contribution.ts'
import type { Manifest } from '../../protocol/datanet/manifest.ts'
import { type Review, verifyReview } from '../../protocol/datanet/review.ts'
import { decideReviews } from '../../protocol/datanet/review-rule.ts'
import { openSubmission } from '../../protocol/datanet/submission-receipt.ts'
import { contributeAskSchema, contributeEndSchema } from '../../protocol/net/contribute.ts'
import type { ExchangePool } from '../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { createTestWorld, LICENCE, ROYALTY, type TestWorld } from '../fixtures/world.ts'
import { type Killable, startKillable } from './killable.ts'

const CONTRIBUTORS = 20
const ITEMS_EACH = 3
const RULE = { reviewApprovals: 2, reviewSharePpm: 600_000, reviewLeaseMs: 3_600_000 }
const AWAY = new Set(['PEER_GONE', 'PEER_SILENT', 'PEER_UNREACHABLE', 'PROTOCOL_REFUSED'])

const personOf = (n: number) => keySigner(Uint8Array.from(Buffer.alloc(32, n)))
const curators = [101, 102, 103, 104, 105].map(personOf)
const contributors = Array.from({ length: CONTRIBUTORS }, (_, n) => personOf(n + 1))

let world: TestWorld
let host: Killable
let port: number
let at: { peerId: string; addresses: string[]; account: string }
let datanet: DatanetSummary
/** Resolved while the host is there. */
let up: Promise<void> = Promise.resolve()

beforeAll(async () => {
  world = await createTestWorld()
  port = await freePort()
  await startHost()
  await world.fund(at.account)
  datanet = await host.ask({
    do: 'found',
    draft: {
      ...{ name: 'Loads', purpose: 'Many at once.', topics: [world.network.topic] },
      ...{ licences: [LICENCE], consent: 'Yes.', royalty: ROYALTY, treasury: at.account },
      ...{ curators: curators.map(({ address }) => address), threshold: 1, ...RULE }
    }
  })
}, 60_000)
afterAll(async () => {
  await host?.kill()
  await world?.stop()
})

async function startHost(): Promise<void> {
  host = startKillable(new URL('./review-host.ts', import.meta.url), world.dirOf('compiled'))
  const { bootstrap, rpcUrl, contracts } = world.network
  const limits = { maxCallWei: 1n, depositWei: 1n }
  const listen = [`/ip4/127.0.0.1/tcp/${port}`]
  const init = { dataDir: world.dirOf('host'), bootstrap, rpcUrl, contracts, limits, listen }
  at = await host.ask({ do: 'start', init })
}

/** Kills the host, now, and starts it where it was. */
async function killHost(): Promise<void> {
  const back = Promise.withResolvers<void>()
  up = back.promise
  await host.kill()
  await startHost()
  back.resolve()
}

/** A node that knows where the host is. */
async function joined(): Promise<ExchangePool> {
  const { node, pool } = await world.node()
  // The host takes a few new connections a second from one machine, and refuses the others.
  for (;;) {
    try {
      await node.dial(multiaddr(at.addresses[0] as string))
      break
    } catch {
      await pause(250)
    }
  }
  return pool
}

/** `attempt` until the host answers, however often it is killed meanwhile. */
async function until<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isDatanetError(error) || !AWAY.has(error.code)) throw error
      await up
      // Knocking at once, again and again, would only be refused.
      await pause(100)
    }
  }
}

// WORK-W2, REVIEW-W2, SUBMISSION-R7, TAKEN-W1
test('20 contributors and 5 curators at once, and two kills: nothing is lost, nothing counts twice', async () => {
  const receipts = new Map<string, { order: number; number: number; by: string }>()
  const acknowledged: Review[] = []
  const holders = new Map<string, Set<string>>()
  const crowded: string[] = []
  const total = CONTRIBUTORS * ITEMS_EACH
  let changed = Promise.withResolvers<void>()
  const kills = [
    () => receipts.size >= total / 3,
    () => new Set(acknowledged.map(({ contribution }) => `${contribution}`)).size >= total / 3
  ]
  let killing: Promise<void> | undefined
  const onChange = () => {
    changed.resolve()
    changed = Promise.withResolvers()
    if (killing !== undefined || kills[0]?.() !== true) return
    kills.shift()
    killing = killHost().finally(() => {
      killing = undefined
    })
  }

  const manifest = {
    curators: datanet.curators,
    threshold: 1,
    review: datanet.review
  } as unknown as Manifest
  const stateOf = (cid: string) => {
    const words = acknowledged.filter(({ contribution }) => `${contribution}` === cid)
    const { by: contributor = '' } = receipts.get(cid) ?? {}
    return decideReviews(manifest, { contributor }, words).outcome
  }
  const isDone = () =>
    receipts.size === total && [...receipts.keys()].every((cid) => stateOf(cid) !== 'pending')

  async function contribute(pool: ExchangePool, person: AccountSigner, number: number) {
    const nowMs = Date.now()
    const words = `item ${number}: ${'knot bend hitch splice whipping'.split(' ')[number % 5]}`
    const signed = await signContribution(
      {
        ...{ version: 1, datanet: parseCid(datanet.id), schema: 'text/1' },
        content: { title: `Item ${number}`, text: `This is ${words} of rope ${number * 7919}.` },
        ...{ language: 'en', licence: LICENCE, origin: 'direct', contributor: person.address },
        consent: { digest: consentDigest({ consent: 'Yes.' } as Manifest), atMs: nowMs },
        salt: new Uint8Array(16).fill(number),
        createdAtMs: nowMs
      },
      person
    )
    const ask = toWire(contributeAskSchema, {
      datanet: parseCid(datanet.id),
      contribution: signed.bytes
    })
    const end = await until(() => pool.request(at.peerId, PROTOCOLS.contribute, ask))
    const { receipt, host: by } = await openSubmission(fromWire(contributeEndSchema, end).receipt)
    expect([by, `${receipt.contribution}`]).toEqual([at.peerId, `${signed.cid}`])
    receipts.set(`${signed.cid}`, { order: receipt.order, number, by: person.address })
    onChange()
  }

  async function curate(pool: ExchangePool, curator: AccountSigner, isContrary: boolean) {
    const known = { id: parseCid(datanet.id), hosted: false, signed: { manifest: datanet } }
    /** What was signed and answered for. */
    const listening = {
      ...pool,
      ask(...asked: Parameters<ExchangePool['ask']>) {
        const exchange = pool.ask(...asked)
        const { review } = asked[2] as { review?: Uint8Array }
        if (review !== undefined) {
          exchange.end.then(
            () => acknowledged.push(verifyReview(review).review),
            () => {}
          )
        }
        return exchange
      }
    }
    const wallet = { account: () => ({ address: curator.address, signer: curator }) }
    const reviewing = createReviewing(
      { wallet, pool: listening, now: Date.now } as never,
      { known: () => known as unknown as KnownDatanet },
      { handler: undefined as never },
      undefined as never
    )
    const of = { datanet: datanet.id, account: curator.address }
    while (!isDone()) {
      const next = changed.promise
      const items = await until(() => reviewing.reviewNext({ ...of, most: 2 }))
      for (const { contribution } of items) {
        const holding = holders.get(contribution) ?? new Set()
        holders.set(contribution, holding.add(curator.address))
        if (holding.size > RULE.reviewApprovals) crowded.push(contribution)
      }
      for (const { contribution, title } of items) {
        const number = Number(title.split(' ')[1])
        const isGood = number % 4 !== 0 && !(isContrary && number % 4 === 1)
        const word = isGood
          ? { verdict: 'approve' as const }
          : { verdict: 'reject' as const, code: 'incorrect' }
        await until(() => {
          holders.get(contribution)?.delete(curator.address)
          return reviewing.review({ ...of, contribution, ...word })
        })
        onChange()
      }
      if (items.length === 0 && !isDone()) await next
    }
  }

  const pools: ExchangePool[] = []
  while (pools.length < curators.length + 2) pools.push(await joined())
  const [first, second, ...desks] = pools as [ExchangePool, ExchangePool, ...ExchangePool[]]
  await Promise.all([
    ...contributors.map(async (person, n) => {
      for (let k = 0; k < ITEMS_EACH; k += 1) {
        await contribute(n % 2 === 0 ? first : second, person, n * ITEMS_EACH + k + 1)
      }
    }),
    ...curators.map((curator, n) => curate(desks[n] as ExchangePool, curator, n === 4))
  ])
  await killing
  expect(kills).toEqual([])

  // Nobody stood at a desk that was full, and every receipt has a number of its own.
  expect(crowded).toEqual([])
  expect(new Set([...receipts.values()].map(({ order }) => order)).size).toBe(total)

  // By what was signed alone, and by what the host then publishes: the same.
  const accepted = [...receipts.keys()].filter((cid) => stateOf(cid) === 'accepted')
  const wrong = [...receipts].filter(([cid]) => !accepted.includes(cid))
  expect(wrong.every(([, { number }]) => number % 4 < 2)).toBe(true)
  expect(accepted.length).toBeGreaterThanOrEqual(total / 2)
  expect(await host.ask({ do: 'publish', id: datanet.id })).toMatchObject({ rows: accepted.length })
  const reader = await world.peer('reader')
  await reader.api.datanets.find(world.topic)
  await reader.api.datanets.fetch(datanet.id)
  const { rows } = await reader.api.datanets.rows({ datanet: datanet.id })
  expect(rows.map(({ id }) => id).sort()).toEqual(accepted.sort())
  for (const { id, order } of rows) expect(order).toBe(receipts.get(id as string)?.order)
  await demandStats(first, acknowledged)
}, 240_000)

/** That the host counts each curator once for each item that they spoke on, and no other. */
async function demandStats(pool: ExchangePool, acknowledged: readonly Review[]): Promise<void> {
  const [curator] = curators as [AccountSigner]
  const wallet = { account: () => ({ address: curator.address, signer: curator }) }
  const known = { id: parseCid(datanet.id), hosted: false, signed: { manifest: datanet } }
  const { reviewStats } = createReviewing(
    { wallet, pool, now: Date.now } as never,
    { known: () => known as unknown as KnownDatanet },
    { handler: undefined as never },
    undefined as never
  )
  const of = { datanet: datanet.id, account: curator.address }
  const stats = await until(() => reviewStats(of))
  const spoken = Map.groupBy(acknowledged, (one) => one.curator)
  expect(stats.curators.map((one) => [one.curator, one.approve + one.reject])).toEqual(
    [...spoken]
      .map(
        ([who, words]) => [who, new Set(words.map((one) => `${one.contribution}`)).size] as const
      )
      .sort(([a], [b]) => (a < b ? -1 : 1))
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: free } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return free
}
