import { z } from 'zod'
import { isAbort } from '../../protocol/base/errors.ts'
import { readEvents } from './event-stream.ts'
import { fromProblem } from './from-problem.ts'
import { isLoopback } from './guard.ts'
import { isRecord } from './is-record.ts'
import type { Method } from './method.ts'
import type { PeerApi, ProgressOptions } from './peer-api.ts'
import { refusal } from './problem.ts'
import { PEER_API } from './schema.ts'

export interface PeerConnection {
  /** Where the daemon answers, as `api.json` in its data directory says. */
  readonly url: string
  readonly token: string
}

/** The largest event that is read: a whole list of receipts is one. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024

/**
 * The PeerApi of a running peer, over HTTP: the same results and the same codes as in its process. An
 * aborted signal ends the call at the peer as well. Refuses a URL that would carry the token over an
 * open network (CONFIG_INVALID); calls refuse with PEER_UNREACHABLE when nobody answers there and
 * PEER_GONE when the peer stops half-way.
 */
export function connectPeer(connection: PeerConnection): PeerApi {
  const base = baseOf(connection.url)
  const caller = createCaller(base, connection.token)
  const nouns = Object.entries(PEER_API).map(([noun, methods]) => {
    const bound = Object.entries<Method>(methods).map(([name, method]) => [
      name,
      caller(`${noun}/${name}`, method)
    ])
    return [noun, Object.fromEntries(bound)]
  })
  const { peer, ...rest } = Object.fromEntries(nouns)
  return { ...rest, status: peer.status } as PeerApi
}

function createCaller(base: string, token: string) {
  async function post(path: string, method: Method, argument: unknown, signal?: AbortSignal) {
    const response = await fetch(`${base}/api/v1/${path}`, {
      method: 'POST',
      // Wherever else it might point, the token is not for there.
      redirect: 'error',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: method.kind === 'call' ? 'application/json' : 'text/event-stream'
      },
      body: bodyOf(method, argument),
      ...(signal === undefined ? {} : { signal })
    }).catch((error) => {
      if (signal?.aborted === true || isAbort(error)) throw abortOf(signal, error)
      throw refusal(
        'PEER_UNREACHABLE',
        { url: base },
        { cause: error, hint: `no peer answers at ${base}` }
      )
    })
    if (response.ok) return response
    throw fromProblem(await within(response.json(), base, signal), base)
  }

  async function* events(
    path: string,
    method: Method,
    argument: unknown,
    options: ProgressOptions
  ) {
    const { signal } = options
    signal?.throwIfAborted()
    // A reader that leaves early ends the call at the peer too.
    const left = new AbortController()
    const both = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal])
    try {
      const { body } = await post(path, method, argument, both)
      if (body === null) throw refusal('PEER_GONE', { url: base })
      const read = readEvents(body, { maxBytes: MAX_EVENT_BYTES })
      for (;;) {
        const { done, value } = await within(read.next(), base, signal)
        if (done === true) throw refusal('PEER_GONE', { url: base })
        if (value.name === 'error') throw fromProblem(value.data, base)
        yield value
        if (value.name !== 'result') continue
        // Read to its end, so that the connection can carry the next call.
        await within(read.next(), base, signal)
        return
      }
    } finally {
      left.abort()
    }
  }

  async function* streamed(
    path: string,
    method: Method,
    argument: unknown,
    options: ProgressOptions
  ) {
    for await (const { name, data } of events(path, method, argument, options)) {
      if (name === 'event') yield decode(method, data)
    }
  }

  async function progressed(
    path: string,
    method: Method,
    argument: unknown,
    options: ProgressOptions
  ) {
    let result: unknown
    for await (const { name, data } of events(path, method, argument, options)) {
      if (name === 'progress') options.onProgress?.(progressSchema.parse(data))
      if (name === 'result') result = decode(method, resultIn(data))
    }
    return result
  }

  return (path: string, method: Method) =>
    (...given: readonly unknown[]) => {
      const [argument, second] = method.name === undefined ? [undefined, given[0]] : given
      const options = (second ?? {}) as ProgressOptions
      if (method.kind === 'stream') return streamed(path, method, argument, options)
      if (method.kind === 'progress') return progressed(path, method, argument, options)
      return (async () => {
        const response = await post(path, method, argument, options.signal)
        return decode(method, resultIn(await within(response.json(), base, options.signal)))
      })()
    }
}

const progressSchema = z.object({ text: z.string(), done: z.number(), total: z.number() })

function bodyOf({ name, argument }: Method, value: unknown): string {
  if (name === undefined) return '{}'
  const encoded = z.safeEncode(argument, value as never)
  if (encoded.success) return JSON.stringify({ [name]: encoded.data })
  const issue = encoded.error.issues[0]
  const param = [name, ...(issue?.path ?? [])].join('.')
  throw refusal('INPUT_INVALID', { param }, { hint: `${param}: ${issue?.message}` })
}

function decode({ result }: Method, value: unknown): unknown {
  const decoded = z.safeDecode(result, value as never)
  if (decoded.success) return decoded.data
  throw refusal('RECORD_MALFORMED', {}, { hint: 'the peer answered in a form not known here' })
}

const resultIn = (data: unknown) => (isRecord(data) ? data.result : undefined)

/** What is being read from a response: its connection may end at any time. */
async function within<T>(reading: Promise<T>, url: string, signal?: AbortSignal): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    if (signal?.aborted === true || isAbort(cause)) throw abortOf(signal, cause)
    if (cause instanceof SyntaxError) throw refusal('PROTOCOL_REFUSED', { url }, { cause })
    if (cause instanceof TypeError) throw refusal('PEER_GONE', { url }, { cause })
    throw cause
  }
}

/** The abort itself, as the caller gave it. */
function abortOf(signal: AbortSignal | undefined, error: unknown): unknown {
  return signal?.aborted === true ? signal.reason : error
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (url !== undefined && isSafe) return url.href.replace(/\/+$/, '')
  throw refusal(
    'CONFIG_INVALID',
    { url: text },
    { hint: 'the URL of a peer is http on this machine, or https' }
  )
}
