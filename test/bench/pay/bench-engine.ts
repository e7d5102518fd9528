import { setTimeout as pause } from 'node:timers/promises'
import type { Engine } from '../../../peer/engines/engine.ts'
import { ANSWER, STREAM, STREAM_CHUNK } from './settings.ts'

async function* stream(chunks: number) {
  for (let chunk = 0; chunk < chunks; chunk++) {
    await pause(STREAM.everyMs)
    yield { text: STREAM_CHUNK }
  }
}

/** Says the same at once; asked for a stream, it says more at a steady pace. */
export const BENCH_ENGINE: Engine = {
  kind: 'retrieval',
  describe: () => ({ kind: 'retrieval', passages: 0, notes: [], abstainBelowPpm: 0 }),
  async *generate({ messages }) {
    const [, chunks] = messages.at(-1)?.content.match(/^stream (\d+)$/) ?? []
    if (chunks === undefined) yield { text: ANSWER }
    else yield* stream(Number(chunks))
    return { outcome: 'answered', truncated: false, citations: [] }
  }
}
