import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { DatanetError, isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { backOffMs } from '../../chain/back-off.ts'
import type { WaitOptions } from '../../chain/chain.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import { WATCH } from '../../chain/watch-limits.ts'
import type { ClaimStore } from '../../store/claims.ts'
import type { Parts } from '../parts.ts'
import { CLAIM_AT_WEI, CLAIMS } from './claim-limits.ts'
import { createClaimTransactions } from './claim-transactions.ts'
import { createUnclaimedRows, type KeptVoucher, sumWei, type Unclaimed } from './unclaimed.ts'

/** Whose vouchers are claimed, and when a withdrawal makes it do so. */
export interface VoucherSource {
  /** All that are kept. */
  kept(): Iterable<KeptVoucher>
  find(channelId: string): KeptVoucher | undefined
  /** Whether claims bring this peer something: then they are triggered by value and age as well. */
  readonly isOwn: boolean
  /** The shortest withdraw delay among them, in milliseconds; infinite where there are none. */
  leastDelayMs?(): number
  /** The least that a claim must bring, in wei; of own ones all but dust is claimed. */
  readonly leastWei?: bigint
  /** From which part of a withdrawal's delay on a claim is made. */
  readonly afterShare: number
}

/** Claims vouchers in time: by value, by age, when a withdrawal is seen, and at the end. */
export interface Claimer {
  /** One round: settles what is on its way, sends what is due, and moves on what claims brought. */
  round(options?: WaitOptions): Promise<void>
  /**
   * Claims every own voucher now, whatever it is worth, waits until blocks have it, and moves on what
   * it brought; returns the transactions.
   */
  claimAll(options?: WaitOptions): Promise<readonly string[]>
  /** The longest that the chain may go unwatched, for what is at stake. */
  mostMs(): number
  /** What own vouchers would bring, on its way or not, and whether some of it should be claimed. */
  atStake(): { readonly unclaimedWei: bigint; readonly isDue: boolean }
  /** Claims by itself from now on, until `stop`, which claims what is worth it in bounded time. */
  run(): void
  stop(): Promise<void>
}

/** What a claimer is told; what has to do with time can be replaced. */
export interface ClaimerInit {
  /** In a token that gas has no price in: claimed at once from here on. */
  readonly claimAtWei?: bigint
  readonly sources: readonly VoucherSource[]
  readonly random?: () => number
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const COIN = `0x${'0'.repeat(40)}`

/** A claimer over the vouchers of `init.sources`. specs/07-channel.md §Claim */
export function createClaimer(
  parts: Pick<Parts, 'chain' | 'now' | 'log'> & {
    readonly claimStore: ClaimStore
    readonly watcher: ChainWatcher
  },
  init: ClaimerInit
): Claimer {
  const { chain, watcher, claimStore, now, log } = parts
  const { sources } = init
  const rows = createUnclaimedRows(parts)
  const sending = createClaimTransactions(parts)
  const stopping = new AbortController()
  let wake = Promise.withResolvers<void>()
  let turn: Promise<unknown> = Promise.resolve()
  let following: Promise<void> | undefined
  let collecting: Promise<string[]> | undefined
  let leastDelayMs = Number.POSITIVE_INFINITY
  let failures = 0
  let fullAtMs = Number.NEGATIVE_INFINITY
  /** The threshold in coins as it was last compared, for who may not ask the chain. */
  let coinsAtWei: bigint | undefined
  const unlisten = watcher.onChange(() => wake.resolve())

  /** Rounds and claims that somebody asked for, one after another: they read and write one state. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }

  /** From where on a claim of `count` rows in `token` is made at once. */
  async function thresholdWei(token: string, count: number, options: WaitOptions): Promise<bigint> {
    if (token !== COIN) return init.claimAtWei ?? CLAIM_AT_WEI
    const gas = CLAIMS.baseGas + CLAIMS.rowGas * BigInt(count)
    coinsAtWei = (await chain.transactions.gasPriceWei(options)) * gas * CLAIMS.gasTimes
    return coinsAtWei
  }

  /** Keeps since when each voucher waits; what was claimed meanwhile waits no more. */
  function dueSince(waiting: readonly Unclaimed[]): ReadonlyMap<string, number> {
    const known = claimStore.due()
    const now_ = now()
    const since = new Map(waiting.map(({ channelId }) => [channelId, known.get(channelId) ?? now_]))
    for (const id of known.keys()) if (!since.has(id)) claimStore.setDue(id, undefined)
    for (const [id, ms] of since) if (!known.has(id)) claimStore.setDue(id, ms)
    return since
  }

  /** Own vouchers that their worth or their age makes due; with them go the others of their token. */
  async function dueByWorth(
    waiting: readonly Unclaimed[],
    options: WaitOptions,
    share = 1n
  ): Promise<Unclaimed[]> {
    const due: Unclaimed[] = []
    const since = dueSince(waiting)
    const byToken = Map.groupBy(waiting, ({ terms }) => terms.token)
    for (const [token, all] of byToken) {
      const atWei = await thresholdWei(token, all.length, options)
      const worth = all.filter(({ deltaWei }) => deltaWei >= atWei / CLAIMS.dustShare)
      const isOld = worth.some(
        ({ channelId }) => now() - (since.get(channelId) ?? now()) >= CLAIMS.ageMs
      )
      if (worth.length > 0 && (isOld || sumWei(worth) >= atWei / share)) due.push(...worth)
    }
    return due
  }

  /** Vouchers of channels whose payer takes its deposit back. */
  async function dueByWithdrawal(options: WaitOptions): Promise<Unclaimed[]> {
    const due: Unclaimed[] = []
    let chainMs: number | undefined
    for (const channelId of watcher.withdrawing()) {
      for (const { find, leastWei, afterShare } of sources) {
        const kept = find(channelId)
        const [row] = kept === undefined ? [] : rows.of([kept])
        if (row === undefined) continue
        // A payer must not have this peer pay gas for dust by withdrawing.
        const dustWei = (await thresholdWei(row.terms.token, 1, options)) / CLAIMS.dustShare
        if (row.deltaWei < (leastWei ?? dustWei)) continue
        const { readyAtMs = 0 } = row.channel.withdrawal ?? {}
        const fromMs = readyAtMs - row.terms.withdrawDelayS * 1_000 * (1 - afterShare)
        chainMs ??= afterShare === 0 ? undefined : await chain.nowMs(options)
        if (afterShare === 0 || (chainMs ?? 0) >= fromMs) due.push(row)
      }
    }
    return due
  }

  function ownRows(): Unclaimed[] {
    const own = sources.filter(({ isOwn }) => isOwn).flatMap(({ kept }) => rows.of(kept()))
    const delays = own.map(({ terms }) => terms.withdrawDelayS * 1_000)
    leastDelayMs = Math.min(...delays, Number.POSITIVE_INFINITY)
    return own
  }

  /**
   * Without those that the chain has already: somebody else may have claimed in blocks that are not
   * confirmed yet, and so not watched.
   */
  async function reread(due: readonly Unclaimed[], options: WaitOptions): Promise<Unclaimed[]> {
    const once = [...new Map(due.map((row) => [row.channelId, row])).values()]
    const from = (watcher.state.block?.number ?? -1) + 1
    const to = await chain.reader.head(options)
    if (to < from) return once
    if (to - from >= WATCH.rangeBlocks) throw new DatanetError('CHAIN_BEHIND', { block: from - 1 })
    const claimed = new Map<string, bigint>()
    for (const { fact } of await chain.reader.events({ from, to }, options)) {
      if (fact.name === 'claimed') claimed.set(fact.channelId, fact.claimedWei)
      // Nothing can be claimed of it any more.
      if (fact.name === 'closed') claimed.set(fact.channelId, fact.claimedWei + (1n << 128n))
    }
    return once.filter(({ channelId, voucher: { cumulativeWei }, channel: { depositWei } }) => {
      const claimedWei = claimed.get(channelId)
      const mostWei = cumulativeWei < depositWei ? cumulativeWei : depositWei
      return claimedWei === undefined || mostWei > claimedWei
    })
  }

  async function send(due: readonly Unclaimed[], options: WaitOptions) {
    if (due.length === 0) return []
    return sending.send(await reread(due, options), options)
  }

  /** What claims brought goes on: royalty into its pool, the rest to the operator. */
  async function collect(options: WaitOptions): Promise<string[]> {
    if (!claimStore.isToCollect()) return []
    const txHashes: string[] = []
    const pools = new Set<string>()
    for (const kept of sources.filter(({ isOwn }) => isOwn).flatMap((one) => [...one.kept()])) {
      const terms = rows.termsOf(kept)
      if (terms !== undefined) pools.add(`${terms.operator} ${terms.auditor} ${terms.token}`)
    }
    for (const pool of pools) {
      const [operator, auditor, token] = pool.split(' ') as [string, string, string]
      if ((await chain.escrow.royaltyOf(operator, auditor, token, options)) > 0n) {
        const { txHash } = await chain.pool.collect({ operator, auditor, token }, options)
        txHashes.push(txHash)
      }
      if ((await chain.escrow.creditOf(operator, token, options)) > 0n) {
        txHashes.push((await chain.escrow.pull(operator, token, options)).txHash)
      }
    }
    claimStore.setToCollect(false)
    return txHashes
  }

  async function roundNow(options: WaitOptions, isFull = true): Promise<void> {
    // A claim that cannot be asked about must not keep others from being sent.
    const settled = await sending.settle(options).then(
      () => undefined,
      (error: unknown) => ({ error })
    )
    await send(await dueByWithdrawal(options), options)
    if (isFull) {
      await send(await dueByWorth(ownRows(), options), options)
      fullAtMs = now()
    }
    if (settled !== undefined) throw settled.error
  }

  /** Waits for blocks, and so beside the rounds, which must not wait for it. */
  function collectBeside(options: WaitOptions): Promise<string[]> {
    collecting ??= collect(options).finally(() => {
      collecting = undefined
    })
    return collecting
  }

  const wait = init.wait ?? ((ms: number, signal: AbortSignal) => pause(ms, undefined, { signal }))

  async function follow(): Promise<void> {
    const { signal } = stopping
    const random = init.random ?? Math.random
    while (!signal.aborted) {
      wake = Promise.withResolvers()
      try {
        // Looking through thousands of vouchers for every block that has an event would be all it does.
        const isFull = failures > 0 || now() - fullAtMs >= CLAIMS.roundMs
        await inTurn(() => roundNow({ signal }, isFull))
        failures = 0
        collectBeside({ signal }).catch((error: unknown) => {
          if (!signal.aborted) log('claim', { collecting: `${error}` })
        })
      } catch (error) {
        failures += 1
        const code = isDatanetError(error) ? error.code : 'INTERNAL'
        if (!signal.aborted) log('claim', { code, failures, error: `${error}` })
      }
      const wantedMs = failures === 0 ? CLAIMS.roundMs : backOffMs(failures, random, CLAIMS.backOff)
      const slept = new AbortController()
      const sleeping = wait(
        Math.min(wantedMs, mostMs()),
        AbortSignal.any([signal, slept.signal])
      ).catch((error: unknown) => {
        if (!isAbort(error)) throw error
      })
      // What the chain told of is looked at now; after a failure nothing is hurried.
      await (failures === 0 ? Promise.race([sleeping, wake.promise]) : sleeping)
      slept.abort()
    }
  }

  function mostMs(): number {
    const others = sources.map((source) => source.leastDelayMs?.() ?? Number.POSITIVE_INFINITY)
    return Math.min(leastDelayMs, ...others) / WATCH.delayShare
  }

  return {
    async round(options = {}) {
      await inTurn(() => roundNow(options))
      await collectBeside(options)
    },
    async claimAll(options = {}) {
      const ids = await inTurn(async () => {
        await watcher.catchUp(options)
        await sending.settle(options)
        const before = claimStore.open().map(({ id }) => id)
        return [...before, ...(await send(ownRows(), options))]
      })
      // Out of turn: a withdrawal that is seen meanwhile must not wait for these blocks.
      const claims = await sending.included(ids, options)
      await watcher.catchUp(options)
      await inTurn(() => sending.settle(options))
      claimStore.setToCollect(true)
      const claimed = claims.flatMap(({ txHashes }) => txHashes.slice(-1))
      return [...claimed, ...(await collectBeside(options))]
    },
    mostMs,
    atStake() {
      const own = sources
        .filter(({ isOwn }) => isOwn)
        .flatMap(({ kept }) => [...kept()].flatMap((one) => rows.one(one) ?? []))
      const since = claimStore.due()
      const isDue = [...Map.groupBy(own, ({ terms }) => terms.token)].some(([token, all]) => {
        const atWei = (token === COIN ? coinsAtWei : undefined) ?? init.claimAtWei ?? CLAIM_AT_WEI
        const worth = all.filter(({ deltaWei }) => deltaWei >= atWei / CLAIMS.dustShare)
        return sumWei(worth) >= atWei || worth.some((row) => isUrgent(row, since))
      })
      return { unclaimedWei: sumWei(own), isDue }
    },
    run() {
      following ??= follow()
    },
    async stop() {
      const isRunning = following !== undefined
      unlisten()
      stopping.abort()
      wake.resolve()
      if (!isRunning) return
      const late = AbortSignal.timeout(CLAIMS.stopMs)
      const options = { signal: late }
      const ending = (async () => {
        await following
        await collecting?.catch(() => {})
        await inTurn(async () =>
          send(await dueByWorth(ownRows(), options, CLAIMS.stopShare), options)
        )
      })().catch((error: unknown) => {
        log('claim', { atStop: isDatanetError(error) ? error.code : `${error}` })
      })
      // What somebody else waits for in turn must not hold up the whole peer's end.
      await Promise.race([ending, once(late, 'abort')])
    }
  }

  function isUrgent(
    { channelId, channel }: Unclaimed,
    since: ReadonlyMap<string, number>
  ): boolean {
    if (channel.withdrawal !== undefined) return true
    return now() - (since.get(channelId) ?? now()) >= CLAIMS.ageMs
  }
}
