import { Hono } from 'hono'
import { z } from 'zod'
import { isAbort } from '../../protocol/base/errors.ts'
import { answerEvents } from './answer-events.ts'
import { createBearerCheck, loopbackOnly } from './guard.ts'
import { meteredAsk } from './metered-ask.ts'
import type { Method } from './method.ts'
import type { AskEvent, Question } from './models-api.ts'
import type { PeerApi, PeerHealth, ProgressOptions } from './peer-api.ts'
import { type Problem, refusal, toProblem } from './problem.ts'
import { readJson } from './read-json.ts'
import { type MethodPath, methodAt } from './schema.ts'
import type { SpendingCap } from './spending-cap.ts'
import { authorise, type TokenScope, visible } from './token-scope.ts'

/** Whose bodies may hold a file, and are larger for it. */
const HOLDS_FILES: ReadonlySet<string> = new Set(['datanets/check', 'datanets/contribute'])

/** What a token opens: its scope, and the cap on what it spends unless it is unlimited. */
export interface Grant extends TokenScope {
  readonly token: string
  readonly label?: string
  readonly cap?: SpendingCap
}

/** How one call ended: `OK`, an error code, or `ABORTED` when its client left. */
export interface CallReport {
  readonly method: MethodPath
  readonly code: string
  readonly durationMs: number
  /** The label of the token, when it has one. */
  readonly by?: string
}

export interface ApiRouteInit {
  readonly api: PeerApi
  readonly grants: readonly Grant[]
  readonly maxBodyBytes: number
  /** Of a body that may hold a file. */
  readonly maxFileBodyBytes: number
  readonly bodyTimeoutMs: number
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal
  readonly metrics?: { readonly contentType: string; text(): Promise<string> }
  /** What `/healthz` says; always well unless given. */
  readonly health?: () => PeerHealth
  readonly onCall: (report: CallReport) => void
  /** Told of each call as it starts; settled when nothing of it runs any more. */
  readonly onStart: (running: Promise<unknown>) => void
}

type Run = (options: ProgressOptions) => unknown

/** The routes of the PeerApi as one web-standard handler. Errors leave as RFC 9457 problems. */
export function createApiRoutes(init: ApiRouteInit): Hono<{ Variables: { grant: Grant } }> {
  const { api, stopping, metrics } = init
  const bearer = createBearerCheck(init.grants)
  const app = new Hono<{ Variables: { grant: Grant } }>()
  app.use(loopbackOnly)
  app.get('/healthz', (c) => {
    // To anyone on the machine: by which codes, and no word of how much.
    const { isWell, reasons } = init.health?.() ?? { isWell: true, reasons: [] }
    if (isWell) return c.json({ status: 'ok' })
    return c.json({ status: 'failing', codes: reasons.map(({ code }) => code) }, 503)
  })
  app.use(async (c, next) => {
    c.set('grant', bearer(c.req.header('authorization')))
    await next()
  })
  app.get('/metrics', async (c) =>
    metrics === undefined
      ? c.notFound()
      : c.body(await metrics.text(), 200, { 'content-type': metrics.contentType })
  )
  app.post('/api/v1/:noun/:method', async (c) => {
    const { noun, method: name } = c.req.param()
    const method = methodAt(noun, name)
    if (method === undefined) return c.notFound()
    const path = `${noun}/${name}` as MethodPath
    const grant = c.get('grant')
    const gone = new AbortController()
    // The reason that the framework gives for a closed connection is no AbortError.
    const leave = () => gone.abort()
    if (c.req.raw.signal.aborted) leave()
    else c.req.raw.signal.addEventListener('abort', leave, { once: true })
    const signal = AbortSignal.any([stopping, gone.signal])
    const finish = follow(init, path, grant)
    try {
      const maxBytes = HOLDS_FILES.has(path) ? init.maxFileBodyBytes : init.maxBodyBytes
      const limits = { maxBytes, timeoutMs: init.bodyTimeoutMs }
      const argument = argumentOf(method, await readJson(c.req.raw, limits))
      await authorise(api, grant, path, argument)
      const run = runner(api, path, { method, argument, grant })
      const wantsEvents = c.req.header('accept')?.includes('text/event-stream') ?? false
      if (method.kind === 'stream' || (method.kind === 'progress' && wantsEvents)) {
        const events = answerEvents(method, run, { signal, onEnd: finish })
        return c.body(toBody(events, leave), 200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store'
        })
      }
      const result = visible(grant, path, await run({ signal }))
      const body = { result: z.encode(method.result, result) }
      finish()
      return c.json(body, 200, { 'cache-control': 'no-store' })
    } catch (error) {
      finish(error)
      throw error
    }
  })
  app.notFound(() => problemResponse(refusal('ROUTE_UNKNOWN')))
  app.onError((error) => problemResponse(error))
  return app
}

/** The argument in `body`. Refuses any other form than the method's (INPUT_INVALID). */
function argumentOf({ name, argument }: Method, body: unknown): unknown {
  const schema = z.strictObject(name === undefined ? {} : { [name]: argument })
  const parsed = z.safeDecode(schema, body as never)
  if (parsed.success) return name === undefined ? undefined : parsed.data[name]
  const issue = parsed.error.issues[0]
  const param = issue?.path.join('.') ?? ''
  throw refusal('INPUT_INVALID', { param }, { hint: `${param || 'body'}: ${issue?.message}` })
}

function runner(
  api: PeerApi,
  path: MethodPath,
  call: { readonly method: Method; readonly argument: unknown; readonly grant: Grant }
): Run {
  const { method, argument, grant } = call
  if (path === 'models/ask') {
    return ({ signal }) => ask(api, argument as Question, grant, signal as AbortSignal)
  }
  const [noun, name] = path.split('/') as [keyof PeerApi | 'peer', string]
  const target = (noun === 'peer' ? api : api[noun]) as unknown as Record<
    string,
    (...args: unknown[]) => unknown
  >
  return (options) =>
    method.name === undefined ? target[name]?.(options) : target[name]?.(argument, options)
}

function ask(
  api: PeerApi,
  question: Question,
  { cap }: Grant,
  signal: AbortSignal
): AsyncIterable<AskEvent> {
  if (cap === undefined) return api.models.ask(question, { signal })
  const { maxWei } = question
  // Free answers cost nothing, so nothing need be left for asking.
  const reservation = cap.reserve({
    leastWei: 0n,
    ...(maxWei === undefined ? {} : { wantWei: maxWei })
  })
  return meteredAsk(api, question, { reservation, signal })
}

function follow(init: ApiRouteInit, method: MethodPath, { label }: Grant) {
  const startedMs = performance.now()
  const { promise, resolve } = Promise.withResolvers<void>()
  init.onStart(promise)
  return (error?: unknown) => {
    resolve()
    const code =
      error === undefined ? 'OK' : isAbort(error) ? 'ABORTED' : toProblem(error).body.code
    const durationMs = performance.now() - startedMs
    init.onCall({ method, code, durationMs, ...(label === undefined ? {} : { by: label }) })
  }
}

function toBody(events: AsyncGenerator<string>, leave: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await events.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      // Abort first: the generator can only return once what it waits for has ended.
      leave()
      await events.return(undefined)
    }
  })
}

function problemResponse(error: unknown): Response {
  const problem = toProblem(error)
  const headers = {
    'content-type': 'application/problem+json',
    // What was left unread of a refused body must not be taken for another request.
    ...(isUnread(problem) ? { connection: 'close' } : {})
  }
  return new Response(JSON.stringify(problem.body), { status: problem.status, headers })
}

/** Whether the body of such a request may not have been read to its end. */
function isUnread({ status, body }: Problem): boolean {
  return status === 413 || status === 400 || body.code === 'ROUTE_UNKNOWN'
}
