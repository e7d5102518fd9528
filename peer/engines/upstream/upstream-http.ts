import { type Patience, watch } from './patience.ts'
import { brokenBy, failed, refusedWith } from './upstream-error.ts'

/** What of a refusal or a list is read. */
const MAX_BODY_BYTES = 1_048_576

/** How a model server is reached. */
export interface UpstreamHttp {
  /** POSTs `body` and gives the open response; `watched` must be stopped by who reads it. */
  open(path: string, body: object, signal: AbortSignal): Promise<Response>
  /** GETs, or POSTs `body`, and gives the parsed answer, or its text where it is no JSON. */
  json(
    path: string,
    options: { readonly body?: object; readonly signal: AbortSignal }
  ): Promise<unknown>
}

/**
 * Requests to the server at `url`, whose key is in no error and no log. No redirect is followed: it
 * would take the key and the questions elsewhere. Refuses as `refusedWith` does; `json` also with
 * ENGINE_TIMEOUT.
 */
export function createUpstreamHttp(init: {
  readonly url: string
  readonly apiKey?: string | undefined
  readonly patience: Patience
}): UpstreamHttp {
  const base = init.url.replace(/\/+$/, '')
  const headers = {
    'content-type': 'application/json',
    ...(init.apiKey === undefined ? {} : { authorization: `Bearer ${init.apiKey}` })
  }

  async function send(path: string, body: object | undefined, signal: AbortSignal) {
    try {
      const response = await fetch(base + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers,
        redirect: 'error',
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      if (response.ok) return response
      throw refusedWith(response.status, response.headers, await textOf(response))
    } catch (error) {
      throw brokenBy(error)
    }
  }

  return {
    open: send,
    async json(path, { body, signal }) {
      const watched = watch(init.patience, signal)
      try {
        const text = await textOf(await send(path, body, watched.signal))
        try {
          return JSON.parse(text)
        } catch {
          return text
        }
      } catch (error) {
        throw watched.told(brokenBy(error))
      } finally {
        watched.stop()
      }
    }
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BODY_BYTES) throw failed('endless answer')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
