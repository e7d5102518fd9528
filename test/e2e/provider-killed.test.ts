import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AskEvent } from '../../peer/api/models-api.ts'
import { type Participant, startParticipant } from '../../peer/devnet/participant.ts'
import type { Peer } from '../../peer/peer.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { createModelStore } from '../../peer/store/models.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { ask, createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

const DNC = 10n ** 18n
let world: TestWorld
/** A provider in this process that serves the same model, dearer than the one that is killed. */
let second: Peer
let model: string
let served: { bytes: Uint8Array; artefact: Uint8Array }
let provider: Participant<'provider'>
let number = 0

beforeAll(async () => {
  world = await createTestWorld()
  const datanet = await world.datanet(await world.peer('host'))
  second = await world.peer('second')
  const prices = { callWei: DNC / 50n, outputTokenWei: DNC / 10_000n }
  model = (await world.serve(second, datanet.id, prices)).model.model
  const database = openDatabase(join(world.dirOf('second'), 'peer.db'))
  const built = createModelStore(database).model(model)
  database.close()
  served = { bytes: built?.card as Uint8Array, artefact: built?.artefact as Uint8Array }
})
afterEach(() => provider?.stop())
afterAll(() => world?.stop())

/** A provider in a process of its own that serves the same model, at the devnet's price. */
async function startProvider(): Promise<Participant<'provider'>> {
  const dir = world.dirOf(`killed ${++number}`)
  const early = await world.peer(`killed ${number}`)
  await early.stop()
  const database = openDatabase(join(dir, 'peer.db'))
  createModelStore(database).putModel({
    model,
    card: served.bytes,
    artefact: served.artefact,
    issuedAtMs: Date.now()
  })
  database.close()
  const started = await startParticipant('provider', dir, world.network)
  await started.do('fetch')
  await started.do('serve')
  return started
}

async function agentCalled(name: string): Promise<Peer> {
  const agent = await world.peer(name, { limits: { maxCallWei: DNC, depositWei: 5n * DNC } })
  await expect
    .poll(async () => (await agent.api.models.search(world.network.topic))[0]?.offers.length, {
      timeout: 15_000
    })
    .toBe(2)
  return agent
}

/** Kills the provider when the consumer holds the first chunk: the next ones need its voucher. */
async function* killingAtFirstChunk(events: AsyncIterable<AskEvent>): AsyncGenerator<AskEvent> {
  let isAlive = true
  for await (const event of events) {
    if (event.type === 'chunk' && isAlive) {
      isAlive = false
      process.kill(provider.pid, 'SIGKILL')
      const afterwards = () =>
        refusal(async () => {
          await provider.do('accounts')
          throw new DatanetError('INTERNAL')
        })
      await expect.poll(afterwards).toBe('PEER_GONE')
    }
    yield event
  }
}

const messages = [{ role: 'user' as const, content: QUESTION }]

test('a provider killed mid-answer: the agent is told, and has lost one chunk at most', async () => {
  provider = await startProvider()
  const agent = await agentCalled('careful')
  const events: AskEvent[] = []
  const call = async () => {
    const answer = agent.api.models.ask({ model, messages, retry: false })
    for await (const event of killingAtFirstChunk(answer)) events.push(event)
  }
  expect(await refusal(call)).toBe('PEER_GONE')
  expect(events[0]).toMatchObject({ type: 'started', provider: provider.peerId })
  const paid = events.flatMap((event) => (event.type === 'chunk' ? [event.costWei] : []))
  expect(paid.length).toBeGreaterThan(0)
  const deliveredWei = paid.at(-1) as bigint
  const [listing] = await agent.api.models.list()
  const offer = listing?.offers.find((known) => known.provider === provider.peerId)
  const [channel] = await agent.api.channels.list()
  const lostWei = (channel?.authorisedWei ?? 0n) - deliveredWei
  // What the call cost before its first chunk is delivered with it: the loss is within one chunk.
  expect(deliveredWei).toBeGreaterThanOrEqual(offer?.openWei ?? 0n)
  expect(lostWei).toBeGreaterThanOrEqual(0n)
  expect(lostWei).toBeLessThanOrEqual(offer?.maxChunkWei ?? 0n)
  expect(await agent.api.receipts.list()).toEqual([])
})

test('with a second provider up, the same question is answered by it', async () => {
  provider = await startProvider()
  const agent = await agentCalled('patient')
  const events: AskEvent[] = []
  for await (const event of killingAtFirstChunk(agent.api.models.ask({ model, messages }))) {
    events.push(event)
  }
  expect(events.filter(({ type }) => type !== 'chunk')).toMatchObject([
    { type: 'started', provider: provider.peerId },
    { type: 'retrying', provider: provider.peerId, code: 'PEER_GONE' },
    { type: 'started', provider: second.peerId },
    { type: 'done', receipt: { provider: second.peerId, outcome: 'answered' } }
  ])
  const ids = events.flatMap((event) => (event.type === 'started' ? [event.callId] : []))
  expect(new Set(ids).size).toBe(1)
  // The dead one is asked first again, and passed over again.
  const again = await ask(agent, { model, content: QUESTION })
  expect(again.done.receipt.provider).toBe(second.peerId)
})
