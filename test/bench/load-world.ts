// Run by load.ts: a host, a provider and an agent with its API on HTTP, in one process that says on
// request how much it holds.
import { readdirSync } from 'node:fs'
import { servePeerApi } from '../../peer/api/server.ts'
import { createTestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'

/** What the process holds after a collection of garbage. */
export interface Held {
  readonly heapBytes: number
  readonly rssBytes: number
  /** Timers, sockets, files and the like that keep a process alive. */
  readonly resources: number
  /** Undefined where the system does not say. */
  readonly descriptors: number | undefined
  /** Open streams of provider and agent, over all their connections. */
  readonly streams: number
}

const TOKEN = 'load-load-load'
const world = await createTestWorld()
const datanet = await world.datanet(await world.peer('host'))
const provider = await world.peer('provider')
const { model } = await world.serve(provider, datanet.id)
// Room for every call of the bench: what is measured is the peers, not the budget.
const limits = { maxCallWei: 1_000_000n, depositWei: 2_000_000_000n }
const agent = await world.peer('agent', { limits })
await agent.api.models.search(world.topic)
const server = await servePeerApi({
  api: agent.api,
  tokens: [{ token: TOKEN, label: 'load', admin: true }],
  port: 0,
  maxCallWei: limits.maxCallWei
})

async function held(): Promise<Held> {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  const [ours, theirs] = await Promise.all([agent.api.status(), provider.api.status()])
  return {
    heapBytes: heapUsed,
    rssBytes: rss,
    resources: process.getActiveResourcesInfo().length,
    descriptors: descriptors(),
    streams: ours.openStreams + theirs.openStreams
  }
}

function descriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}

process.on('message', async (message) => {
  if (message === 'held') process.send?.(await held())
  if (message === 'stop') {
    await server.stop()
    await world.stop()
    process.disconnect?.()
  }
})
process.send?.({
  url: server.url,
  token: TOKEN,
  model: model.model,
  questions: TEXTS.map(({ title }) => `Tell me about ${title}.`)
})
