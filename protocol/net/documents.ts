import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { verifyCid } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'
import type { AskOptions, ExchangePool, PeerTarget } from './exchange-pool.ts'
import { PROTOCOLS } from './ids.ts'
import { createSeqGuard, type DocumentName, type SeqGuard } from './seq-guard.ts'
import { parseWire } from './wire-schema.ts'

/** Entries of one catalogue that a reader takes; a peer with more lists the newest. */
const MAX_CATALOGUE = 10_000

const labels = z.array(field.label).max(LIMITS.labels)

/** One line of a peer's catalogue: hearsay until the document itself was fetched and verified. */
export type CatalogueEntry = z.infer<typeof CatalogueEntry>
/** The wire form of a catalogue line. */
export const CatalogueEntry = z.object({
  issuer: field.label,
  kind: field.label,
  id: field.label,
  cid: field.cid,
  labels
})

const DocumentAnswer = z.object({
  bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes')
})
const CataloguePart = z.object({ entries: z.array(CatalogueEntry).max(1_000) })

/** What a document of a kind may have, in bytes: one record, but for what lists many accounts. */
const KIND_BYTES: ReadonlyMap<string, number> = new Map([['drop', LIMITS.dropBytes]])

/** Reads signed documents from other peers. `verify` must throw unless the bytes are genuine. */
export interface Documents {
  /**
   * The bytes whose CID is `cid`, one record at most. Refuses other bytes (CID_MISMATCH);
   * DOCUMENT_UNKNOWN from there.
   */
  byCid(peer: PeerTarget, cid: CID, options?: AskOptions): Promise<Uint8Array>
  /**
   * The peer's newest document of `name`, verified. Refuses one with a lower `seq` than any reader of
   * this object saw (RECORD_SUPERSEDED), and every document of a sequence number that was used twice
   * (RECORD_EQUIVOCATES, both kept in `evidence`) until a higher one is seen. Refuses one that is
   * larger than its kind may be before it is whole (RECORD_TOO_LARGE). `verify` gives the CID of what
   * was signed where the document is more than that: an envelope, a record with its approvals.
   */
  newest<T extends { readonly seq: number; readonly cid?: CID }>(
    peer: PeerTarget,
    name: DocumentName,
    verify: (bytes: Uint8Array) => T | Promise<T>,
    options?: AskOptions
  ): Promise<{ bytes: Uint8Array; document: T }>
  /** What the peer says it holds. Unverified. */
  catalogue(peer: PeerTarget, options?: AskOptions): Promise<CatalogueEntry[]>
  /** Pairs of documents that carry one (issuer, kind, id, seq). */
  readonly evidence: SeqGuard['evidence']
}

/** A reader over `pool`. Share one per process: what it remembers is what protects from replays. */
export function createDocuments(pool: ExchangePool, init: { guard?: SeqGuard } = {}): Documents {
  const guard = init.guard ?? createSeqGuard()

  /** One document, whole: in the end's value, or in pieces whose last one that is. */
  async function one(
    peer: PeerTarget,
    ask: unknown,
    maxBytes: number,
    options: AskOptions
  ): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let bytes = 0
    const take = (value: unknown) => {
      const piece = parseWire(DocumentAnswer, value).bytes
      pieces.push(piece)
      bytes += piece.byteLength
      if (bytes > maxBytes || pieces.length > LIMITS.documentPieces) {
        throw new DatanetError('RECORD_TOO_LARGE', { bytes, maxBytes, pieces: pieces.length })
      }
      return piece
    }
    const exchange = pool.ask(peer, PROTOCOLS.document, ask, options)
    // Awaited only when every piece was taken; a refused piece leaves it to nobody.
    exchange.end.catch(() => {})
    for await (const part of exchange.parts) take(part)
    const last = take(await exchange.end)
    return pieces.length === 1 ? last : Uint8Array.from(Buffer.concat(pieces))
  }

  return {
    evidence: guard.evidence,
    async byCid(peer, cid, options = {}) {
      const bytes = await one(peer, { cid }, LIMITS.recordBytes, options)
      verifyCid(cid, bytes)
      return bytes
    },
    async newest(peer, name, verify, options = {}) {
      const { issuer, kind, id } = name
      const maxBytes = KIND_BYTES.get(kind) ?? LIMITS.recordBytes
      const bytes = await one(peer, { name: { issuer, kind, id } }, maxBytes, options)
      const document = await verify(bytes)
      guard.check(name, document.seq, bytes, document.cid)
      return { bytes, document }
    },
    async catalogue(peer, options = {}) {
      const entries: CatalogueEntry[] = []
      const exchange = pool.ask(peer, PROTOCOLS.document, { catalogue: true }, options)
      for await (const part of exchange.parts) {
        entries.push(...parseWire(CataloguePart, part).entries)
        if (entries.length >= MAX_CATALOGUE) break
      }
      if (entries.length < MAX_CATALOGUE) await exchange.end
      return entries.slice(0, MAX_CATALOGUE)
    }
  }
}
