import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { PeerApi, PeerStatus } from './api/peer-api.ts'
import type { CallReport } from './api/routes.ts'

export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
  /** Counts one call of the API. */
  observe(report: CallReport): void
}

/** The figures of one daemon, in a registry of its own: several may run in one process. */
export function createMetrics(api: Pick<PeerApi, 'status'>, calls: () => number): Metrics {
  const registry = new Registry()
  const registers = [registry]
  let told: Promise<PeerStatus> | undefined
  /** One look for all figures of one reading: it goes through every voucher. */
  function status(): Promise<PeerStatus> {
    told ??= api.status().finally(() => {
      setImmediate(() => {
        told = undefined
      })
    })
    return told
  }

  const total = new Counter({
    name: 'datanet_api_calls_total',
    help: 'Calls of the peer API by method and by how they ended.',
    labelNames: ['method', 'code'],
    registers
  })
  const seconds = new Histogram({
    name: 'datanet_api_call_seconds',
    help: 'How long calls of the peer API took.',
    labelNames: ['method'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    registers
  })
  new Gauge({
    name: 'datanet_api_calls_running',
    help: 'Calls of the peer API that run now.',
    registers,
    collect() {
      this.set(calls())
    }
  })
  new Gauge({
    name: 'datanet_connected_peers',
    help: 'Peers this peer is connected to.',
    registers,
    async collect() {
      this.set((await status()).connectedPeers)
    }
  })
  new Gauge({
    name: 'datanet_open_streams',
    help: 'Streams open on all connections of this peer.',
    registers,
    async collect() {
      this.set((await status()).openStreams)
    }
  })
  new Gauge({
    name: 'datanet_healthy',
    help: '1 while the peer does what its money needs, else 0.',
    registers,
    async collect() {
      this.set((await status()).health.isWell ? 1 : 0)
    }
  })
  new Gauge({
    name: 'datanet_health_reasons',
    help: '1 for each code by which it does not.',
    labelNames: ['code'],
    registers,
    async collect() {
      this.reset()
      for (const { code } of (await status()).health.reasons) this.set({ code }, 1)
    }
  })
  new Gauge({
    name: 'datanet_unclaimed_wei',
    help: 'What vouchers would bring and no final claim has, in the smallest unit.',
    registers,
    async collect() {
      this.set(Number((await status()).health.unclaimedWei ?? 0n))
    }
  })
  new Gauge({
    name: 'datanet_claims',
    help: 'Claims by where they stand.',
    labelNames: ['state'],
    registers,
    async collect() {
      const { underWay = 0, final = 0 } = (await status()).health.claims ?? {}
      this.set({ state: 'under way' }, underWay)
      this.set({ state: 'final' }, final)
    }
  })
  new Gauge({
    name: 'datanet_watched_block',
    help: 'The last confirmed block that was read.',
    registers,
    async collect() {
      this.set((await status()).health.watchedBlock ?? 0)
    }
  })
  new Gauge({
    name: 'datanet_tower_channels',
    help: 'Channels of others that this peer keeps vouchers of.',
    registers,
    async collect() {
      this.set((await status()).health.towerChannels ?? 0)
    }
  })
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process in bytes.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    }
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observe({ method, code, durationMs }) {
      total.inc({ method, code })
      seconds.observe({ method }, durationMs / 1_000)
    }
  }
}
