// Chapter 05, exchanges: one ask and its answer on a kept stream between two peers.
import { concat, frame, isMap, LIMITS, Refusal, refuse, unframe } from './codec.mjs'
import { codeOf } from './errors.mjs'

export const FROM_CALLER = ['ask', 'more', 'stop']
export const FROM_SERVER = ['part', 'end', 'error']

/** A stream of one protocol, kept for one exchange after the other. */
export async function connect(node, peer, protocol) {
  const stream = await node.dialProtocol(peer, protocol)
  const frames = reader(stream)
  let asks = 1
  return {
    ask: (value) => exchange(stream, frames, asks++, value),
    /** Sends bytes as they are. */
    raw: (bytes) => {
      stream.send(bytes)
      return answerTo(stream, frames, asks++)
    },
    close: () => stream.close()
  }
}

function reader(stream) {
  let buffer = new Uint8Array(0)
  const chunks = stream[Symbol.asyncIterator]()
  return async () => {
    for (;;) {
      const found = unframe(buffer)
      if (found !== undefined) {
        buffer = found.rest
        return found.value
      }
      const next = await inTime(chunks.next())
      if (next.done) refuse('PEER_GONE', 'the stream ended')
      buffer = concat(buffer, next.value.subarray())
    }
  }
}

async function inTime(promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Refusal('PEER_SILENT')), LIMITS.exchangeMs)
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function exchange(stream, frames, id, value) {
  stream.send(frame({ t: 'ask', id, v: value }))
  return answerTo(stream, frames, id)
}

function answerTo(stream, frames, id) {
  const send = (t, v) => stream.send(frame(v === undefined ? { t, id } : { t, id, v }))
  return {
    more: (v) => send('more', v),
    stop: () => send('stop'),
    /** The next `part`, or the `end`; an `error` is thrown. */
    next: async () => {
      const { t, id: of, v } = readFrame(await frames(), FROM_SERVER)
      const isOfStream = t === 'error' && of === 0
      if (of !== id && !isOfStream) refuse('FRAME_MALFORMED', 'of another exchange')
      if (t === 'error') throw readError(v)
      return { isEnd: t === 'end', value: v }
    }
  }
}

/** One frame as a map of `t`, `id` and `v`; other keys are ignored. */
export function readFrame(said, words) {
  const isFrame = isMap(said) && words.includes(said.t)
  if (!isFrame || !Number.isSafeInteger(said.id) || said.id < 0) refuse('FRAME_MALFORMED')
  return said.v === undefined ? { t: said.t, id: said.id } : { t: said.t, id: said.id, v: said.v }
}

/** What the other peer says went wrong: its code decides, its text is cut and made harmless. */
export function readError(value) {
  const { code, text } = isMap(value) ? value : {}
  const said = typeof text === 'string' ? text : ''
  return new Refusal(codeOf(code), said.replace(/\p{Cc}/gu, ' ').slice(0, LIMITS.remoteTextBytes))
}

/** Asks once and takes the parts and the end. */
export async function askOnce(node, peer, protocol, value) {
  const line = await connect(node, peer, protocol)
  try {
    const answer = line.ask(value)
    const parts = []
    for (;;) {
      const step = await answer.next()
      if (step.isEnd) return { parts, end: step.value }
      parts.push(step.value)
    }
  } finally {
    await line.close().catch(() => undefined)
  }
}
