import { z } from 'zod'
import { encodeEvent, HEARTBEAT } from './event-stream.ts'
import type { Method } from './method.ts'
import type { ProgressOptions } from './peer-api.ts'
import { toProblem } from './problem.ts'

/** How long nothing may be said before a sign of life. */
const HEARTBEAT_MS = 15_000
/** Progress that nobody reads is not kept. */
const MAX_WAITING = 64

/**
 * The answer of a long method as server-sent events: `progress` and `event` as they come, then
 * `result`, or `error` with the problem. `onEnd` is told once, when nothing of the call runs any more.
 */
export async function* answerEvents(
  { kind, result }: Method,
  run: (options: ProgressOptions) => unknown,
  { signal, onEnd }: { readonly signal: AbortSignal; readonly onEnd: (error?: unknown) => void }
): AsyncGenerator<string> {
  const left = new AbortController()
  const within = AbortSignal.any([signal, left.signal])
  let failure: unknown = new DOMException('the client left', 'AbortError')
  try {
    if (kind === 'stream') {
      const events = run({ signal: within }) as AsyncIterable<unknown>
      for await (const event of withHeartbeats(events)) {
        yield event === BEAT ? HEARTBEAT : encodeEvent('event', z.encode(result, event))
      }
      failure = undefined
      yield encodeEvent('result', { result: null })
    } else {
      const steps = withProgress(run, within)
      for await (const step of withHeartbeats(steps)) {
        if (step === BEAT) yield HEARTBEAT
        else if ('progress' in step) yield encodeEvent('progress', step.progress)
        else {
          const last = encodeEvent('result', { result: z.encode(result, step.result) })
          failure = undefined
          yield last
        }
      }
    }
  } catch (error) {
    failure = error
    if (!signal.aborted) yield encodeEvent('error', toProblem(error).body)
  } finally {
    left.abort()
    onEnd(failure)
  }
}

const BEAT = Symbol('beat')

async function* withHeartbeats<T>(source: AsyncIterable<T>): AsyncGenerator<T | typeof BEAT> {
  const events = source[Symbol.asyncIterator]()
  let ended = false
  try {
    for (;;) {
      const next = events.next()
      for (;;) {
        let timer: NodeJS.Timeout | undefined
        const beat = new Promise<typeof BEAT>((resolve) => {
          timer = setTimeout(() => resolve(BEAT), HEARTBEAT_MS)
        })
        const first = await Promise.race([next, beat]).finally(() => clearTimeout(timer))
        if (first === BEAT) {
          yield BEAT
          continue
        }
        if (first.done === true) {
          ended = true
          return
        }
        yield first.value
        break
      }
    }
  } catch (error) {
    ended = true
    throw error
  } finally {
    if (!ended) await events.return?.()
  }
}

type Step = { readonly progress: unknown } | { readonly result: unknown }

async function* withProgress(
  run: (options: ProgressOptions) => unknown,
  signal: AbortSignal
): AsyncGenerator<Step> {
  const waiting: Step[] = []
  let wake = () => {}
  let failure: { readonly error: unknown } | undefined
  let settled = false
  const running = (async () =>
    run({
      signal,
      onProgress(progress) {
        if (waiting.length >= MAX_WAITING) waiting.shift()
        waiting.push({ progress })
        wake()
      }
    }))().then(
    (result) => waiting.push({ result }),
    (error) => {
      failure = { error }
    }
  )
  running.finally(() => {
    settled = true
    wake()
  })
  try {
    for (;;) {
      const step = waiting.shift()
      if (step !== undefined) yield step
      else if (failure !== undefined) throw failure.error
      else if (settled) return
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    await running
  }
}
