import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { decodeRecord, fromWire, toWire } from '../../../protocol/base/schema.ts'
import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import { channelIdOf, escrowDomain, termsSchema } from '../../../protocol/channel/terms.ts'
import { decodeVoucher, verifyVoucher } from '../../../protocol/channel/voucher.ts'
import type { ExchangeHandler } from '../../../protocol/net/exchange.ts'
import { towerAskSchema, towerEndSchema } from '../../../protocol/net/tower.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import type { TowerStore } from '../../store/tower.ts'
import type { Parts } from '../parts.ts'
import type { VoucherSource } from './claimer.ts'
import type { Deposits } from './deposits.ts'

/** Others' vouchers, kept without their keys, and claimed when their providers do not. */
export interface Tower {
  /** Answers `/datanet/tower/1`. */
  readonly handler: ExchangeHandler
  /** For the claimer of this peer. */
  readonly source: VoucherSource
  /** Ends what was begun. */
  stop(): void
}

/** What a tower keeps and claims; each with its reason. */
export const TOWER = {
  /** A voucher that brings less is not kept: the tower pays the gas, and nobody pays the tower. */
  leastWei: 10n ** 16n,
  /** The part of the delay that is left to the provider, which claims for itself and for less. */
  afterShare: 0.5,
  /** A stranger's terms must not make the tower look at the chain without a pause. */
  leastDelayMs: 20_000,
  /** How old the chain's word about a deposit may be. */
  depositFreshMs: 60_000
} as const

/** A tower over its store. It trusts nobody: what it takes verifies and has a deposit. specs/07-channel.md §Tower */
export function createTower(
  parts: Pick<Parts, 'chain' | 'log'> & {
    readonly towerStore: TowerStore
    readonly watcher: Pick<ChainWatcher, 'read' | 'onChange'>
    readonly deposits: Deposits
  },
  init: {
    readonly leastWei?: bigint
    readonly channels?: number
    readonly channelsPerPeer?: number
  } = {}
): Tower {
  const { chain, towerStore, watcher, deposits, log } = parts
  const { chainId, escrow } = chain.contracts
  const domain = escrowDomain(chainId, escrow)
  const separator = domainSeparator(domain)
  const leastWei = init.leastWei ?? TOWER.leastWei

  function refuseFull(peer: string): void {
    const all = init.channels ?? LIMITS.towerChannels
    const own = init.channelsPerPeer ?? LIMITS.towerChannelsPerPeer
    if (towerStore.countOf(peer) >= own) throw new DatanetError('TOWER_FULL', { channels: own })
    if (towerStore.count() >= all) throw new DatanetError('TOWER_FULL', { channels: all })
  }

  async function take(ask: unknown, peer: string): Promise<bigint> {
    const { terms: bytes, voucher: voucherBytes } = fromWire(towerAskSchema, ask)
    const terms = decodeRecord(termsSchema, bytes)
    const channelId = channelIdOf(domain, terms)
    const voucher = decodeVoucher(voucherBytes)
    if (voucher.channelId !== channelId) {
      throw new DatanetError('TERMS_MISMATCH', { field: 'channelId' })
    }
    const known = towerStore.find(channelId)
    // Cheap first: an old voucher, or one too many, costs no signature and no look at the chain.
    if (known !== undefined && voucher.cumulativeWei <= known.cumulativeWei) {
      return known.cumulativeWei
    }
    if (known === undefined) refuseFull(peer)
    verifyVoucher(separator, voucher, terms.signer)
    let state = await deposits.at(channelId, TOWER.depositFreshMs)
    if (state.depositWei === 0n) state = await deposits.at(channelId, 0)
    const { depositWei, claimedWei, isClosed } = state
    const mostWei = voucher.cumulativeWei < depositWei ? voucher.cumulativeWei : depositWei
    if (isClosed === true || mostWei <= claimedWei) {
      throw new DatanetError('DEPOSIT_INSUFFICIENT', { channelId, depositWei: `${depositWei}` })
    }
    if (mostWei - claimedWei < leastWei) {
      throw new DatanetError('TOWER_DECLINED', { leastWei: `${leastWei}` })
    }
    // The chain may have been asked: others of this peer, or a higher one, may have come meanwhile.
    const now = towerStore.find(channelId)
    if (now === undefined) refuseFull(peer)
    else if (now.cumulativeWei >= voucher.cumulativeWei) return now.cumulativeWei
    const { cumulativeWei } = voucher
    const { withdrawDelayS } = terms
    const kept = { channelId, peer, terms: bytes, voucher: voucherBytes }
    towerStore.put({ ...kept, cumulativeWei, withdrawDelayS })
    return cumulativeWei
  }

  /** What can bring nothing any more makes room. */
  const unlisten = watcher.onChange((changed) => {
    for (const { kind, id } of changed) {
      if (kind !== 'channel') continue
      const kept = towerStore.find(id)
      const state = watcher.read('channel', id)
      if (kept === undefined || state === undefined) continue
      if (state.isClosed !== true && state.claimedWei < kept.cumulativeWei) continue
      towerStore.remove(id)
      log('tower', { channel: id, settled: state.isClosed === true ? 'closed' : 'claimed' })
    }
  })

  return {
    // biome-ignore lint/correctness/useYield: an answer has no parts, only an end
    async *handler(ask, { remotePeer }) {
      return toWire(towerEndSchema, { keptWei: await take(ask, remotePeer) })
    },
    source: {
      isOwn: false,
      leastWei,
      afterShare: TOWER.afterShare,
      kept: () => towerStore.all(),
      find: (channelId) => towerStore.find(channelId),
      leastDelayMs() {
        const leastMs = (towerStore.leastDelayS() ?? Number.POSITIVE_INFINITY) * 1_000
        return Math.max(leastMs, TOWER.leastDelayMs)
      }
    },
    stop: unlisten
  }
}
