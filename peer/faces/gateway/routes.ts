import { type Context, Hono } from 'hono'
import { createBearerCheck, loopbackOnly } from '../../api/guard.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { readJson } from '../../api/read-json.ts'
import type { SpendingCap } from '../../api/spending-cap.ts'
import { toChunks, toCompletion } from './chat-completion.ts'
import { parseChatRequest } from './chat-request.ts'
import { findListing, toOpenAiModels } from './model-list.ts'
import { errorResponse } from './openai-error.ts'
import { startPaidCall } from './paid-call.ts'

export interface RouteComponents {
  readonly api: PeerApi
  readonly cap: SpendingCap
  readonly now: () => number
  readonly onError: (error: unknown) => void
}

export interface RouteInit {
  readonly token: string
  readonly maxBodyBytes: number
}

/** A body takes no longer than this to arrive. */
const BODY_MS = 30_000

/** The gateway's routes as one web-standard handler. Errors leave in the form of the OpenAI API. */
export function createRoutes(components: RouteComponents, init: RouteInit): Hono {
  const { api, onError } = components
  const bearer = createBearerCheck([{ token: init.token }])
  const app = new Hono()
  app.use(loopbackOnly)
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.use('/v1/*', async (c, next) => {
    bearer(c.req.header('authorization'))
    await next()
  })
  app.get('/v1/models', async (c) =>
    c.json({ object: 'list', data: toOpenAiModels(await api.models.list()) })
  )
  app.get('/v1/models/:id', async (c) => {
    const listings = await api.models.list()
    const { model } = findListing(listings, c.req.param('id'))
    return c.json(toOpenAiModels(listings).find(({ x_datanet }) => x_datanet.model === model.model))
  })
  app.post('/v1/chat/completions', (c) => answer(c, components, init))
  app.notFound(() => errorResponse(refusal('ROUTE_UNKNOWN')))
  app.onError((error, c) => {
    // That a client left is no failure.
    if (!c.req.raw.signal.aborted) onError(error)
    return errorResponse(error)
  })
  return app
}

async function answer(c: Context, components: RouteComponents, { maxBodyBytes }: RouteInit) {
  const { api, now, onError } = components
  const request = parseChatRequest(
    await readJson(c.req.raw, { maxBytes: maxBodyBytes, timeoutMs: BODY_MS })
  )
  const listing = findListing(await api.models.list(), request.model)
  if (request.formParam !== undefined && listing.model.engine === 'retrieval') {
    const param = request.formParam
    throw refusal(
      'INPUT_INVALID',
      { param },
      { hint: `${param}: this model answers in plain text` }
    )
  }
  // Fires when the connection closes, by the client or by stop().
  const { signal } = c.req.raw
  const { callId, events } = await startPaidCall(components, request, { listing, signal })
  const completion = {
    model: request.model,
    callId,
    createdAtMs: now(),
    mayCall: request.form !== undefined
  }
  const headers = { 'x-datanet-call-id': callId }
  if (!request.stream) return c.json(await toCompletion(events, completion), 200, headers)

  const { includeUsage } = request
  const report = (error: unknown) => signal.aborted || onError(error)
  const chunks = toChunks(events, completion, { includeUsage, onError: report })
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(new TextEncoder().encode(value))
    },
    async cancel() {
      await chunks.return(undefined)
    }
  })
  return c.body(body, 200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache'
  })
}
