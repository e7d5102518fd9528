import type { TextEnd, TextRequest } from '../text-model.ts'
import { type ChatTarget, chatBody } from './chat-body.ts'
import { createChatParts } from './chat-parts.ts'
import { PATIENCE, type Patience, watch } from './patience.ts'
import { sseData } from './sse-lines.ts'
import { brokenBy, failed } from './upstream-error.ts'
import { createUpstreamHttp, type UpstreamHttp } from './upstream-http.ts'

/** Chat with one server of the OpenAI API. */
export interface ChatClient {
  readonly http: UpstreamHttp
  /**
   * Streams an answer of `target.model`; with `isExact` of no other. Refuses as TextModel.generate does.
   */
  chat(
    request: TextRequest,
    target: ChatTarget & { readonly isExact?: boolean },
    options: { readonly signal: AbortSignal }
  ): AsyncGenerator<string, TextEnd>
}

/** A client of the server whose API begins at `url` (`http://127.0.0.1:8000/v1`). */
export function createChatClient(init: {
  readonly url: string
  readonly apiKey?: string | undefined
  readonly patience?: Partial<Patience>
}): ChatClient {
  const patience = { ...PATIENCE, ...init.patience }
  const http = createUpstreamHttp({ url: init.url, apiKey: init.apiKey, patience })
  return {
    http,
    async *chat(request, target, { signal }) {
      signal.throwIfAborted()
      const watched = watch(patience, signal)
      try {
        const body = chatBody(request, target)
        const response = await http.open('/chat/completions', body, watched.signal)
        const parts = createChatParts(target.isExact === true ? { expected: target.model } : {})
        for await (const data of dataOf(response, watched.seen)) {
          if (data === '[DONE]') break
          const text = parts.take(data)
          if (text !== '') yield text
        }
        return parts.end()
      } catch (error) {
        throw watched.told(brokenBy(error))
      } finally {
        watched.stop()
      }
    }
  }
}

/** Server-sent events, or the one JSON of a server that does not stream. */
async function* dataOf(response: Response, onBytes: () => void): AsyncGenerator<string> {
  const { body, headers } = response
  if (body === null) throw failed('no text')
  if (headers.get('content-type')?.includes('json') !== true)
    return yield* sseData(body, { onBytes })
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    onBytes()
    text += decoder.decode(chunk, { stream: true })
    if (text.length > 16_777_216) throw failed('endless answer')
  }
  yield text
}
