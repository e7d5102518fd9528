import { cidFromDigest, digestOf } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { decodeRecord } from '../../../protocol/base/schema.ts'
import { type Terms, termsSchema } from '../../../protocol/channel/terms.ts'
import { decodeVoucher } from '../../../protocol/channel/voucher.ts'
import type { RoyaltyPolicy } from '../../../protocol/datanet/royalty-policy.ts'
import { verifyCard } from '../../../protocol/model/card.ts'
import { decodeReceipt, type Receipt } from '../../../protocol/receipt/receipt.ts'
import { buildClaim } from '../../../protocol/reward/claim.ts'
import {
  type DropRecord,
  decodeDrop,
  encodeDrop,
  verifyDropFollows
} from '../../../protocol/reward/drop.ts'
import { buildDropTree } from '../../../protocol/reward/drop-tree.ts'
import { dropLeaves, foldRewards } from '../../../protocol/reward/fold.ts'
import { type RoyaltyParties, UNASSIGNED } from '../../../protocol/reward/split.ts'
import { poolIdOf } from '../../../protocol/reward/veto.ts'
import type { DropSummary, RewardSummary, RewardsApi } from '../../api/money-api.ts'
import type { CallOptions, ProgressOptions } from '../../api/peer-api.ts'
import type { PoolKey } from '../../chain/pool.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import { dropId, type WatchedDrop } from '../../chain/watched.ts'
import type { StoredChannel } from '../../store/channels.ts'
import type { DropStore } from '../../store/drops.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'
import { createRevisionManifest, curatorsOf } from '../revision/revision-manifest.ts'

/** A drop met on the network with its pool, checked against the chain. */
interface KnownDrop {
  readonly key: PoolKey
  readonly record: DropRecord
}

/** The rewards of one peer, and what posts a vetoed drop again when it is another by now. */
export interface Rewards extends Pick<RewardsApi, 'post' | 'show' | 'claim'> {
  /** Own drops that were vetoed or refuted with none after them, by pool and number. */
  vetoed(): readonly string[]
  repost(options?: CallOptions): Promise<readonly DropSummary[]>
}

/** Paying royalties out as a provider, and being paid as anyone. specs/09-reward.md */
export function createRewards(
  parts: Pick<
    Parts,
    | 'channelStore'
    | 'documentStore'
    | 'datanetStore'
    | 'modelStore'
    | 'chain'
    | 'publications'
    | 'pool'
    | 'peerId'
    | 'now'
  > & {
    readonly dropStore: DropStore
    /** What was seen of drops; without it nothing is posted again by itself. */
    readonly watcher?: Pick<ChainWatcher, 'read'>
    /** A drop that somebody else posted on a pool, by the digest on chain. */
    findDrop?(key: PoolKey, digest: string, options: CallOptions): Promise<Uint8Array | undefined>
  },
  datanets: Datanets
): Rewards {
  const { channelStore, documentStore, modelStore, chain, publications, now, dropStore } = parts
  const manifestOf = createRevisionManifest(parts)

  /** Who shares a receipt's royalty, from what the receipt names; all of it is kept here. */
  async function partiesFor(receipts: readonly Receipt[]): Promise<(r: Receipt) => RoyaltyParties> {
    const known = new Map<string, RoyaltyParties>()
    for (const { model, offer } of receipts) {
      const id = `${model} ${offer}`
      if (known.has(id)) continue
      const stored = modelStore.model(model.toString())
      if (stored === undefined) throw new DatanetError('MODEL_UNKNOWN', { model: `${model}` })
      // The card may have expired since: what was earned under it is owed all the same.
      const { card } = await verifyCard(stored.card, stored.issuedAtMs)
      const terms = await Promise.all(
        card.revisions.map((r) => manifestOf(datanets.known(`${r.datanet}`), r.revision))
      )
      const policy: RoyaltyPolicy | undefined = modelStore.policy(offer.toString())
      if (policy === undefined) throw new DatanetError('OFFER_UNKNOWN', { offer: `${offer}` })
      known.set(id, {
        policy,
        ...curatorsOf(terms),
        treasuries: [...new Set(terms.map(({ manifest }) => manifest.treasury))].sort()
      })
    }
    return ({ model, offer }) => known.get(`${model} ${offer}`) as RoyaltyParties
  }

  function pools(): Map<string, { key: PoolKey; channels: Array<[StoredChannel, Terms]> }> {
    const out = new Map<string, { key: PoolKey; channels: Array<[StoredChannel, Terms]> }>()
    for (const channel of channelStore.channels('provider')) {
      if (channel.voucher === undefined) continue
      const terms = decodeRecord(termsSchema, channel.terms)
      const key = { operator: terms.operator, auditor: terms.auditor, token: terms.token }
      const id = poolIdOf(key)
      const pool = out.get(id) ?? { key, channels: [] }
      pool.channels.push([channel, terms])
      out.set(id, pool)
    }
    return out
  }

  async function makeDrop(
    key: PoolKey,
    channels: ReadonlyArray<[StoredChannel, Terms]>,
    previous: DropRecord | undefined,
    options: CallOptions
  ): Promise<DropRecord> {
    const royalties = await Promise.all(
      channels.map(async ([channel]) => {
        const state = await chain.escrow.channel(channel.channelId, options)
        const receipts = channelStore.receiptsOf('provider', channel.channelId)
        return {
          channelId: channel.channelId,
          capturedWei: state.royaltyWei,
          voucherBytes: channel.voucher as Uint8Array,
          voucher: decodeVoucher(channel.voucher as Uint8Array),
          isClosed: state.isClosed ?? false,
          receipts: receipts.map(({ bytes }) => decodeReceipt(bytes))
        }
      })
    )
    const all = royalties.flatMap(({ receipts }) => receipts.map(({ receipt }) => receipt))
    const leaves = dropLeaves(foldRewards(royalties, await partiesFor(all)))
    const record = encodeDrop({
      version: 1,
      pool: {
        chainId: Number(chain.contracts.chainId),
        contract: chain.contracts.pool,
        ...key
      },
      leaves: [...leaves],
      totalWei: leaves.reduce((sum, { cumulativeWei }) => sum + cumulativeWei, 0n),
      channels: royalties.map(({ channelId, voucherBytes, capturedWei, isClosed }) => ({
        channelId,
        voucher: voucherBytes,
        capturedWei,
        isClosed
      })),
      ...(previous === undefined ? {} : { previous: previous.cid }),
      createdAtMs: now()
    })
    verifyDropFollows(record, previous)
    return record
  }

  /** Drops of this peer's own pools, then of pools of the Datanets known here as others show them. */
  async function* drops(options: CallOptions): AsyncGenerator<KnownDrop> {
    const seen = new Set<string>()
    yield* ownDrops(seen)
    const hasOwn = seen.size > 0
    try {
      yield* shownDrops(seen, options)
    } catch (error) {
      // Without a DHT a provider still pays out its own pools.
      if (!(hasOwn && isDatanetError(error) && error.code === 'DISCOVERY_OFF')) throw error
    }
  }

  function* ownDrops(seen: Set<string>): Generator<KnownDrop> {
    for (const { id, bytes } of documentStore.ofKind('drop')) {
      const record = decodeDrop(bytes)
      const { operator, auditor, token } = record.drop.pool
      seen.add(id)
      yield { key: { operator, auditor, token }, record }
    }
  }

  async function* shownDrops(seen: Set<string>, options: CallOptions): AsyncGenerator<KnownDrop> {
    for (const { id } of datanets.all()) {
      const found = publications.discover(
        'datanet',
        id.toString(),
        (entry) => entry.kind === 'drop' && entry.labels.includes(id.toString()),
        options
      )
      for await (const { peer, entry } of found) {
        if (seen.has(entry.id)) continue
        try {
          const { issuer, kind, id: poolId } = entry
          const record = await publications.fetch(
            peer,
            { issuer, kind, id: poolId },
            async (bytes) => {
              const value = decodeDrop(bytes)
              await refuseUnposted(value, poolId, options)
              return { seq: value.drop.createdAtMs, value }
            },
            options
          )
          const { operator, auditor, token } = record.drop.pool
          seen.add(entry.id)
          yield { key: { operator, auditor, token }, record }
        } catch (error) {
          if (!isDatanetError(error)) throw error
        }
      }
    }
  }

  /** Refuses a drop that is not the one the chain holds for a pool of ours (DROP_INVALID). */
  async function refuseUnposted(
    record: DropRecord,
    poolId: string,
    options: CallOptions
  ): Promise<void> {
    const { chainId, contract, operator, auditor, token } = record.drop.pool
    const { contracts } = chain
    const key = { operator, auditor, token }
    const isOurs =
      BigInt(chainId) === contracts.chainId &&
      contract === contracts.pool &&
      token === contracts.token &&
      poolIdOf(key) === poolId
    if (!isOurs) throw new DatanetError('DROP_INVALID', { reason: 'of another pool' })
    const { final, pending } = await chain.pool.state(key, options)
    if (isSame(final?.drop, record) || isSame(pending?.drop, record)) return
    throw new DatanetError('DROP_INVALID', { reason: 'not posted on chain' })
  }

  async function owed(
    { key, record }: KnownDrop,
    account: string,
    options: CallOptions
  ): Promise<(RewardSummary & { known: KnownDrop; pendingUntilMs?: number }) | undefined> {
    const { final, pending } = await chain.pool.state(key, options)
    const isFinal = isSame(final?.drop, record)
    if (!isFinal && !isSame(pending?.drop, record)) return undefined
    const leaf = record.drop.leaves.find((l) => l.account === account)
    if (leaf === undefined || account === UNASSIGNED) return undefined
    const claimedWei = await chain.pool.claimedOf(key, account, options)
    const openWei = leaf.cumulativeWei - claimedWei
    return {
      pool: poolIdOf(key),
      drop: record.cid.toString(),
      cumulativeWei: leaf.cumulativeWei,
      claimedWei,
      claimableWei: isFinal && openWei > 0n ? openWei : 0n,
      known: { key, record },
      ...(isFinal || pending === undefined ? {} : { pendingUntilMs: pending.readyAtMs })
    }
  }

  /** The drop that the chain holds for the pool, pending or final; a vetoed one is none. */
  async function standing(
    key: PoolKey,
    poolId: string,
    options: CallOptions
  ): Promise<DropRecord | undefined> {
    const { final, pending } = await chain.pool.state(key, options)
    const digest = pending?.drop ?? final?.drop
    if (digest === undefined) return undefined
    const made = dropStore.byDigest(digest)
    if (made !== undefined) return decodeDrop(made)
    const bytes = await documentStore.newest({ issuer: key.operator, kind: 'drop', id: poolId })
    const newest = bytes === undefined ? undefined : decodeDrop(bytes)
    if (newest !== undefined && isSame(digest, newest)) return newest
    const found = await parts.findDrop?.(key, digest, options)
    return found === undefined ? undefined : decodeDrop(found)
  }

  /** Posts what the pools are owed beyond what stands; of `isWanted` roots only. */
  async function postPools(
    options: ProgressOptions,
    isWanted: (poolId: string, root?: string) => boolean = () => true
  ): Promise<DropSummary[]> {
    await chain.check(options)
    const posted: DropSummary[] = []
    for (const [poolId, { key, channels }] of pools()) {
      options.onProgress?.({ text: 'adding up receipts', done: posted.length, total: 1 })
      if (!isWanted(poolId)) continue
      const name = { issuer: key.operator, kind: 'drop', id: poolId }
      const previous = await standing(key, poolId, options)
      const record = await makeDrop(key, channels, previous, options)
      if (record.drop.totalWei === (previous?.drop.totalWei ?? 0n)) continue
      const tree = buildDropTree(record.drop.leaves)
      if (!isWanted(poolId, tree.root)) continue
      dropStore.keep(poolId, hexDigest(record), record.bytes)
      const { readyAtMs } = await chain.pool.postDrop(
        { auditor: key.auditor, token: key.token },
        { root: tree.root, totalWei: tree.totalWei, drop: hexDigest(record) },
        options
      )
      const labels = datanets.all().map(({ id }) => id.toString())
      publications.publish({
        ...name,
        seq: record.drop.createdAtMs,
        bytes: record.bytes,
        labels: labels.slice(0, 32)
      })
      const unassigned = record.drop.leaves.find((leaf) => leaf.account === UNASSIGNED)
      posted.push({
        pool: poolId,
        drop: record.cid.toString(),
        totalWei: tree.totalWei,
        accounts: record.drop.leaves.length - (unassigned === undefined ? 0 : 1),
        unassignedWei: unassigned?.cumulativeWei ?? 0n,
        claimableAtMs: readyAtMs
      })
    }
    return posted
  }

  return {
    post: (options = {}) => postPools(options),

    vetoed: () =>
      dropStore.pools().flatMap((poolId) => {
        const newest = vetoedDrop(poolId)
        return newest === undefined ? [] : [dropId(poolId, newest.dropSeq)]
      }),

    repost: (options = {}) =>
      postPools(options, (poolId, root) => {
        const newest = vetoedDrop(poolId)
        // The same again would be vetoed again, unless its operator says otherwise.
        return newest !== undefined && newest.root !== root
      }),

    async show(account, options = {}) {
      await chain.check(options)
      const out: RewardSummary[] = []
      for await (const known of drops(options)) {
        const summary = await owed(known, account.toLowerCase(), options)
        if (summary === undefined) continue
        const { known: _, pendingUntilMs: __, ...plain } = summary
        out.push(plain)
      }
      return out
    },

    async claim(account, options = {}) {
      await chain.check(options)
      const address = account.toLowerCase()
      const txHashes: string[] = []
      let claimedWei = 0n
      let pendingUntilMs: number | undefined
      for await (const found of drops(options)) {
        const summary = await owed(found, address, options)
        pendingUntilMs = summary?.pendingUntilMs ?? pendingUntilMs
        if (summary === undefined || summary.claimableWei === 0n) continue
        const { key, record } = summary.known
        const tree = buildDropTree(record.drop.leaves)
        const claim = buildClaim(tree, record.drop.leaves, address, summary.claimedWei)
        const done = await chain.pool.claim(key, address, claim.cumulativeWei, claim.proof, options)
        txHashes.push(done.txHash)
        claimedWei += done.paidWei
      }
      if (claimedWei === 0n && pendingUntilMs !== undefined) {
        throw new DatanetError('DROP_PENDING', { account, pendingUntilMs })
      }
      if (claimedWei === 0n) throw new DatanetError('NOTHING_TO_CLAIM', { account })
      return { account: address, claimedWei, txHashes }
    }
  }

  function vetoedDrop(poolId: string): WatchedDrop | undefined {
    const newest = parts.watcher?.read('drop', dropId(poolId))
    return newest?.state === 'vetoed' || newest?.state === 'refuted' ? newest : undefined
  }

  function isSame(digest: string | undefined, record: DropRecord): boolean {
    if (digest === undefined) return false
    return cidFromDigest(Buffer.from(digest.slice(2), 'hex')).equals(record.cid)
  }

  function hexDigest(record: DropRecord): string {
    return `0x${Buffer.from(digestOf(record.cid)).toString('hex')}`
  }
}
