import type { Cost } from './messages.ts'

/** Tells a person what the bench is doing. */
export interface Progress {
  at(name: string, deed: string, done: number, total: number): void
  /** Runs one step, and says when it is done how long it took and what of that its process worked. */
  step<T extends { readonly cost: Cost }>(text: string, run: () => Promise<T>): Promise<T>
}

/** Progress on `out`: a line a step, and while it lasts how far it is; nothing where it is undefined. */
export function createProgress(out: NodeJS.WriteStream | undefined): Progress {
  let current = ''
  let saidAtMs = 0
  return {
    at(_name, _deed, done, total) {
      if (out?.isTTY !== true || performance.now() - saidAtMs < 200) return
      saidAtMs = performance.now()
      out.write(`\r\x1b[K${current}: ${done} of ${total}`)
    },
    async step(text, run) {
      current = text
      const result = await run()
      const { ms, cpuMs, peakRssMb } = result.cost
      const seconds = (value: number) => `${(value / 1_000).toFixed(1)} s`.padStart(8)
      const line = `${text.padEnd(30)}${seconds(ms)}, processor ${seconds(cpuMs)}, at most ${Math.round(peakRssMb)} MB`
      out?.write(out.isTTY ? `\r\x1b[K${line}\n` : `${line}\n`)
      return result
    }
  }
}
