import { type Child, type Cpu, startChild } from './child.ts'
import { quantile, type Round } from './load.ts'
import { startOurWorld } from './our-world.ts'
import { ANSWER, IN_FLIGHT } from './settings.ts'

/** Two processes, one that calls and one that answers. */
export interface Contender {
  readonly name: string
  readonly caller: Child
  readonly answerer: Child
  stop(): Promise<void>
}

/** One round of one kind of call. */
export interface Sample {
  readonly callsPerS: number
  /** CPU of the answering and of the calling process. */
  readonly answererCpuMs: number
  readonly callerCpuMs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Ours with native signatures, or with those in JavaScript that platforms without a binary use. */
export async function startOurs(kind: 'native' | 'javascript'): Promise<Contender> {
  const without = new URL('./without-native.mjs', import.meta.url)
  const execArgv = kind === 'native' ? [] : ['--import', without.href]
  const { payers, provider, stop } = await startOurWorld({ execArgv })
  const name = kind === 'native' ? 'datanet' : 'datanet, JavaScript signatures'
  return { name, caller: payers[0] as Child, answerer: provider, stop }
}

/** A library of `test/bench/peers`, with as many channels as calls in flight: each serves one. */
export async function startPeer(
  name: 'mppx' | 'x402',
  init: { readonly directory?: string } = {}
): Promise<Contender> {
  const file = (role: string) => new URL(`../peers/${name}-${role}.mjs`, import.meta.url)
  const answerer = await startChild(file('server'), { answer: ANSWER, ...init })
  const caller = await startChild(file('client'), {})
  const offers = await answerer.ask<object>({ do: 'offers' })
  const channels = await caller.ask({ do: 'join', workers: IN_FLIGHT, ...offers })
  await answerer.ask({ do: 'seed', channels })
  return {
    name,
    caller,
    answerer,
    async stop() {
      await caller.stop()
      await answerer.stop()
    }
  }
}

/** Calls of `kind`, `parallel` at once, for `forMs`. */
export async function measure(
  { caller, answerer }: Contender,
  kind: string,
  { forMs, parallel }: { readonly forMs: number; readonly parallel: number }
): Promise<Sample> {
  const before = await answerer.ask<Cpu>({ do: 'cpu' })
  const round = await caller.ask<Round>({ do: 'round', kind, forMs, parallel })
  const after = await answerer.ask<Cpu>({ do: 'cpu' })
  return {
    callsPerS: (1_000 * round.calls) / round.wallMs,
    answererCpuMs: (after.cpuMs - before.cpuMs) / round.calls,
    callerCpuMs: round.cpuMs / round.calls,
    p50Ms: quantile(round.timesMs),
    p99Ms: quantile(round.timesMs, 0.99)
  }
}
