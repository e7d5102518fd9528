import type { Libp2p } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'
import type { CatalogueEntry } from './documents.ts'
import { type ServeInit, serveExchange } from './exchange.ts'
import { PROTOCOLS } from './ids.ts'
import type { DocumentName } from './seq-guard.ts'
import { parseWire } from './wire-schema.ts'

const PER_PART = 100

/** Where a peer's documents come from. Bytes are given out as they were received or signed. */
export interface DocumentSource {
  byCid(cid: CID): Promise<Uint8Array | undefined> | Uint8Array | undefined
  newest(name: DocumentName): Promise<Uint8Array | undefined> | Uint8Array | undefined
  /** Newest first: readers stop after 10 000. */
  catalogue(): Iterable<CatalogueEntry> | AsyncIterable<CatalogueEntry>
}

const DocumentAsk = z.union([
  z.object({ cid: field.cid }),
  z.object({ name: z.object({ issuer: field.label, kind: field.label, id: field.label }) }),
  z.object({ catalogue: z.literal(true) })
])

/**
 * Serves `source` on /datanet/document/1, in pieces what no frame holds. Answers DOCUMENT_UNKNOWN for what it does not hold and
 * FRAME_MALFORMED for an ask of another form. specs/05-network.md §Documents
 */
export function serveDocuments(
  node: Libp2p,
  source: DocumentSource,
  init: ServeInit = {}
): Promise<{ stop(): Promise<void> }> {
  return serveExchange(
    node,
    PROTOCOLS.document,
    async function* (value) {
      const ask = parseWire(DocumentAsk, value)
      if ('catalogue' in ask) {
        yield* catalogueParts(source)
        return undefined
      }
      const bytes = await ('cid' in ask ? source.byCid(ask.cid) : source.newest(ask.name))
      if (bytes !== undefined) return yield* inPieces(bytes)
      const what = 'cid' in ask ? { cid: `${ask.cid}` } : ask.name
      throw new DatanetError('DOCUMENT_UNKNOWN', what)
    },
    init
  )
}

/** Pieces that fit in a frame, the last of which is the end's value. */
async function* inPieces(bytes: Uint8Array): AsyncGenerator<unknown, unknown, boolean> {
  let at = 0
  for (; bytes.byteLength - at > LIMITS.blockBytes; at += LIMITS.blockBytes) {
    if (!(yield { bytes: bytes.subarray(at, at + LIMITS.blockBytes) })) return undefined
  }
  return { bytes: bytes.subarray(at) }
}

async function* catalogueParts(source: DocumentSource): AsyncGenerator<unknown, void, boolean> {
  let entries: CatalogueEntry[] = []
  for await (const entry of source.catalogue()) {
    if (entries.push(entry) < PER_PART) continue
    if (!(yield { entries })) return
    entries = []
  }
  if (entries.length > 0) yield { entries }
}
