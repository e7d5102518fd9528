import { z } from 'zod'
import { encodeCanonical, sha256 } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { decodeRecord, encodeRecord, field } from '../../../protocol/base/schema.ts'
import type { EnginePassage } from '../engine.ts'
import { type Calibration, calibrate, probesOf } from './calibrate.ts'
import { type Corpus, readCorpus } from './corpus.ts'
import { type Embedder, loadEmbedder } from './embedder.ts'

/** A built index in memory: what the retrieval engine answers from. */
export interface RetrievalIndex {
  readonly corpus: Corpus
  /** One vector a passage, in corpus order; absent in an index built without embeddings. */
  readonly vectors?: readonly Int8Array[]
  readonly base?: string
  /** Calibrated for search with embeddings, and for search without. */
  readonly hybrid?: Calibration
  readonly lexical: Calibration
  /** Passages the index was built from that are not here any more. */
  readonly missing: number
}

const calibration = z.strictObject({
  abstainBelowPpm: field.ppm,
  questions: field.count,
  answered: field.count,
  falselyAnswered: field.count
})

const artefact = z.strictObject({
  kind: z.literal('datanet.retrieval/1'),
  /** Contribution and digest of each passage, by contribution: no words, so nothing to withdraw. */
  passages: z.array(z.strictObject({ contribution: field.label, digest: field.bytes(32) })),
  dense: z
    .strictObject({
      model: field.label,
      modelHash: field.label,
      /** int8 rows in the order of `passages`. */
      vectors: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
      calibration
    })
    .optional(),
  lexical: calibration
})

const MAX_ARTEFACT_BYTES = 67_108_864
/** The beginning of a passage says what it is about; embedding more costs more and finds less. */
const EMBEDDED_CHARACTERS = 300

/**
 * The canonical bytes of an index over `passages`, whatever order they come in. They hold digests,
 * vectors and calibrations, and no word of any contribution. Without the optional embedding
 * packages the index is lexical. Refuses no passages, and two of one contribution (INPUT_INVALID).
 */
export async function buildRetrievalIndex(
  passages: readonly EnginePassage[],
  options: {
    readonly signal: AbortSignal
    readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
    /** `undefined` looks for the installed one; `false` builds without. */
    readonly embedder?: Embedder | false
  }
): Promise<Uint8Array> {
  const { signal, onProgress } = options
  const sorted = inOrder(passages)
  if (sorted.length === 0) throw new DatanetError('INPUT_INVALID', { passages: 0 })
  const corpus = readCorpus(sorted)
  const probes = probesOf(corpus)
  const lexical = await calibrate(corpus, probes, { signal })
  const digests = sorted.map((passage) => ({
    contribution: passage.contribution,
    digest: digestOfPassage(passage)
  }))
  const record = { kind: 'datanet.retrieval/1' as const, passages: digests, lexical }
  const embedder = options.embedder ?? (await loadEmbedder())
  if (embedder === undefined || embedder === false) return encodeRecord(artefact, record)
  const total = sorted.length + probes.length
  const embed = async (text: string, done: number): Promise<Int8Array> => {
    const vector = await embedder.embed(text, { signal })
    onProgress?.({ done: done + 1, total })
    return vector
  }
  const vectors: Int8Array[] = []
  for (const [done, { title, text }] of sorted.entries()) {
    vectors.push(await embed(`${title}. ${text.slice(0, EMBEDDED_CHARACTERS)}`, done))
  }
  const asked = []
  for (const [done, probe] of probes.entries()) {
    asked.push({ ...probe, vector: await embed(probe.question, sorted.length + done) })
  }
  const dense = {
    model: embedder.model,
    modelHash: embedder.modelHash,
    vectors: Uint8Array.from(vectors.flatMap((vector) => [...new Uint8Array(vector.buffer)])),
    calibration: await calibrate(corpus, asked, { signal, vectors })
  }
  return encodeRecord(artefact, { ...record, dense })
}

/**
 * The index in `bytes` over the passages that are still there: those that were withdrawn since it
 * was built are simply not given, and are then in no answer. Refuses what is not an artefact
 * (RECORD_MALFORMED, RECORD_NOT_CANONICAL) and a passage it was not built from, or whose words
 * differ (REVISION_INVALID).
 */
export function loadRetrievalIndex(
  bytes: Uint8Array,
  passages: readonly EnginePassage[]
): RetrievalIndex {
  const record = decodeRecord(artefact, bytes, MAX_ARTEFACT_BYTES)
  const rows = new Map(record.passages.map(({ contribution }, row) => [contribution, row]))
  const dimensions = (record.dense?.vectors.byteLength ?? 0) / (record.passages.length || 1)
  if (rows.size !== record.passages.length || !Number.isInteger(dimensions)) {
    throw new DatanetError('RECORD_MALFORMED', { field: 'passages' })
  }
  const sorted = inOrder(passages)
  const present = sorted.map((passage) => {
    const row = rows.get(passage.contribution)
    const expected = row === undefined ? undefined : record.passages[row]?.digest
    if (row === undefined || !expected || !equal(expected, digestOfPassage(passage))) {
      throw new DatanetError('REVISION_INVALID', { contribution: passage.contribution })
    }
    return row
  })
  const index = {
    corpus: readCorpus(sorted),
    lexical: record.lexical,
    missing: record.passages.length - sorted.length
  }
  if (record.dense === undefined) return index
  const all = Int8Array.from(new Int8Array(record.dense.vectors))
  return {
    ...index,
    base: record.dense.model,
    hybrid: record.dense.calibration,
    vectors: present.map((row) => all.subarray(row * dimensions, (row + 1) * dimensions))
  }
}

function inOrder(passages: readonly EnginePassage[]): readonly EnginePassage[] {
  const sorted = [...passages].sort((a, b) => (a.contribution < b.contribution ? -1 : 1))
  for (const [index, { contribution }] of sorted.entries()) {
    if (sorted[index + 1]?.contribution === contribution) {
      throw new DatanetError('INPUT_INVALID', { contribution, reason: 'twice' })
    }
  }
  return sorted
}

function digestOfPassage({ title, text, contributor }: EnginePassage): Uint8Array {
  return sha256(encodeCanonical([title, text, contributor]))
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
