import { refusal } from './problem.ts'

/** One server-sent event: its name, and its data as parsed JSON. */
export interface ServerEvent {
  readonly name: string
  readonly data: unknown
}

/** The bytes of one event. */
export function encodeEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

/** No event: it only shows that the connection lives. */
export const HEARTBEAT = ': \n\n'

/**
 * The events of `body` as they come. Refuses an event above `maxBytes` (FRAME_TOO_LARGE) and data
 * that is not JSON (FRAME_MALFORMED). A stream that ends inside an event ends without it.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  { maxBytes }: { readonly maxBytes: number }
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    if (rest.length > maxBytes) throw refusal('FRAME_TOO_LARGE', { maxBytes })
    for (const block of blocks) {
      const event = parseEvent(block)
      if (event !== undefined) yield event
    }
  }
}

function parseEvent(block: string): ServerEvent | undefined {
  const fieldOf = (field: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${field}: `))
      ?.slice(field.length + 2)
  const name = fieldOf('event')
  if (name === undefined) return undefined
  try {
    return { name, data: JSON.parse(fieldOf('data') ?? '') }
  } catch (cause) {
    throw refusal('FRAME_MALFORMED', {}, { cause })
  }
}
