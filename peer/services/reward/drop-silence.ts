import { DatanetError } from '../../../protocol/base/errors.ts'
import { decodeVoucher, encodeVoucher } from '../../../protocol/channel/voucher.ts'
import {
  type Drop,
  type DropRecord,
  decodeDrop,
  encodeDrop,
  verifyDropFollows,
  verifyDropLeaves
} from '../../../protocol/reward/drop.ts'
import { buildDropTree } from '../../../protocol/reward/drop-tree.ts'
import { DROP_POST, poolIdOf } from '../../../protocol/reward/veto.ts'
import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { RewardsApi, SilentPool } from '../../api/money-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { PoolKey, PoolState } from '../../chain/pool.ts'
import type { DropStore } from '../../store/drops.ts'
import type { Parts } from '../parts.ts'
import type { DropAudit } from './drop-audit.ts'
import { hexDigest } from './drop-documents.ts'
import type { AskCurators } from './drop-votes.ts'

/** Pools whose operator gives out nothing, and posting in its place. */
export type Silence = Pick<RewardsApi, 'silent' | 'postSilent'>

interface Found {
  readonly key: PoolKey
  readonly datanet: string
  readonly state: PoolState
  readonly silentAtMs: number
}

/**
 * Drops of curators for operators that were silent: made of the vouchers that claims left on the chain
 * and the receipts that somebody shows. specs/09-reward.md §Silence
 */
export function createSilence(
  parts: Pick<Parts, 'chain' | 'publications' | 'now'> & { readonly dropStore: DropStore },
  audited: () => ReadonlyArray<Pick<DatanetSummary, 'id' | 'chainKey'>>,
  { fold, previous }: Pick<DropAudit, 'fold' | 'previous'>,
  askCurators: AskCurators
): Silence {
  const { chain, publications, now, dropStore } = parts

  async function* waiting(options: CallOptions): AsyncGenerator<Found> {
    const { token } = chain.contracts
    for (const { id: datanet, chainKey: auditor } of audited()) {
      for (const { operator, token: paid } of await chain.escrow.poolsOf(auditor, options)) {
        if (paid !== token) continue
        const key = { operator, auditor, token }
        const state = await chain.pool.state(key, options)
        const { silentAtMs } = state
        if (silentAtMs !== undefined) yield { key, datanet, state, silentAtMs }
      }
    }
  }

  async function find(pool: string, options: CallOptions): Promise<Found> {
    await chain.check(options)
    for await (const one of waiting(options)) {
      if (poolIdOf(one.key) !== pool) continue
      if (one.silentAtMs <= (await chain.nowMs(options))) return one
      const hint = `its operator has until ${new Date(one.silentAtMs).toISOString()}`
      throw new DatanetError('DROP_STANDS', { pool, silentAtMs: one.silentAtMs }, { hint })
    }
    const hint = 'all that was collected there is given out: datanet reward silent lists the others'
    throw new DatanetError('DROP_STANDS', { pool }, { hint })
  }

  /** Each channel of the pool that paid royalty, by the highest voucher that the chain was shown. */
  async function channelsOf(
    { key }: Found,
    before: Drop | undefined,
    options: CallOptions
  ): Promise<Drop['channels']> {
    const channels: Drop['channels'] = []
    for (const { channelId, terms } of await chain.escrow.channelsOf(key.operator, options)) {
      if (terms.auditor !== key.auditor || terms.token !== key.token) continue
      const state = await chain.escrow.channel(channelId, options)
      if (state.royaltyWei === 0n) continue
      const claimed = await chain.escrow.claimedBy(channelId, options)
      const kept = before?.channels.find((one) => one.channelId === channelId)?.voucher
      const shown = claimed === undefined ? undefined : encodeVoucher({ channelId, ...claimed })
      const voucher = higher(shown, kept)
      if (voucher === undefined) {
        const reason = 'its voucher cannot be read from the chain'
        throw new DatanetError('DROP_INVALID', { channelId, reason })
      }
      const { royaltyWei: capturedWei, isClosed = false } = state
      channels.push({ channelId, voucher, capturedWei, isClosed })
    }
    return channels
  }

  async function before(found: Found, options: CallOptions): Promise<DropRecord | undefined> {
    const { isMissing, record } = await previous(found, options)
    if (!isMissing) return record
    const hint = 'nobody shows the document of the drop before, so nobody can follow it'
    throw new DatanetError('DOCUMENT_UNKNOWN', { drop: found.state.final?.drop }, { hint })
  }

  async function make(found: Found, options: CallOptions): Promise<DropRecord> {
    const { key } = found
    const last = await before(found, options)
    const { operator, auditor, token } = key
    if ((await chain.escrow.royaltyOf(operator, auditor, token, options)) > 0n) {
      await chain.pool.collect(key, options)
    }
    const channels = await channelsOf(found, last?.drop, options)
    const leaves = await fold(channels, found, options)
    const { chainId, pool: contract } = chain.contracts
    const record = encodeDrop({
      version: 1,
      pool: { chainId: Number(chainId), contract, ...key },
      leaves: [...leaves],
      totalWei: leaves.reduce((sum, { cumulativeWei }) => sum + cumulativeWei, 0n),
      channels,
      ...(last === undefined ? {} : { previous: last.cid }),
      createdAtMs: now()
    })
    verifyDropFollows(record, last)
    return record
  }

  /** The drop that another curator made, which holds by everything that is looked at here as well. */
  async function verified(
    found: Found,
    document: string,
    options: CallOptions
  ): Promise<DropRecord> {
    const record = decodeDrop(Uint8Array.from(Buffer.from(document, 'base64')))
    const { operator, auditor, token } = record.drop.pool
    if (poolIdOf({ operator, auditor, token }) !== poolIdOf(found.key)) {
      throw new DatanetError('DROP_INVALID', { reason: 'of another pool' })
    }
    verifyDropFollows(record, await before(found, options))
    verifyDropLeaves(record.drop, await fold(record.drop.channels, found, options))
    return record
  }

  return {
    async silent(options = {}) {
      await chain.check(options)
      const nowMs = await chain.nowMs(options)
      const pools: SilentPool[] = []
      for await (const { key, datanet, state, silentAtMs } of waiting(options)) {
        const { creditedWei, final } = state
        const shown = { pool: poolIdOf(key), operator: key.operator, datanet, silentAtMs }
        const isSilent = silentAtMs <= nowMs
        pools.push({ ...shown, creditedWei, givenWei: final?.totalWei ?? 0n, isSilent })
      }
      return pools
    },

    async postSilent({ pool, approvals = [], document }, options = {}) {
      const found = await find(pool, options)
      const { key, datanet, state } = found
      const { bytes, drop } =
        document === undefined
          ? await make(found, options)
          : await verified(found, document, options)
      const { root, totalWei } = buildDropTree(drop.leaves)
      const posting = { root, totalWei, drop: hexDigest(bytes) }
      dropStore.see(posting.drop, bytes)
      const question = {
        auditor: key.auditor,
        struct: DROP_POST,
        value: { pool, dropSeq: state.dropSeq + 1, ...posting },
        async submit(all: readonly Uint8Array[]) {
          const { txHash, readyAtMs } = await chain.pool.postForSilent(key, posting, all, options)
          const seq = drop.createdAtMs
          const name = { issuer: key.operator, kind: 'drop', id: pool }
          publications.publish({ ...name, seq, bytes, labels: [datanet] })
          return { txHash, claimableAtMs: readyAtMs }
        }
      }
      const vote = await askCurators(question, approvals, options)
      return { ...vote, document: Buffer.from(bytes).toString('base64') }
    }
  }
}

/** Of two vouchers of one channel the one that says more. */
function higher(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return decodeVoucher(b).receipts > decodeVoucher(a).receipts ? b : a
}
