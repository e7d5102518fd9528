import { setTimeout as pause } from 'node:timers/promises'
import type { Engine } from '../../../peer/engines/engine.ts'
import { ANSWER, STREAM, STREAM_CHUNK } from './settings.ts'

/** How long streams ran in all, and how much of it they waited to be let go on. */
export interface Stalls {
  totalMs: number
  waitedMs: number
}

/** Says the same at once; asked for a stream, it says more at a steady pace and times what holds it. */
export function createBenchEngine(): { engine: Engine; stalls: Stalls } {
  const stalls = { totalMs: 0, waitedMs: 0 }

  async function* stream(chunks: number) {
    const started = performance.now()
    for (let chunk = 0; chunk < chunks; chunk++) {
      await pause(STREAM.everyMs)
      const from = performance.now()
      yield { text: STREAM_CHUNK }
      stalls.waitedMs += performance.now() - from
    }
    stalls.totalMs += performance.now() - started
  }

  const engine: Engine = {
    kind: 'retrieval',
    describe: () => ({ kind: 'retrieval', passages: 0, notes: [], abstainBelowPpm: 0 }),
    async *generate({ messages }) {
      const [, chunks] = messages.at(-1)?.content.match(/^stream (\d+)$/) ?? []
      if (chunks === undefined) yield { text: ANSWER }
      else yield* stream(Number(chunks))
      const evidence = { sentences: [{ weight: 1, supports: [] }], thresholdPpm: 1 }
      return { outcome: 'answered', truncated: false, evidence, citations: [] }
    }
  }
  return { engine, stalls }
}
