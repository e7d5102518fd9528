import { failed } from './upstream-error.ts'

/** One event, and all of one answer, that is read: far beyond any honest one. */
const MAX_EVENT_CHARACTERS = 1_048_576
const MAX_ANSWER_BYTES = 16_777_216

/** The data of each server-sent event of `body`. Refuses events and answers without end (ENGINE_FAILED). */
export async function* sseData(
  body: ReadableStream<Uint8Array>,
  { onBytes }: { readonly onBytes: () => void }
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let kept = ''
  let read = 0
  let data: string[] = []
  for await (const bytes of body) {
    onBytes()
    read += bytes.byteLength
    kept += decoder.decode(bytes, { stream: true })
    if (read > MAX_ANSWER_BYTES || kept.length > MAX_EVENT_CHARACTERS)
      throw failed('endless answer')
    const lines = kept.split(/\r\n|\n|\r(?!$)/)
    kept = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '' && data.length > 0) {
        yield data.join('\n')
        data = []
      } else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
    }
  }
  const last = kept.startsWith('data:') ? [...data, kept.slice(5).trim()] : data
  if (last.length > 0) yield last.join('\n')
}
