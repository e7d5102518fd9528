import { DatanetError } from '../base/errors.ts'

/** What a signed document is known by: who issues it, what it is, which one of the issuer's. */
export interface DocumentName {
  readonly issuer: string
  readonly kind: string
  readonly id: string
}

/** Two documents of one name and sequence number: proof that their issuer told two stories. */
export interface Equivocation extends DocumentName {
  readonly seq: number
  readonly documents: readonly [Uint8Array, Uint8Array]
}

/** Remembers the newest document seen of each name, so that an older one cannot be played back. */
export interface SeqGuard {
  /**
   * Accepts `bytes` as the newest of `name`, or refuses it: RECORD_SUPERSEDED below the highest seq
   * seen, RECORD_EQUIVOCATES for other bytes at the same seq and for either of them afterwards.
   */
  check(name: DocumentName, seq: number, bytes: Uint8Array): void
  readonly evidence: readonly Equivocation[]
}

interface Seen {
  readonly seq: number
  readonly bytes: Uint8Array
  readonly twice: boolean
}

/** A guard over the last `names` names (default 10 000), in memory. specs/05-network.md §Documents */
export function createSeqGuard(init: { names?: number; evidence?: number } = {}): SeqGuard {
  const maxNames = init.names ?? 10_000
  const maxEvidence = init.evidence ?? 100
  const seen = new Map<string, Seen>()
  const evidence: Equivocation[] = []

  function remember(key: string, entry: Seen): void {
    seen.delete(key)
    seen.set(key, entry)
    // Past the bound the name that was unused the longest is forgotten: Map keeps that order.
    const oldest = seen.keys().next()
    if (seen.size > maxNames && oldest.done !== true) seen.delete(oldest.value)
  }

  return {
    evidence,
    check(name, seq, bytes) {
      const key = JSON.stringify([name.issuer, name.kind, name.id])
      const last = seen.get(key)
      if (last !== undefined && seq < last.seq) {
        throw new DatanetError('RECORD_SUPERSEDED', { ...plain(name), seq, known: last.seq })
      }
      if (last === undefined || seq > last.seq) return remember(key, { seq, bytes, twice: false })
      const same = Buffer.compare(last.bytes, bytes) === 0
      if (same && !last.twice) return remember(key, last)
      if (!same && !last.twice) {
        if (evidence.length >= maxEvidence) evidence.shift()
        evidence.push({ ...plain(name), seq, documents: [last.bytes, bytes] })
        remember(key, { ...last, twice: true })
      }
      throw new DatanetError('RECORD_EQUIVOCATES', { ...plain(name), seq })
    }
  }
}

function plain({ issuer, kind, id }: DocumentName): DocumentName {
  return { issuer, kind, id }
}
