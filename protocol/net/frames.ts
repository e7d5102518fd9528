import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import { decodeCanonical, encodeCanonical } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'

/** Unread frames a stream may hold in memory before its sender is told to wait. */
const HIGH_WATER_BYTES = 1_048_576
/** Four 7-bit groups reach 256 MiB, far over any limit; a longer prefix cannot be honest. */
const MAX_PREFIX_BYTES = 4
/** Frames handled before the process may do other things: neither side waits by itself while it can go on. */
const FRAMES_PER_TURN = 64

/** Frames over one stream: canonical dag-cbor values behind a varint length. specs/05-network.md */
export interface FrameStream {
  readonly stream: Stream
  /** Settles, and never rejects, once nothing more can be sent on the stream. */
  readonly closed: Promise<void>
  /**
   * The next value, or `undefined` after a clean end. One read at a time. Throws FRAME_TOO_LARGE and
   * FRAME_MALFORMED, after which nothing more can be read, and the stream's own error when it is lost.
   */
  read(): Promise<unknown>
  /**
   * Hands the values over in one send and waits until the remote can take more. Refuses a value over
   * the limit before sending anything (FRAME_TOO_LARGE). Throws the stream's error when it is lost.
   */
  write(...values: unknown[]): Promise<void>
}

/** Frames over `stream`, which nothing else may read from or write to. */
export function createFrames(stream: Stream, init: { maxFrameBytes?: number } = {}): FrameStream {
  const maxBytes = init.maxFrameBytes ?? LIMITS.frameBytes
  const decoder = createFrameDecoder(maxBytes)
  const queue: Uint8Array[] = []
  let queuedBytes = 0
  let failed: Error | undefined
  let wake: (() => void) | undefined
  let reads = 0
  let writes = 0
  const closing = Promise.withResolvers<void>()
  const ring = () => {
    wake?.()
    wake = undefined
  }

  stream.addEventListener('message', (event) => {
    if (failed !== undefined) return
    try {
      for (const frame of decoder.feed(event.data.subarray())) {
        queue.push(frame)
        queuedBytes += frame.byteLength
      }
    } catch (error) {
      failed = error as Error
      // What follows is noise: let the sender wait instead of filling memory with it.
      if (stream.readStatus === 'readable') stream.pause()
    }
    if (queuedBytes > HIGH_WATER_BYTES && stream.readStatus === 'readable') stream.pause()
    ring()
  })
  stream.addEventListener('remoteCloseWrite', ring)
  stream.addEventListener('close', (event) => {
    failed ??= event.error
    closing.resolve()
    ring()
  })
  if (stream.status !== 'open') closing.resolve()

  return {
    stream,
    closed: closing.promise,
    async read() {
      for (;;) {
        const frame = queue.shift()
        if (frame !== undefined) {
          queuedBytes -= frame.byteLength
          if (++reads % FRAMES_PER_TURN === 0) await nextTurn()
          if (queuedBytes <= HIGH_WATER_BYTES && failed === undefined) {
            if (stream.readStatus === 'paused') stream.resume()
          }
          return decodeFrame(frame, maxBytes)
        }
        if (failed !== undefined) throw failed
        if (stream.remoteWriteStatus !== 'writable' || stream.status !== 'open') {
          if (decoder.inFrame) throw new DatanetError('FRAME_MALFORMED', { reason: 'cut short' })
          return undefined
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async write(...values) {
      const bytes = encodeFrames(values, maxBytes)
      if (!stream.send(bytes)) await drained(stream)
      else if (++writes % FRAMES_PER_TURN === 0) await nextTurn()
    }
  }
}

/**
 * Cuts a byte stream into frames. `feed` returns the frames that `chunk` completed and throws, for
 * good, FRAME_TOO_LARGE for a length over `maxBytes` and FRAME_MALFORMED for a length that is empty
 * or not minimal.
 */
export function createFrameDecoder(maxBytes: number): {
  feed(chunk: Uint8Array): Uint8Array[]
  readonly inFrame: boolean
} {
  let length = 0
  let prefixBytes = 0
  let missing: number | undefined
  let parts: Uint8Array[] = []

  function prefix(byte: number): void {
    length += (byte & 0x7f) * 2 ** (7 * prefixBytes)
    prefixBytes += 1
    if (byte > 0x7f) {
      if (prefixBytes < MAX_PREFIX_BYTES) return
      throw new DatanetError('FRAME_TOO_LARGE', { maxBytes })
    }
    if (byte === 0) throw new DatanetError('FRAME_MALFORMED', { reason: 'length' })
    if (length > maxBytes) throw new DatanetError('FRAME_TOO_LARGE', { bytes: length, maxBytes })
    missing = length
  }

  return {
    feed(chunk) {
      const frames: Uint8Array[] = []
      let at = 0
      while (at < chunk.byteLength) {
        if (missing === undefined) {
          prefix(chunk[at] as number)
          at += 1
          continue
        }
        const part = chunk.subarray(at, at + missing)
        parts.push(part)
        at += part.byteLength
        missing -= part.byteLength
        if (missing > 0) break
        frames.push(parts.length === 1 ? part : Buffer.concat(parts, length))
        length = 0
        prefixBytes = 0
        missing = undefined
        parts = []
      }
      return frames
    },
    get inFrame() {
      return prefixBytes > 0
    }
  }
}

/** The bytes of `values` as frames, each behind its length. Refuses FRAME_TOO_LARGE. */
export function encodeFrames(values: readonly unknown[], maxBytes: number): Uint8Array {
  const pieces: Uint8Array[] = []
  for (const value of values) {
    const bytes = encodeCanonical(value)
    if (bytes.byteLength > maxBytes) {
      throw new DatanetError('FRAME_TOO_LARGE', { bytes: bytes.byteLength, maxBytes })
    }
    const prefix: number[] = []
    let rest = bytes.byteLength
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) prefix.push((rest % 128) + 128)
    prefix.push(rest)
    pieces.push(Uint8Array.from(prefix), bytes)
  }
  return Buffer.concat(pieces)
}

/** Waits for room at the remote. Not `stream.onDrain()`: that one waits the first time only. */
function drained(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (event: Event) => {
      stream.removeEventListener('drain', settle)
      stream.removeEventListener('close', settle)
      if (event.type === 'drain') resolve()
      else reject(new Error('the stream closed while data was waiting'))
    }
    stream.addEventListener('drain', settle)
    stream.addEventListener('close', settle)
    if (!stream.writableNeedsDrain && stream.status === 'open') settle(new Event('drain'))
    else if (stream.status !== 'open' && stream.status !== 'closing') settle(new Event('close'))
  })
}

function decodeFrame(bytes: Uint8Array, maxBytes: number): unknown {
  try {
    return decodeCanonical(bytes, maxBytes)
  } catch (cause) {
    throw new DatanetError('FRAME_MALFORMED', { bytes: bytes.byteLength }, { cause })
  }
}
