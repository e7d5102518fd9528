import { isDatanetError } from '../../../protocol/base/errors.ts'
import type { WaitOptions } from '../../chain/chain.ts'
import type { Included } from '../../chain/transactions.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import type { ClaimState, ClaimStore, StoredClaim } from '../../store/claims.ts'
import type { Parts } from '../parts.ts'
import { CLAIMS } from './claim-limits.ts'
import type { Unclaimed } from './unclaimed.ts'

/** Claims as transactions: built → sent → included → final, each step on disk before the next. */
export interface ClaimTransactions {
  /** Sends `rows`, in as many transactions as it takes; returns their claims. */
  send(rows: readonly Unclaimed[], options?: WaitOptions): Promise<readonly number[]>
  /**
   * Brings every claim that is on its way to the state that it is in by now. One that cannot be asked
   * about keeps none of the others back; the first failure is thrown at the end.
   */
  settle(options?: WaitOptions): Promise<void>
  /** Waits until each is included, dropped or failed. */
  included(ids: readonly number[], options?: WaitOptions): Promise<readonly StoredClaim[]>
}

/**
 * Claims over the chain and the store. What was signed is sent again as it was, never built anew
 * beside itself: a killed peer that comes back pays for no claim twice. specs/07-channel.md §Claim
 */
export function createClaimTransactions(
  parts: Pick<Parts, 'chain' | 'now' | 'log'> & {
    readonly claimStore: ClaimStore
    readonly watcher: Pick<ChainWatcher, 'state'>
  }
): ClaimTransactions {
  const { chain, claimStore, watcher, now, log } = parts
  const { transactions } = chain
  /** Channels of a claim that was refused whole, and how many may go together from now on. */
  const suspects = new Map<string, number>()
  /** Sent again once by this process: a node that was restarted may have forgotten them. */
  const resent = new Set<number>()

  function move(claim: StoredClaim, state: ClaimState, found?: Included): void {
    if (claim.state === state && claim.blockHash === found?.blockHash) return
    const block =
      found === undefined ? {} : { blockNumber: found.blockNumber, blockHash: found.blockHash }
    claimStore.move(claim.id, state, { atMs: now(), ...block })
    log('claim', { id: claim.id, state, rows: claim.rows.length, ...block })
  }

  /** What the contract did with each row: those it skipped are not tried again as they are. */
  function learn(claim: StoredClaim, found: Included): void {
    for (const outcome of chain.escrow.outcomesIn(found.logs)) {
      if (!('skipped' in outcome) || outcome.skipped === 'nothing-new') continue
      const row = claim.rows.find(({ channelId }) => channelId === outcome.channelId)
      if (row?.mark !== undefined) claimStore.setFault(row.channelId, row.mark, outcome.skipped)
      log('claim', { channel: outcome.channelId, skipped: outcome.skipped })
    }
  }

  function refused(rows: ReadonlyArray<{ channelId: string; mark: string }>, why: string): void {
    if (rows.length > 1) {
      const fewer = Math.ceil(rows.length / 2)
      for (const { channelId } of rows) suspects.set(channelId, fewer)
      return
    }
    for (const { channelId, mark } of rows) claimStore.setFault(channelId, mark, why)
  }

  async function findAny(claim: StoredClaim, options: WaitOptions): Promise<Included | undefined> {
    for (const hash of claim.txHashes.toReversed()) {
      const found = await transactions.find(hash, options)
      if (found !== undefined) return found
    }
    return undefined
  }

  async function settleOne(claim: StoredClaim, options: WaitOptions): Promise<void> {
    let found = await findAny(claim, options)
    if (found === undefined && (await transactions.nonce(options)) > claim.nonce) {
      // It may have been included between the two questions.
      found = await findAny(claim, options)
      if (found === undefined) return move(claim, 'dropped')
    }
    if (found === undefined) return push(claim, options)
    if (!found.isDone) {
      refused(claim.rows, 'reverted')
      return move(claim, 'failed', found)
    }
    if (claim.state !== 'included' || claim.blockHash !== found.blockHash) learn(claim, found)
    const isFinal = (watcher.state.block?.number ?? -1) >= found.blockNumber
    if (isFinal) claimStore.setToCollect(true)
    move(claim, isFinal ? 'final' : 'included', found)
  }

  /** In no block: sent again, and for more money once it waits too long. */
  async function push(claim: StoredClaim, options: WaitOptions): Promise<void> {
    const isLate = now() - claim.changedAtMs > CLAIMS.raiseMs
    if (claim.state === 'sent' && isLate) {
      const journal = {
        signed: ({ raw, txHash }: { raw: string; txHash: string }) =>
          claimStore.resign(claim.id, { raw, txHash }, now())
      }
      await transactions.raise(claim.raw, journal, options)
      resent.add(claim.id)
      return
    }
    if (claim.state === 'sent' && resent.has(claim.id)) return
    if ((await transactions.resend(claim.raw, options)) === 'nonce-used') return
    resent.add(claim.id)
    move(claim, 'sent')
  }

  async function sendBatch(rows: readonly Unclaimed[], options: WaitOptions): Promise<number[]> {
    let id: number | undefined
    const journal = {
      signed({ raw, txHash, nonce }: { raw: string; txHash: string; nonce: number }) {
        // Signed again because its place was taken: the first form can never count.
        if (id !== undefined) claimStore.move(id, 'dropped', { atMs: now() })
        const claimed = rows.map(({ channelId, voucher, mark }) => ({
          channelId,
          cumulativeWei: voucher.cumulativeWei,
          mark
        }))
        id = claimStore.add({ rows: claimed, raw, nonce, txHash, changedAtMs: now() })
      }
    }
    try {
      await chain.escrow.submitClaim(
        rows.map(({ terms, voucher }) => ({ terms, ...voucher })),
        journal,
        options
      )
    } catch (error) {
      if (!isDatanetError(error) || error.code !== 'CHAIN_REVERTED' || id !== undefined) throw error
      // Refused before it was signed: find the row that it is refused for.
      refused(rows, 'reverted')
      if (rows.length === 1) return []
      return sendAll(rows, options)
    }
    const sent = id === undefined ? undefined : claimStore.claim(id)
    if (sent === undefined) return []
    resent.add(sent.id)
    move(sent, 'sent')
    return [sent.id]
  }

  async function sendAll(rows: readonly Unclaimed[], options: WaitOptions): Promise<number[]> {
    const ids: number[] = []
    let batch: Unclaimed[] = []
    let most: number = CLAIMS.rows
    const flush = async () => {
      if (batch.length > 0) ids.push(...(await sendBatch(batch, options)))
      batch = []
      most = CLAIMS.rows
    }
    // What never was refused goes first, and does not wait for what was.
    const ordered = rows.toSorted(
      (a, b) => Number(suspects.has(a.channelId)) - Number(suspects.has(b.channelId))
    )
    for (const row of ordered) {
      const own = suspects.get(row.channelId) ?? CLAIMS.rows
      if (own < most && batch.length > 0) await flush()
      most = Math.min(most, own)
      batch.push(row)
      if (batch.length >= most) await flush()
    }
    await flush()
    return ids
  }

  return {
    send: (rows, options = {}) => sendAll(rows, options),
    async settle(options = {}) {
      let failure: unknown
      for (const claim of claimStore.open()) {
        await settleOne(claim, options).catch((error: unknown) => {
          failure ??= error
        })
      }
      if (failure !== undefined) throw failure
    },
    async included(ids, options = {}) {
      for (const id of ids) {
        const claim = claimStore.claim(id)
        const newest = claim?.txHashes.at(-1)
        if (claim === undefined || newest === undefined || !isOpen(claim)) continue
        await transactions.included(newest, options)
        await settleOne(claimStore.claim(id) ?? claim, options)
      }
      return ids.flatMap((id) => claimStore.claim(id) ?? [])
    }
  }
}

function isOpen({ state }: StoredClaim): boolean {
  return state === 'built' || state === 'sent'
}
