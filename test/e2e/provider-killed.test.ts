import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AskEvent } from '../../peer/api/models-api.ts'
import { type Participant, startParticipant } from '../../peer/devnet/participant.ts'
import type { Peer } from '../../peer/peer.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { ask, createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

const DNC = 10n ** 18n
let world: TestWorld
/** A provider in this process that adopts the model of the one that is killed, and asks for more. */
let second: Peer
let model: string
let provider: Participant<'provider'>
let number = 0

beforeAll(async () => {
  world = await createTestWorld()
  await world.datanet(await world.peer('host'))
  second = await world.peer('second')
})
afterEach(() => provider?.stop())
afterAll(() => world?.stop())

/** A provider in a process of its own, at the devnet's price, whose model a second one serves too. */
async function startProvider(): Promise<void> {
  provider = await startParticipant('provider', world.dirOf(`killed ${++number}`), world.network)
  await provider.do('fetch')
  ;({
    model: { model }
  } = await provider.do('serve'))
  await second.api.datanets.find(world.topic)
  await expect
    .poll(async () =>
      (await second.api.models.search(world.topic)).map((known) => known.model.model)
    )
    .toContain(model)
  await second.api.models.adopt(model)
  const prices = { callWei: DNC / 50n, inputTokenWei: 0n, outputTokenWei: DNC / 10_000n }
  await second.api.models.serve({ model, account: second.account, ...prices })
}

async function agentCalled(name: string): Promise<Peer> {
  const agent = await world.peer(name, { limits: { maxCallWei: DNC, depositWei: 5n * DNC } })
  await expect
    .poll(
      async () => {
        const found = await agent.api.models.search(world.topic)
        return found.find((known) => known.model.model === model)?.offers.length
      },
      { timeout: 15_000 }
    )
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

// CALL-W3
test('a provider killed mid-answer: the agent is told, and has lost what it pays ahead at most', async () => {
  await startProvider()
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
  const listed = await agent.api.models.list()
  const listing = listed.find((known) => known.model.model === model)
  const offer = listing?.offers.find((known) => known.provider === provider.peerId)
  const [channel] = await agent.api.channels.list()
  const lostWei = (channel?.authorisedWei ?? 0n) - deliveredWei
  // Never further ahead of what came than the opening voucher was.
  expect(deliveredWei).toBeGreaterThanOrEqual(offer?.openWei ?? 0n)
  expect(lostWei).toBeGreaterThanOrEqual(0n)
  expect(lostWei).toBeLessThanOrEqual((offer?.openWei ?? 0n) + (offer?.maxChunkWei ?? 0n))
  expect(await agent.api.receipts.list()).toEqual([])
})

test('with a second provider up, the same question is answered by it', async () => {
  await startProvider()
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
  // The dead one is asked last from now on.
  const again = await ask(agent, { model, content: QUESTION })
  expect(again.done.receipt.provider).toBe(second.peerId)
})
