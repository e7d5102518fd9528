import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { decodeVoucher } from '../channel/voucher.ts'
import { buildDropTree } from './drop-tree.ts'
import type { DropLeaf } from './fold.ts'
import { UNASSIGNED } from './split.ts'

/** The document that explains a posted root. specs/09-reward.md §Drop */
export const dropSchema = z.strictObject({
  version: z.literal(1),
  pool: z.strictObject({
    chainId: z.int().min(1),
    /** The pool contract. */
    contract: field.address,
    operator: field.address,
    auditor: field.hash,
    token: field.address
  }),
  /** What every account was ever owed, ascending by account; the zero account is unassigned. */
  leaves: z
    .array(z.strictObject({ account: field.address, cumulativeWei: field.wei }))
    .max(LIMITS.dropLeaves),
  totalWei: field.wei,
  /** What the leaves follow from: recompute them with these and the receipts. */
  channels: z.array(
    z.strictObject({
      channelId: field.hash,
      /** The highest signed voucher, 168 bytes. */
      voucher: field.bytes(168),
      /** Royalty captured on chain when this drop was made. */
      capturedWei: field.wei,
      isClosed: z.boolean()
    })
  ),
  /** The drop before, of which no account may lose. */
  previous: field.cid.exactOptional(),
  createdAtMs: field.atMs
})

export type Drop = z.output<typeof dropSchema>

/** A drop with its CID, whose digest goes on chain, and the bytes that are stored and fetched. */
export interface DropRecord {
  readonly drop: Drop
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** The canonical bytes of `drop` and their CID. Refuses what decodeDrop refuses. */
export function encodeDrop(drop: Drop): DropRecord {
  refuseContradiction(drop)
  const bytes = encodeRecord(dropSchema, drop)
  return { drop, cid: cidOf(bytes), bytes }
}

/**
 * The drop in `bytes`. Refuses malformed records, leaves out of order, a total that is not their sum
 * or not the captured royalty, and a channel listed twice or under another's voucher (DROP_INVALID).
 */
export function decodeDrop(bytes: Uint8Array): DropRecord {
  const drop = decodeRecord(dropSchema, bytes, LIMITS.dropBytes)
  refuseContradiction(drop)
  return { drop, cid: cidOf(bytes), bytes }
}

/**
 * Refuses a drop that names another predecessor than `previous` or another pool, and one in which the
 * total or any account shrank (DROP_INVALID). The first drop of a pool has none.
 */
export function verifyDropFollows({ drop }: DropRecord, previous: DropRecord | undefined): void {
  if (drop.previous?.toString() !== previous?.cid.toString()) throw invalid('another previous drop')
  if (previous !== undefined) refuseShrinking(drop, previous.drop)
}

/** Refuses a drop whose leaves are not those that the receipts give (DROP_INVALID, naming one). */
export function verifyDropLeaves(drop: Drop, expected: readonly DropLeaf[]): void {
  const stated = amountsOf(drop.leaves)
  const owed = amountsOf(expected)
  for (const account of new Set([...stated.keys(), ...owed.keys()])) {
    const [statedWei, owedWei] = [stated.get(account) ?? 0n, owed.get(account) ?? 0n]
    if (statedWei !== owedWei) {
      throw new DatanetError('DROP_INVALID', {
        account,
        statedWei: `${statedWei}`,
        owedWei: `${owedWei}`
      })
    }
  }
}

function refuseContradiction(drop: Drop): void {
  const { totalWei } = buildDropTree(drop.leaves)
  if (totalWei !== drop.totalWei) throw invalid('total is not the sum of the leaves')
  const capturedWei = drop.channels.reduce((sum, channel) => sum + channel.capturedWei, 0n)
  if (capturedWei !== totalWei) throw invalid('total is not what was captured')
  if (new Set(drop.channels.map(({ channelId }) => channelId)).size < drop.channels.length) {
    throw invalid('a channel is listed twice')
  }
  for (const { channelId, voucher } of drop.channels) {
    if (decodeVoucher(voucher).channelId !== channelId) throw invalid('voucher of another channel')
  }
}

function refuseShrinking(drop: Drop, previous: Drop): void {
  for (const name of ['chainId', 'contract', 'operator', 'auditor', 'token'] as const) {
    if (drop.pool[name] !== previous.pool[name]) throw invalid(`another pool: ${name}`)
  }
  if (drop.totalWei < previous.totalWei) throw invalid('the total shrank')
  const amounts = amountsOf(drop.leaves)
  for (const { account, cumulativeWei } of previous.leaves) {
    // What was unassigned finds its owners later: that leaf alone may shrink.
    if (account !== UNASSIGNED && (amounts.get(account) ?? 0n) < cumulativeWei) {
      throw new DatanetError('DROP_INVALID', { account, reason: 'the account shrank' })
    }
  }
}

function amountsOf(leaves: readonly DropLeaf[]): Map<string, bigint> {
  return new Map(leaves.map(({ account, cumulativeWei }) => [account, cumulativeWei]))
}

function invalid(reason: string): DatanetError {
  return new DatanetError('DROP_INVALID', { reason })
}
