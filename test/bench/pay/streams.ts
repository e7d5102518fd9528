import type { Exposure } from './exposure.ts'
import type { Stalls } from './our-payer.ts'
import { type OurWorld, startOurWorld } from './our-world.ts'
import { startProxy } from './proxy.ts'
import { RTT_MS, STREAM } from './settings.ts'

/** Streams over channels with a long way between: how long money made them wait. */
export interface Streamed {
  /** Share of the streams' time that their readers stood still, beyond what free ones do. */
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
    const { samples, overWei } = await world.provider.ask<Exposure>({ do: 'exposure' })
    return { stallShare: paid - free, exposureOver: Number(overWei), exposureSamples: samples }
  } finally {
    await world.stop()
    close()
  }
}

/** The share of their time that the readers of this run's streams stood still. */
async function streamAll({ payers }: OurWorld, isFree: boolean): Promise<number> {
  const count = STREAM.streams / payers.length
  const shares = await Promise.all(
    payers.map((payer, index) =>
      payer.ask<Stalls>({ do: 'streams', count, from: 5 * index, isFree })
    )
  )
  const sum = (of: (stalls: Stalls) => number) => shares.reduce((all, one) => all + of(one), 0)
  return sum(({ stoodMs }) => stoodMs) / sum(({ totalMs }) => totalMs)
}
