import type { FileHandle } from 'node:fs/promises'
import { DatanetError } from '../../../protocol/base/errors.ts'

/** Of an adapter's header; that of a whole model holds its vocabulary and is longer. */
const MAX_HEADER_BYTES = 4_194_304
const MAX_ITEMS = 65_536
const STRING = 8
const ARRAY = 9
/** Bytes of the other value types, by number: 8, 16, 32 bits, a float, a truth, 64 bits. */
const FIXED = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8]

/**
 * The rank of a low-rank adapter in a GGUF file, and the base it names, if it names one. Refuses what is
 * no GGUF, no adapter, or has tensors of several ranks (ADAPTER_REFUSED). Reads the header alone.
 */
export async function readGgufAdapter(
  file: FileHandle,
  fileBytes: number
): Promise<{ readonly rank: number; readonly base?: string }> {
  const bytes = Buffer.alloc(Math.min(MAX_HEADER_BYTES, fileBytes))
  await file.read(bytes, 0, bytes.length, 0)
  try {
    return readHeader(bytes)
  } catch (cause) {
    if (cause instanceof DatanetError) throw cause
    throw bad('no GGUF')
  }
}

function readHeader(bytes: Buffer): { rank: number; base?: string } {
  let at = 0
  const skip = (length: number): number => {
    const from = at
    at += length
    if (at > bytes.length) throw bad('no GGUF')
    return from
  }
  const u32 = () => bytes.readUInt32LE(skip(4))
  const u64 = () => Number(bytes.readBigUInt64LE(skip(8)))
  const text = () => {
    const length = u64()
    const from = skip(length)
    return bytes.toString('utf8', from, from + length)
  }
  function value(type: number): string | undefined {
    if (type === STRING) return text()
    if (type === ARRAY) {
      const inner = u32()
      const items = u64()
      if (items > bytes.length) throw bad('no GGUF')
      for (let item = 0; item < items; item++) value(inner)
      return undefined
    }
    skip(FIXED[type] || bytes.length)
    return undefined
  }

  if (bytes.toString('latin1', 0, 4) !== 'GGUF') throw bad('no GGUF')
  skip(4)
  if (u32() < 2) throw bad('an old GGUF')
  const tensors = u64()
  const keys = u64()
  if (Math.max(tensors, keys) > MAX_ITEMS) throw bad('no GGUF')
  const said = new Map<string, string | undefined>()
  for (let key = 0; key < keys; key++) {
    const name = text()
    said.set(name, value(u32()))
  }
  if (said.get('general.type') !== 'adapter' || said.get('adapter.type') !== 'lora') {
    throw bad('a GGUF that is no adapter')
  }
  const ranks = new Set<number>()
  for (let tensor = 0; tensor < tensors; tensor++) {
    const name = text()
    const sides = Array.from({ length: Math.min(8, u32()) }, u64)
    skip(12)
    // GGUF counts sides from the innermost: A is in × rank, B is rank × out.
    if (name.endsWith('.lora_a')) ranks.add(sides[1] ?? 0)
    else if (name.endsWith('.lora_b')) ranks.add(sides[0] ?? 0)
    else throw bad(`another tensor: ${name.slice(0, 64)}`)
  }
  const [rank = 0] = ranks
  if (ranks.size !== 1 || rank < 1) throw bad('tensors of several ranks')
  const base = said.get('general.base_model.0.name')
  return base === undefined ? { rank } : { rank, base }
}

function bad(reason: string): DatanetError {
  return new DatanetError('ADAPTER_REFUSED', { reason })
}
