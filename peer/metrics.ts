import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { PeerApi } from './api/peer-api.ts'
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
      this.set((await api.status()).connectedPeers)
    }
  })
  new Gauge({
    name: 'datanet_open_streams',
    help: 'Streams open on all connections of this peer.',
    registers,
    async collect() {
      this.set((await api.status()).openStreams)
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
