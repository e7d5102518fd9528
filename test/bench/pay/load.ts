/** What a round of calls came to. */
export interface Round {
  readonly calls: number
  readonly wallMs: number
  /** Of the process that called. */
  readonly cpuMs: number
  /** One time per call. */
  readonly timesMs: readonly number[]
}

/** Calls `one(worker)` in `parallel` workers, each as soon as its last ended, for `forMs`. */
export async function callFor(
  forMs: number,
  parallel: number,
  one: (worker: number) => Promise<unknown>
): Promise<Round> {
  const timesMs: number[] = []
  const before = process.cpuUsage()
  const started = performance.now()
  await Promise.all(
    Array.from({ length: parallel }, async (_, worker) => {
      while (performance.now() - started < forMs) {
        const from = performance.now()
        await one(worker)
        timesMs.push(performance.now() - from)
      }
    })
  )
  const { user, system } = process.cpuUsage(before)
  const wallMs = performance.now() - started
  return { calls: timesMs.length, wallMs, cpuMs: (user + system) / 1_000, timesMs }
}

/** The middle one of `values`, or their `share` otherwise. */
export function quantile(values: readonly number[], share = 0.5): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
