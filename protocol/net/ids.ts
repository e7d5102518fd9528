import type { CID } from 'multiformats/cid'
import { cidOf, RAW, sha256 } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'

/** One id per kind of exchange. A breaking change to its frames is a new number. specs/05-network.md */
export const PROTOCOLS = {
  contribute: '/datanet/contribute/1',
  review: '/datanet/review/1',
  propose: '/datanet/propose/1',
  document: '/datanet/document/1',
  blocks: '/datanet/blocks/1',
  tombstones: '/datanet/tombstones/1',
  bounties: '/datanet/bounties/1',
  host: '/datanet/host/1',
  invoke: '/datanet/invoke/1',
  tower: '/datanet/tower/1',
  close: '/datanet/close/1',
  kad: '/datanet/kad/1.0.0',
  /** Not ours: what any IPFS node speaks. */
  bitswap: '/ipfs/bitswap/1.2.0'
} as const

/** The DHT of the IPFS network, which a peer may show itself to. specs/05-network.md §Any IPFS node */
export const IPFS_KAD = '/ipfs/kad/1.0.0'

/**
 * What can be looked for, and over how many keys it is spread. A DHT lookup stops at 20 providers, so
 * one key could hide the rest; the numbers are constants of the network. specs/05-network.md §Rendezvous
 */
export const RENDEZVOUS_BUCKETS = {
  datanet: 8,
  host: 2,
  model: 4,
  base: 8,
  topic: 8,
  task: 8,
  compute: 2,
  tower: 2,
  index: 2
} as const

/** What can be announced and looked for. */
export type RendezvousKind = keyof typeof RENDEZVOUS_BUCKETS

const DAY_MS = 86_400_000

/** The DHT key under which bucket `bucket` of (kind, value) is announced. Refuses INPUT_INVALID. */
export function rendezvousCid(kind: RendezvousKind, value: string, bucket: number): CID {
  if (!Number.isInteger(bucket) || bucket < 0 || bucket >= RENDEZVOUS_BUCKETS[kind]) {
    throw new DatanetError('INPUT_INVALID', { kind, bucket })
  }
  if (value === '' || Buffer.byteLength(value) > LIMITS.labelBytes) {
    throw new DatanetError('INPUT_INVALID', { kind, value: value.slice(0, 80) })
  }
  return cidOf(new TextEncoder().encode(`datanet/1:${kind}:${value}:${bucket}`), RAW)
}

/**
 * The buckets in which a peer announces: one that it keeps, and one that changes each UTC day, so that
 * nobody who crowds a bucket hides the same peers for long. One number when both fall together.
 */
export function bucketsOf(kind: RendezvousKind, peerId: string, nowMs: number): number[] {
  const count = RENDEZVOUS_BUCKETS[kind]
  const day = Math.floor(nowMs / DAY_MS)
  const pick = (text: string) =>
    Buffer.from(sha256(new TextEncoder().encode(text))).readUInt32BE(0) % count
  return [...new Set([pick(peerId), pick(`${peerId}|${day}`)])]
}
