import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import { escrowDomain } from '../../../protocol/channel/terms.ts'
import { decodeVoucher, verifyVoucher } from '../../../protocol/channel/voucher.ts'
import type { SignedReceipt } from '../../../protocol/receipt/receipt.ts'
import { verifyReceiptSignature } from '../../../protocol/receipt/receipt-signature.ts'
import {
  type Drop,
  type DropRecord,
  decodeDrop,
  verifyDropFollows,
  verifyDropLeaves
} from '../../../protocol/reward/drop.ts'
import {
  type ChannelRoyalty,
  type DropLeaf,
  dropLeaves,
  foldRewards
} from '../../../protocol/reward/fold.ts'
import { findRefutation, type Refutation } from '../../../protocol/reward/refutation.ts'
import { buildSumTree } from '../../../protocol/reward/sum-tree.ts'
import type { DropCheck } from '../../api/money-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { PoolKey, PoolState } from '../../chain/pool.ts'
import type { Parts } from '../parts.ts'
import { type DropDocuments, readDrop } from './drop-documents.ts'
import type { DropGround } from './drop-ground.ts'

/** What looking at a pending drop came to, and what ends it at the contract. */
export interface DropFinding extends Pick<DropCheck, 'verdict' | 'code' | 'reason'> {
  readonly refutation?: Refutation
}

/** Checks the drop that is pending on a pool. Refuses only what keeps it from asking the chain. */
export type AuditDrop = (
  where: { readonly key: PoolKey; readonly datanet: string; readonly state: PoolState },
  options?: CallOptions
) => Promise<DropFinding>

/** What the parts of a drop come to, by everything that can be had. */
export interface DropAudit {
  readonly audit: AuditDrop
  /** What `channels` give: their leaves, by the receipts that are shown. Refuses what audit does. */
  fold(
    channels: Drop['channels'],
    where: { readonly key: PoolKey; readonly datanet: string },
    options?: CallOptions
  ): Promise<readonly DropLeaf[]>
  /** The document of the drop that is final on the pool; `isMissing` when nobody shows it. */
  previous(
    where: { readonly key: PoolKey; readonly datanet: string; readonly state: PoolState },
    options?: CallOptions
  ): Promise<{ readonly isMissing: boolean; readonly record?: DropRecord }>
}

/**
 * Audits by the document behind a posted root, what the chain says of its channels, and the receipts
 * that its operator shows. specs/09-reward.md §Drop, §Fold, §Refutation
 */
export function createDropAudit(
  parts: Pick<Parts, 'chain'>,
  documents: DropDocuments,
  ground: DropGround
): DropAudit {
  const { chain } = parts

  /** What the drop says of one channel, held against the chain. */
  async function onChain(
    stated: Drop['channels'][number],
    key: PoolKey,
    options: CallOptions
  ): Promise<{ royalty: Omit<ChannelRoyalty, 'receipts'>; receiptSigner: string }> {
    const { channelId, capturedWei, isClosed } = stated
    const [terms, state] = await Promise.all([
      chain.escrow.termsOf(channelId, options),
      chain.escrow.channel(channelId, options)
    ])
    const wrong = (reason: string) => new DatanetError('DROP_INVALID', { channelId, reason })
    if (terms === undefined) throw wrong('a channel that was never opened')
    const { operator, auditor, token } = terms
    const isOfPool = operator === key.operator && auditor === key.auditor && token === key.token
    if (!isOfPool) throw wrong('a channel of another pool')
    if (capturedWei > state.royaltyWei) throw wrong('more than was captured')
    if (isClosed && state.isClosed !== true) throw wrong('closed, which it is not on chain')
    const voucher = decodeVoucher(stated.voucher)
    const { chainId, escrow } = chain.contracts
    verifyVoucher(domainSeparator(escrowDomain(chainId, escrow)), voucher, terms.signer)
    const royalty = { channelId, capturedWei, voucher, isClosed }
    return { royalty, receiptSigner: terms.receiptSigner }
  }

  /** The leaves that vouchers and receipts give. */
  async function fold(
    channels_: Drop['channels'],
    where: { readonly key: PoolKey; readonly datanet: string },
    options: CallOptions = {}
  ): Promise<readonly DropLeaf[]> {
    const { chainId, escrow } = chain.contracts
    const separator = domainSeparator(escrowDomain(chainId, escrow))
    const stated = []
    for (const channel of channels_) stated.push(await onChain(channel, where.key, options))
    const peers = await documents.showers(where.key, where.datanet, options)
    const channels: ChannelRoyalty[] = []
    for (const { royalty, receiptSigner } of stated) {
      // Where the voucher commits to none, and nobody will commit to more, there are none to fold.
      const needed = royalty.voucher.receipts > 0 || royalty.isClosed
      const receipts: readonly SignedReceipt[] = needed
        ? await ground.receipts(royalty.channelId, peers, options)
        : []
      for (const receipt of receipts) verifyReceiptSignature(separator, receipt, receiptSigner)
      channels.push({ ...royalty, receipts })
    }
    const all = channels.flatMap(({ receipts }) => receipts.map(({ receipt }) => receipt))
    const parties = await ground.parties(all, peers, options)
    return dropLeaves(foldRewards(channels, parties))
  }

  async function previousOf(
    where: { readonly key: PoolKey; readonly datanet: string; readonly state: PoolState },
    options: CallOptions = {}
  ): Promise<{ readonly isMissing: boolean; readonly record?: DropRecord }> {
    const digest = where.state.final?.drop
    if (digest === undefined) return { isMissing: false }
    const bytes = await documents.find({ ...where, digest }, options)
    return bytes === undefined
      ? { isMissing: true }
      : { isMissing: false, record: decodeDrop(bytes) }
  }

  const audit: AuditDrop = async (where, options = {}) => {
    const { key, state } = where
    const { pending } = state
    if (pending === undefined) throw new DatanetError('DROP_STANDS', { reason: 'nothing pending' })
    const bytes = await documents.find({ ...where, digest: pending.drop }, options)
    if (bytes === undefined) {
      const reason = 'nobody shows the document behind the posted digest'
      return { verdict: 'unknown', code: 'DOCUMENT_UNKNOWN', reason }
    }
    const drop = readDrop(bytes)
    if (drop === undefined) {
      return { verdict: 'wrong', code: 'RECORD_MALFORMED', reason: 'the document is no drop' }
    }
    const tree = buildSumTree(drop.leaves)
    if (tree.root !== pending.root) {
      const reason = 'the document does not lead to the posted root'
      return { verdict: 'wrong', code: 'DROP_INVALID', reason }
    }
    const previous = await previousOf(where, options)
    const finalLeaves = previous.record?.drop.leaves ?? []
    const posted = { leaves: drop.leaves, totalWei: pending.totalWei }
    const refutation = findRefutation(finalLeaves, posted)
    if (refutation !== undefined) {
      const reason = REFUTED[refutation.kind]
      return { verdict: 'wrong', code: 'DROP_INVALID', reason, refutation }
    }
    try {
      const record = decodeDrop(bytes)
      refuseOtherPool(record.drop, key, chain.contracts)
      if (previous.isMissing) {
        const reason = 'nobody shows the document of the drop before'
        return { verdict: 'unknown', code: 'DOCUMENT_UNKNOWN', reason }
      }
      verifyDropFollows(record, previous.record)
      verifyDropLeaves(record.drop, await fold(record.drop.channels, where, options))
      return { verdict: 'holds' }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!isDatanetError(error) || error.code.startsWith('CHAIN_')) throw error
      const verdict = UNKNOWN.has(error.code) ? 'unknown' : 'wrong'
      return { verdict, code: error.code, reason: reasonOf(error) }
    }
  }

  return { audit, fold, previous: previousOf }
}

const REFUTED: Readonly<Record<Refutation['kind'], string>> = {
  total: 'its leaves do not add up to the posted total',
  unordered: 'its leaves do not ascend by account',
  shrunk: 'an account has less than in the drop before',
  absent: 'an account of the drop before is left out'
}

/** What keeps somebody from telling, and says nothing of the drop: it may come, or be withheld. */
const UNKNOWN: ReadonlySet<string> = new Set([
  'RECEIPT_UNKNOWN',
  'OFFER_UNKNOWN',
  'MODEL_UNKNOWN',
  'DATANET_UNKNOWN'
])

function refuseOtherPool(
  { pool }: Drop,
  key: PoolKey,
  contracts: { readonly chainId: bigint; readonly pool: string }
): void {
  const isIt =
    BigInt(pool.chainId) === contracts.chainId &&
    pool.contract === contracts.pool &&
    pool.operator === key.operator &&
    pool.auditor === key.auditor &&
    pool.token === key.token
  if (!isIt) throw new DatanetError('DROP_INVALID', { reason: 'of another pool' })
}

function reasonOf({ code, message, details }: DatanetError): string {
  const { reason, account, channelId, id } = details
  if (code === 'RECEIPT_UNKNOWN') return `nobody shows the receipts of channel ${id}`
  if (account !== undefined) return `account ${account} has another amount than its receipts give`
  const where = channelId === undefined ? '' : ` (channel ${channelId})`
  return `${reason ?? message}${where}`
}
