import { z } from 'zod'

const name = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, {
  error: 'lowercase words joined by dashes'
})
const label = z.string().min(1).max(256)

/** A language model that this peer may answer with, as its operator sets it up. */
export const upstreamSchema = z
  .strictObject({
    name,
    /** What the server is: which decides how it takes adapters. */
    kind: z.enum(['openai', 'vllm', 'sglang', 'llama-server', 'llama']),
    /** The base model as cards name it: providers with the same one can serve the same models. */
    base: label,
    /** Where its API begins: http://127.0.0.1:8000/v1; not for `llama`. */
    url: z.exactOptional(z.url({ protocol: /^https?$/ })),
    /** What the server calls the base; `base` unless given. */
    model: z.exactOptional(label),
    apiKey: z.exactOptional(z.string().min(1).max(1_024)),
    /** A GGUF file, for `llama`; with `cid` its hash is checked, and without a path it lies by that name. */
    path: z.exactOptional(z.string().min(1)),
    cid: z.exactOptional(
      z.string().startsWith('bafkrei', { error: 'the CID of a file, bafkrei…' })
    ),
    /** Milliseconds until its first word, between two, and in all. */
    firstMs: z.exactOptional(z.int().min(100).max(110_000)),
    idleMs: z.exactOptional(z.int().min(100).max(110_000)),
    wholeMs: z.exactOptional(z.int().min(100).max(110_000)),
    /** Answers at a time, calls that wait for a place, and how long they do at most. */
    parallel: z.exactOptional(z.int().min(1).max(1_024)),
    queue: z.exactOptional(z.int().min(0).max(4_096)),
    waitMs: z.exactOptional(z.int().min(10).max(60_000)),
    /** Adapters kept in the server's memory, and the largest rank it takes. */
    warm: z.exactOptional(z.int().min(1).max(64)),
    maxRank: z.exactOptional(z.int().min(1).max(1_024)),
    /** Where the server sees this peer's folder of adapters, if not at the same path. */
    adapterRoot: z.exactOptional(z.string().min(1))
  })
  .refine((one) => (one.kind === 'llama' ? (one.path ?? one.cid) : one.url) !== undefined, {
    error: 'a url, or for kind llama a path or a cid'
  })

/** One language model by its operator's settings. */
export type UpstreamInit = z.output<typeof upstreamSchema>
