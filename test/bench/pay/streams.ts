import type { Stalls } from './bench-engine.ts'
import type { Exposure } from './exposure.ts'
import { type OurWorld, startOurWorld } from './our-world.ts'
import { startProxy } from './proxy.ts'
import { RTT_MS, STREAM } from './settings.ts'

/** Streams over channels with a long way between: how long money made them wait. */
export interface Streamed {
  /** Share of the streams' time that waiting added to what free streams wait. */
  readonly stallShare: number
  readonly exposureOver: number
  readonly exposureSamples: number
}

/** Two payers, each with half of the streams over five channels; then the same for nothing. */
export async function runStreams(): Promise<Streamed> {
  let close = () => {}
  const world = await startOurWorld({
    payers: 2,
    async through(address) {
      const [, port = ''] = address.match(/\/tcp\/(\d+)/) ?? []
      const proxy = await startProxy(Number(port), RTT_MS / 2)
      close = proxy.close
      return address.replace(`/tcp/${port}`, `/tcp/${proxy.port}`)
    }
  })
  try {
    const paid = await streamAll(world, false)
    const free = await streamAll(world, true)
    const { samples, overWei } = await world.provider.ask<Exposure>({ do: 'streamed' })
    return { stallShare: paid - free, exposureOver: Number(overWei), exposureSamples: samples }
  } finally {
    await world.stop()
    close()
  }
}

/** The share of their time that the streams of this run waited to be let go on. */
async function streamAll({ payers, provider }: OurWorld, isFree: boolean): Promise<number> {
  const before = await provider.ask<Stalls>({ do: 'streamed' })
  const count = STREAM.streams / payers.length
  await Promise.all(
    payers.map((payer, index) => payer.ask({ do: 'streams', count, from: 5 * index, isFree }))
  )
  const after = await provider.ask<Stalls>({ do: 'streamed' })
  return (after.waitedMs - before.waitedMs) / (after.totalMs - before.totalMs)
}
