import type { CID } from 'multiformats/cid'
import { cidOf } from '../base/codec.ts'
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
   * seen, RECORD_EQUIVOCATES for another body at the same seq and for either of them afterwards.
   * `cid` is of the body that was signed; without it the bytes are the body. Anybody can put a body
   * in another wrapping, which must not tell on who signed it.
   */
  check(name: DocumentName, seq: number, bytes: Uint8Array, cid?: CID): void
  readonly evidence: readonly Equivocation[]
}

/** Pairs held in memory; with more the oldest go. */
const MAX_EVIDENCE = 100

interface Seen {
  readonly seq: number
  readonly bytes: Uint8Array
  readonly body: string
  readonly twice: boolean
}

/** What a guard starts from, and how much it may remember. */
export interface SeqGuardInit {
  /** Default 10 000, and 64 MiB of their documents. */
  readonly names?: number
  readonly bytes?: number
  /** What was found before: neither document of a pair is accepted again. */
  readonly evidence?: readonly Equivocation[]
  /** Told of each pair as it is found, before the document is refused: to keep it for good. */
  readonly onEvidence?: (pair: Equivocation) => void
}

/** A guard over the names that were used last, in memory. specs/05-network.md §Documents */
export function createSeqGuard(init: SeqGuardInit = {}): SeqGuard {
  const maxNames = init.names ?? 10_000
  const maxBytes = init.bytes ?? 67_108_864
  const seen = new Map<string, Seen>()
  const evidence: Equivocation[] = []
  let held = 0

  function forget(key: string): void {
    held -= seen.get(key)?.bytes.byteLength ?? 0
    seen.delete(key)
  }

  function remember(key: string, entry: Seen): void {
    forget(key)
    seen.set(key, entry)
    held += entry.bytes.byteLength
    // Past the bounds the name that was unused the longest is forgotten: Map keeps that order.
    for (const oldest of seen.keys()) {
      if (oldest === key || (seen.size <= maxNames && held <= maxBytes)) break
      forget(oldest)
    }
  }

  function keep(pair: Equivocation): void {
    if (evidence.length >= MAX_EVIDENCE) evidence.shift()
    evidence.push(pair)
  }

  for (const pair of init.evidence ?? []) {
    keep(pair)
    remember(keyOf(pair), { seq: pair.seq, bytes: pair.documents[0], body: '', twice: true })
  }

  return {
    evidence,
    check(name, seq, bytes, cid = cidOf(bytes)) {
      const key = keyOf(name)
      const last = seen.get(key)
      if (last !== undefined && seq < last.seq) {
        throw new DatanetError('RECORD_SUPERSEDED', { ...plain(name), seq, known: last.seq })
      }
      if (last === undefined || seq > last.seq) {
        return remember(key, { seq, bytes, body: cid.toString(), twice: false })
      }
      const same = last.body === cid.toString()
      if (same && !last.twice) return remember(key, last)
      if (!same && !last.twice) {
        const pair: Equivocation = { ...plain(name), seq, documents: [last.bytes, bytes] }
        keep(pair)
        init.onEvidence?.(pair)
        remember(key, { ...last, twice: true })
      }
      throw new DatanetError('RECORD_EQUIVOCATES', { ...plain(name), seq })
    }
  }
}

function keyOf({ issuer, kind, id }: DocumentName): string {
  return JSON.stringify([issuer, kind, id])
}

function plain({ issuer, kind, id }: DocumentName): DocumentName {
  return { issuer, kind, id }
}
