import { refusal } from './problem.ts'

export interface ReadJsonLimits {
  readonly maxBytes: number
  /** The whole body must have arrived by then. */
  readonly timeoutMs: number
}

/**
 * The JSON body of `request`. Refuses one above `maxBytes` before it is read whole
 * (REQUEST_TOO_LARGE), one that comes too slowly and one that is not JSON (INPUT_INVALID).
 */
export async function readJson(
  request: Request,
  { maxBytes, timeoutMs }: ReadJsonLimits
): Promise<unknown> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const chunks: Uint8Array[] = []
  let bytes = 0
  if (request.body !== null) {
    const reader = request.body.getReader()
    let late = false
    const timer = setTimeout(() => {
      late = true
      reader.cancel().catch(() => {})
    }, timeoutMs)
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (late)
          throw refusal('INPUT_INVALID', { timeoutMs }, { hint: 'the body came too slowly' })
        if (done) break
        bytes += value.byteLength
        if (bytes > maxBytes) {
          reader.cancel().catch(() => {})
          throw tooLarge(maxBytes)
        }
        chunks.push(value)
      }
    } finally {
      clearTimeout(timer)
    }
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
  } catch (cause) {
    throw refusal('INPUT_INVALID', {}, { hint: 'the body is not JSON', cause })
  }
}

const tooLarge = (maxBytes: number) => refusal('REQUEST_TOO_LARGE', { maxBytes })
