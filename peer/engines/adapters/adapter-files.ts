import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidFromDigest, cidOf, encodeCanonical, RAW } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { readGgufAdapter } from './gguf-header.ts'
import { rankOfSafetensors } from './safetensors-header.ts'

/** The files of an adapter: of the one kind or of the other. */
export const ADAPTER_FILES = {
  config: 'adapter_config.json',
  weights: 'adapter_model.safetensors',
  gguf: 'adapter.gguf'
} as const

/** What the files of an adapter say. */
export interface ReadAdapter {
  /** specs/06-model.md §Adapter */
  readonly cid: CID
  readonly rank: number
  /** The base it was trained on, where they name it. */
  readonly base?: string
  readonly files: readonly string[]
}

const MAX_CONFIG_BYTES = 65_536
const configSchema = z.object({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.string().min(1).max(256),
  r: z.int().min(1).max(LIMITS.adapterRank),
  bias: z.literal('none').optional(),
  modules_to_save: z.null().optional()
})

/**
 * The adapter in `folder`: every byte is hashed, and config and tensors must agree on the rank. Refuses
 * what is no low-rank adapter of floats and nothing else (ADAPTER_REFUSED).
 */
export async function readAdapter(
  folder: string,
  { signal }: { readonly signal: AbortSignal }
): Promise<ReadAdapter> {
  const { config, weights, gguf } = ADAPTER_FILES
  const at = (name: string) => join(folder, name)
  if (await isFile(at(gguf))) {
    const read = await whileOpen(at(gguf), readGgufAdapter)
    return { ...read, cid: await cidOfFiles(folder, [gguf], signal), files: [gguf] }
  }
  if (!(await isFile(at(weights))) || !(await isFile(at(config)))) {
    throw bad(`neither ${gguf} nor ${config} with ${weights}`)
  }
  const rank = await whileOpen(at(weights), rankOfSafetensors)
  const said = await whileOpen(at(config), readConfig)
  if (said.r !== rank) throw bad('tensors of another rank than the config says')
  const files = [config, weights]
  const base = said.base_model_name_or_path
  return { cid: await cidOfFiles(folder, files, signal), rank, base, files }
}

async function cidOfFiles(
  folder: string,
  names: readonly string[],
  signal: AbortSignal
): Promise<CID> {
  const files = []
  for (const name of names) {
    const hash = createHash('sha256')
    for await (const bytes of createReadStream(join(folder, name), { signal })) hash.update(bytes)
    files.push({ name, cid: cidFromDigest(hash.digest(), RAW) })
  }
  return cidOf(encodeCanonical({ kind: 'datanet.adapter/1', files }))
}

async function readConfig(file: FileHandle, bytes: number) {
  const text = bytes > MAX_CONFIG_BYTES ? '' : await file.readFile('utf8')
  const parsed = configSchema.safeParse(toJson(text))
  if (!parsed.success) throw bad(ADAPTER_FILES.config)
  return parsed.data
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false
  )
}

async function whileOpen<T>(
  path: string,
  read: (file: FileHandle, bytes: number) => Promise<T>
): Promise<T> {
  const file = await open(path, 'r')
  try {
    return await read(file, (await file.stat()).size)
  } finally {
    await file.close()
  }
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function bad(reason: string): DatanetError {
  return new DatanetError('ADAPTER_REFUSED', { reason })
}
