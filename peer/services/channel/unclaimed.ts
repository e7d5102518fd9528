import { isDatanetError } from '../../../protocol/base/errors.ts'
import { decodeRecord } from '../../../protocol/base/schema.ts'
import { type Terms, termsSchema } from '../../../protocol/channel/terms.ts'
import { decodeVoucher, type SignedVoucher } from '../../../protocol/channel/voucher.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import type { WatchedChannel } from '../../chain/watched.ts'
import type { ClaimStore } from '../../store/claims.ts'

/** A voucher as it is kept, and the terms of its channel. */
export interface KeptVoucher {
  readonly channelId: string
  readonly terms: Uint8Array
  readonly voucher: Uint8Array
}

/** A voucher that would bring something if it were claimed now. */
export interface Unclaimed {
  readonly channelId: string
  readonly terms: Terms
  readonly voucher: SignedVoucher
  /** What it would bring, royalty included. */
  readonly deltaWei: bigint
  readonly channel: WatchedChannel
  /** Changes with what a refusal of this very voucher could depend on. */
  readonly mark: string
}

/** Which vouchers would bring something; one that cannot be read keeps none of the others back. */
export interface UnclaimedRows {
  /** Of `kept`, those worth claiming by confirmed blocks, without those on their way already. */
  of(kept: Iterable<KeptVoucher>): Unclaimed[]
  /** One of them, read as `of` reads it. */
  one(kept: KeptVoucher): Unclaimed | undefined
  /** Undefined where they cannot be read. */
  termsOf(kept: KeptVoucher): Terms | undefined
}

/** Compares vouchers with what `watcher` saw and with the claims that are on their way. */
export function createUnclaimedRows(parts: {
  readonly watcher: Pick<ChainWatcher, 'read'>
  readonly claimStore: ClaimStore
  readonly log: (scope: string, values: Record<string, unknown>) => void
}): UnclaimedRows {
  const { watcher, claimStore, log } = parts
  const told = new Set<string>()
  const known = new Map<string, Terms>()

  function termsOf({ channelId, terms: bytes }: KeptVoucher): Terms {
    const before = known.get(channelId)
    if (before !== undefined) return before
    const terms = decodeRecord(termsSchema, bytes)
    known.set(channelId, terms)
    return terms
  }

  function read(kept: KeptVoucher): Unclaimed | undefined {
    const { channelId } = kept
    const channel = watcher.read('channel', channelId)
    if (channel === undefined || channel.isClosed) return undefined
    const voucher = decodeVoucher(kept.voucher)
    const { depositWei, claimedWei } = channel
    const mostWei = voucher.cumulativeWei < depositWei ? voucher.cumulativeWei : depositWei
    const deltaWei = mostWei - claimedWei
    if (deltaWei <= 0n) return undefined
    const terms = termsOf(kept)
    return {
      channelId,
      terms,
      voucher,
      deltaWei,
      channel,
      mark: `${voucher.cumulativeWei} ${depositWei}`
    }
  }

  function one(kept: KeptVoucher): Unclaimed | undefined {
    try {
      const row = read(kept)
      if (row === undefined) return undefined
      return claimStore.fault(row.channelId, row.mark) === undefined ? row : undefined
    } catch (error) {
      if (!told.has(kept.channelId)) {
        const code = isDatanetError(error) ? error.code : 'INTERNAL'
        log('claim', { channel: kept.channelId, unreadable: code })
      }
      told.add(kept.channelId)
      return undefined
    }
  }

  return {
    one,
    termsOf(kept) {
      try {
        return termsOf(kept)
      } catch {
        return undefined
      }
    },
    of(kept) {
      const onTheWay = new Map<string, bigint>()
      for (const { rows } of claimStore.open()) {
        for (const { channelId, cumulativeWei } of rows) onTheWay.set(channelId, cumulativeWei)
      }
      const out: Unclaimed[] = []
      for (const voucher of kept) {
        const row = one(voucher)
        if (row === undefined) continue
        const sentWei = onTheWay.get(row.channelId)
        if (sentWei === undefined || sentWei < row.voucher.cumulativeWei) out.push(row)
      }
      return out
    }
  }
}

/** What a channel brings to its operator and its pool in all, in wei. */
export function sumWei(rows: readonly Pick<Unclaimed, 'deltaWei'>[]): bigint {
  return rows.reduce((sum, { deltaWei }) => sum + deltaWei, 0n)
}
