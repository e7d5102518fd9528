// One side of the bench in a process of its own, started by world.ts: a peer that does what it is told
// and says what that cost.
import { readNetwork } from '../../../peer/devnet/network.ts'
import { createPeer } from '../../../peer/peer.ts'
import { fetchByBitswap } from './bitswap-reader.ts'
import { createContributors } from './contributors.ts'
import { createCurator } from './curator.ts'
import type { Cost, FromSide, SideInit, ToSide } from './messages.ts'
import { createReader } from './reader.ts'

const LIMITS = { maxCallWei: 1n, depositWei: 1n }
const { name, dataDir, networkFile } = JSON.parse(process.env.BENCH_SIDE as string) as SideInit
const peer = await createPeer({
  ...readNetwork(networkFile),
  ...{ dataDir, limits: LIMITS }
})
const tell = (message: FromSide) => process.send?.(message)
const progress = (done: number, total: number) => tell({ done, total })

const deeds: Readonly<Record<string, (argument: never) => Promise<unknown>>> = {
  ...createContributors(peer, progress),
  ...createCurator(peer, progress),
  ...createReader(peer, progress),
  /** Processor time of this process so far, in milliseconds. */
  used: async () => process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000,
  bitswap: (argument: Parameters<typeof fetchByBitswap>[1]) => fetchByBitswap(dataDir, argument)
}

async function cost<T>(run: () => Promise<T>): Promise<{ result: T; cost: Cost }> {
  const before = process.cpuUsage()
  const fromMs = performance.now()
  const result = await run()
  const { user, system } = process.cpuUsage(before)
  const { maxRSS } = process.resourceUsage()
  const ms = performance.now() - fromMs
  return { result, cost: { ms, cpuMs: (user + system) / 1_000, peakRssMb: maxRSS / 1_024 } }
}

process.once('disconnect', () => process.exit())
process.on('message', async (message: ToSide) => {
  if (message === 'stop') {
    await peer.stop()
    process.disconnect?.()
    return
  }
  const deed = deeds[message.do]
  try {
    if (deed === undefined) throw new Error(`${name} cannot ${message.do}`)
    tell(await cost(() => deed(message.argument as never)))
  } catch (error) {
    tell({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
tell({ started: { peerId: peer.peerId, account: peer.account, addresses: peer.addresses } })
