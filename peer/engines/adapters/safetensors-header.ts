import type { FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { DatanetError } from '../../../protocol/base/errors.ts'

/** What the format allows for its header is a hundred times as much; adapters need kilobytes. */
const MAX_HEADER_BYTES = 4_194_304
const BYTES_EACH: Readonly<Record<string, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 }
const PART = /\.lora_(A|B)(?:\.[\w-]+)?\.weight$/

const tensor = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(8),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)])
})

/**
 * The rank of a low-rank adapter, by the shapes of its tensors. Refuses a file that is no safetensors of
 * floats, holds more or less than its header says, or other tensors than pairs of low rank
 * (ADAPTER_REFUSED). Reads the header alone.
 */
export async function rankOfSafetensors(file: FileHandle, fileBytes: number): Promise<number> {
  const lead = Buffer.alloc(8)
  await file.read(lead, 0, 8, 0)
  const headerBytes = Number(lead.readBigUInt64LE())
  if (headerBytes > Math.min(MAX_HEADER_BYTES, fileBytes - 8)) throw bad('no safetensors')
  const header = Buffer.alloc(headerBytes)
  await file.read(header, 0, headerBytes, 8)
  const { __metadata__: _, ...tensors } = toJson(header.toString('utf8'))
  const ranks = new Set<number>()
  let held = 0
  for (const [name, value] of Object.entries(tensors)) {
    const parsed = tensor.safeParse(value)
    const part = PART.exec(name)?.[1]
    if (!parsed.success || part === undefined) throw bad(`another tensor: ${name.slice(0, 64)}`)
    const { dtype, shape, data_offsets } = parsed.data
    const [from, to] = data_offsets
    const size = shape.reduce((product, side) => product * side, BYTES_EACH[dtype] ?? Number.NaN)
    if (to - from !== size) throw bad('a tensor of another size')
    held += size
    ranks.add(part === 'A' ? (shape[0] as number) : (shape[1] as number))
  }
  if (8 + headerBytes + held !== fileBytes) throw bad('more or less than its header says')
  const [rank] = ranks
  if (rank === undefined || ranks.size > 1) throw bad('tensors of several ranks')
  return rank
}

function toJson(text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  } catch {
    throw bad('no safetensors')
  }
}

function bad(reason: string): DatanetError {
  return new DatanetError('ADAPTER_REFUSED', { reason })
}
