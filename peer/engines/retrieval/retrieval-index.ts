import { z } from 'zod'
import { encodeCanonical, sha256 } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { decodeRecord, encodeRecord, field } from '../../../protocol/base/schema.ts'
import type { EnginePassage } from '../engine.ts'
import { type Calibration, calibrate } from './calibrate.ts'
import { type Corpus, readCorpus } from './corpus.ts'
import type { Vectors } from './dense.ts'
import { type Embedder, loadEmbedder } from './embedder.ts'
import { createFind } from './finding.ts'
import { type Window, windowsEach, windowsOf } from './windows.ts'

/** A built index in memory: what the retrieval engine answers from. */
export interface RetrievalIndex {
  readonly corpus: Corpus
  /** The windows of each passage; absent in an index built without embeddings. */
  readonly vectors?: Vectors
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

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

const artefact = z.strictObject({
  kind: z.literal('datanet.retrieval/2'),
  /** Contribution and digest of each passage, by contribution: no words, so nothing to withdraw. */
  passages: z.array(z.strictObject({ contribution: field.label, digest: field.bytes(32) })),
  dense: z
    .strictObject({
      model: field.label,
      modelHash: field.label,
      dimensions: z.int().min(1).max(4_096),
      /** How many windows each passage has, one byte each, in the order of `passages`. */
      windows: bytes,
      /** int8 rows, window after window. */
      vectors: bytes,
      calibration
    })
    .optional(),
  lexical: calibration
})

type Artefact = z.output<typeof artefact>

const MAX_ARTEFACT_BYTES = 268_435_456

/** What an earlier build of the same Datanet left: what has not changed is not made again. */
export interface EarlierBuild {
  readonly artefact: Uint8Array
  readonly corpus?: Corpus
}

/**
 * The canonical bytes of an index over `passages`, whatever order they come in. They hold digests,
 * vectors and calibrations, and no word of any contribution. Without the optional embedding
 * packages the index is lexical. With `previous` only new and changed passages are embedded; the
 * bytes are the same as without. Refuses no passages, and two of one contribution (INPUT_INVALID).
 */
export async function buildRetrievalIndex(
  passages: readonly EnginePassage[],
  options: {
    readonly signal: AbortSignal
    readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
    /** `undefined` looks for the installed one; `false` builds without. */
    readonly embedder?: Embedder | false
    readonly previous?: EarlierBuild | undefined
  }
): Promise<Uint8Array> {
  const { signal, onProgress, previous } = options
  const sorted = inOrder(passages)
  if (sorted.length === 0) throw new DatanetError('INPUT_INVALID', { passages: 0 })
  const corpus = readCorpus(sorted, { previous: previous?.corpus })
  const lexical = await calibrate(corpus, createFind({ corpus }), { signal })
  const digests = sorted.map((passage) => ({
    contribution: passage.contribution,
    digest: digestOfPassage(passage)
  }))
  const record = { kind: 'datanet.retrieval/2' as const, passages: digests, lexical }
  const embedder = options.embedder ?? (await loadEmbedder())
  if (embedder === undefined || embedder === false) return encodeRecord(artefact, record)
  const kept = previous === undefined ? undefined : keptRows(previous.artefact, embedder)
  const rows: Int8Array[] = []
  const windows = new Uint8Array(sorted.length)
  const atMost = windowsEach(sorted.length)
  for (const [done, passage] of sorted.entries()) {
    const pieces = windowsOf(passage, atMost)
    const before = kept?.(passage, pieces.length)
    const own = before ?? (await embedAll(pieces, embedder, signal))
    windows[done] = pieces.length
    rows.push(own)
    onProgress?.({ done: done + 1, total: sorted.length })
  }
  const vectors = toVectors(joined(rows), windows)
  const find = createFind({ corpus, vectors, embedder })
  const dense = {
    model: embedder.model,
    modelHash: embedder.modelHash,
    dimensions: embedder.dimensions,
    windows,
    vectors: new Uint8Array(vectors.rows.buffer, vectors.rows.byteOffset, vectors.rows.length),
    calibration: await calibrate(corpus, find, { signal })
  }
  return encodeRecord(artefact, { ...record, dense })
}

async function embedAll(
  pieces: readonly Window[],
  embedder: Embedder,
  signal: AbortSignal
): Promise<Int8Array> {
  const rows: Int8Array[] = []
  for (const { text } of pieces) rows.push(await embedder.embed(text, { signal }))
  return joined(rows)
}

/** The rows of an earlier artefact by passage, where nothing about it has changed. */
function keptRows(
  earlier: Uint8Array,
  embedder: Embedder
): ((passage: EnginePassage, windows: number) => Int8Array | undefined) | undefined {
  const record = readEarlier(earlier)
  if (record?.dense?.modelHash !== embedder.modelHash) return undefined
  const { rows, firstRow } = vectorsOf(record.dense)
  const { dimensions } = record.dense
  const places = new Map(record.passages.map(({ contribution }, place) => [contribution, place]))
  return (passage, windows) => {
    const place = places.get(passage.contribution)
    const known = place === undefined ? undefined : record.passages[place]
    if (place === undefined || !known || !equal(known.digest, digestOfPassage(passage))) {
      return undefined
    }
    const [from, to] = [firstRow[place] as number, firstRow[place + 1] as number]
    return to - from === windows ? rows.subarray(from * dimensions, to * dimensions) : undefined
  }
}

/** What an earlier version of this engine or another one left is of no use, and no harm either. */
function readEarlier(bytes: Uint8Array): Artefact | undefined {
  try {
    return decodeRecord(artefact, bytes, MAX_ARTEFACT_BYTES)
  } catch (error) {
    if (isDatanetError(error)) return undefined
    throw error
  }
}

/**
 * The index in `bytes` over the passages that are still there: those that were withdrawn since it
 * was built are simply not given, and are then in no answer. Refuses what is not an artefact
 * (RECORD_MALFORMED, RECORD_NOT_CANONICAL) and a passage it was not built from, or whose words
 * differ (REVISION_INVALID). `previous` is an index in memory that shares most passages: what it
 * has read is not read again.
 */
export function loadRetrievalIndex(
  bytes: Uint8Array,
  passages: readonly EnginePassage[],
  options: { readonly previous?: RetrievalIndex | undefined } = {}
): RetrievalIndex {
  const record = decodeRecord(artefact, bytes, MAX_ARTEFACT_BYTES)
  const places = new Map(record.passages.map(({ contribution }, place) => [contribution, place]))
  if (places.size !== record.passages.length) {
    throw new DatanetError('RECORD_MALFORMED', { field: 'passages' })
  }
  const sorted = inOrder(passages)
  const present = sorted.map((passage) => {
    const place = places.get(passage.contribution)
    const expected = place === undefined ? undefined : record.passages[place]?.digest
    if (place === undefined || !expected || !equal(expected, digestOfPassage(passage))) {
      throw new DatanetError('REVISION_INVALID', { contribution: passage.contribution })
    }
    return place
  })
  const { dense } = record
  const all = dense === undefined ? undefined : vectorsOf(dense)
  const index = {
    corpus: readCorpus(sorted, { previous: options.previous?.corpus }),
    lexical: record.lexical,
    missing: record.passages.length - sorted.length
  }
  if (dense === undefined || all === undefined) return index
  const vectors = present.length === record.passages.length ? all : only(present, all, dense)
  return { ...index, base: dense.model, hybrid: dense.calibration, vectors }
}

/** Refuses rows that are not what the windows say (RECORD_MALFORMED). */
function vectorsOf(dense: NonNullable<Artefact['dense']>): Vectors {
  const { windows, vectors, dimensions } = dense
  const all = toVectors(new Int8Array(vectors.buffer, vectors.byteOffset, vectors.length), windows)
  if (all.firstRow.at(-1) !== vectors.length / dimensions) {
    throw new DatanetError('RECORD_MALFORMED', { field: 'vectors' })
  }
  return all
}

function only(
  places: readonly number[],
  { rows, firstRow }: Vectors,
  { windows, dimensions }: NonNullable<Artefact['dense']>
): Vectors {
  const kept = places.map((place) => {
    const [from, to] = [firstRow[place] as number, firstRow[place + 1] as number]
    return rows.subarray(from * dimensions, to * dimensions)
  })
  return toVectors(
    joined(kept),
    Uint8Array.from(places, (place) => windows[place] as number)
  )
}

function toVectors(rows: Int8Array, windows: Uint8Array): Vectors {
  const firstRow = new Uint32Array(windows.length + 1)
  for (const [place, count] of windows.entries()) {
    firstRow[place + 1] = (firstRow[place] as number) + count
  }
  return { rows, firstRow }
}

function joined(parts: readonly Int8Array[]): Int8Array {
  const whole = new Int8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
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
