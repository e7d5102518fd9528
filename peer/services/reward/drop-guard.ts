import { DatanetError, isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { pause } from '../../../protocol/net/waiting.ts'
import { DROP_VETO, poolIdOf } from '../../../protocol/reward/veto.ts'
import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { DropCheck, RewardsApi } from '../../api/money-api.ts'
import type { CallOptions, PeerHealth } from '../../api/peer-api.ts'
import type { PoolKey, PoolState } from '../../chain/pool.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import type { Parts } from '../parts.ts'
import type { AuditDrop, DropFinding } from './drop-audit.ts'
import type { AskCurators } from './drop-votes.ts'

/** Drops in their delay: looked at, refuted, vetoed. */
export interface DropGuard extends Pick<RewardsApi, 'check' | 'refute' | 'veto'> {
  /** What a curator should know of, with what to do about it: for the health of the peer. */
  reasons(): PeerHealth['reasons']
  /** Looks by itself from now on at what the Datanets audit whose curators are kept here. */
  run(): void
  stop(): Promise<void>
}

/** How often what could not be told is looked at again, as a part of the delay, and within which bounds. */
const AGAIN = { share: 16, leastMs: 250, mostMs: 60_000, failedMs: 15_000 } as const
/** A document that nobody shows is a reason to veto once this part of the delay has passed. */
const MISSING_SHARE = 8
/** Curators change seldom, and a drop's delay is a day where money is. */
const FOREIGN_MS = 60_000

interface Pending {
  readonly key: PoolKey
  readonly datanet: string
  readonly state: PoolState
  readonly isCurated: boolean
}

/** A guard over the pools that known Datanets audit. specs/09-reward.md §Veto, §Refutation */
export function createDropGuard(
  parts: Pick<Parts, 'chain' | 'wallet' | 'now' | 'log'> & {
    readonly watcher: Pick<ChainWatcher, 'onChange' | 'run'>
  },
  /** The Datanets known here, by id and key on chain. */
  audited: () => ReadonlyArray<Pick<DatanetSummary, 'id' | 'chainKey'>>,
  audit: AuditDrop,
  askCurators: AskCurators
): DropGuard {
  const { chain, wallet, watcher, now, log } = parts
  const stopping = new AbortController()
  /** What was found of drops that are pending still, by pool. */
  const found = new Map<string, DropCheck>()
  /** Datanets of which no curator is kept here, and until when that is believed. */
  const foreign = new Map<string, number>()
  let looking: Promise<void> | undefined
  let isAsked = false
  let woken = new AbortController()
  let delayMs = 0
  let unlisten = () => {}

  async function* pending(
    options: CallOptions,
    isWanted: (isCurated: boolean) => boolean = () => true
  ): AsyncGenerator<Pending> {
    const { token } = chain.contracts
    for (const { id, chainKey: auditor } of audited()) {
      // Of many Datanets that are known, few are curated here: they are not asked about at every event.
      if (!isWanted(false) && (foreign.get(auditor) ?? 0) > now()) continue
      const quorum = await chain.registry.curatorsOf(auditor, options)
      const isCurated = quorum?.curators.some((one) => wallet.find(one) !== undefined) ?? false
      if (!isCurated) foreign.set(auditor, now() + FOREIGN_MS)
      if (quorum === undefined || !isWanted(isCurated)) continue
      for (const { operator, token: paid } of await chain.escrow.poolsOf(auditor, options)) {
        if (paid !== token) continue
        const key = { operator, auditor, token }
        const state = await chain.pool.state(key, options)
        const { pending: drop } = state
        if (drop === undefined || drop.readyAtMs <= (await chain.nowMs(options))) continue
        yield { key, datanet: id, state, isCurated }
      }
    }
  }

  async function checkOf(one: Pending, options: CallOptions): Promise<DropCheck> {
    const { verdict, code, reason, refutation } = await audit(one, options)
    const { key, datanet, state, isCurated } = one
    const { root = '', totalWei = 0n, readyAtMs = 0 } = state.pending ?? {}
    return {
      ...{ pool: poolIdOf(key), operator: key.operator, datanet, dropSeq: state.dropSeq },
      ...{ root, totalWei, readyAtMs, verdict, isCurated },
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
      ...(refutation === undefined ? {} : { refutableBy: refutation.kind })
    }
  }

  async function find(pool: string, options: CallOptions): Promise<Pending> {
    await chain.check(options)
    for await (const one of pending(options)) if (poolIdOf(one.key) === pool) return one
    const hint = 'no drop is in its delay there: datanet reward check lists those that are'
    throw new DatanetError('DROP_STANDS', { pool }, { hint })
  }

  /** Looks at everything once; says whether there is something to look at again before the next event. */
  async function look(options: CallOptions): Promise<boolean> {
    let isOpen = false
    const still = new Set<string>()
    for await (const one of pending(options, (isCurated) => isCurated)) {
      const pool = poolIdOf(one.key)
      still.add(pool)
      const known = found.get(pool)
      if (known?.dropSeq === one.state.dropSeq && known.verdict !== 'unknown') continue
      const check = await checkOf(one, options)
      if (check.verdict !== known?.verdict || known.dropSeq !== check.dropSeq) {
        const { dropSeq, verdict, code = 'OK' } = check
        log('drop', { pool, dropSeq, verdict, code })
      }
      found.set(pool, check)
      isOpen ||= check.verdict === 'unknown'
    }
    for (const pool of found.keys()) if (!still.has(pool)) found.delete(pool)
    return isOpen
  }

  /** Looks, and says after how long to look again; a chain that does not answer is asked more seldom. */
  async function looked(signal: AbortSignal): Promise<number | undefined> {
    try {
      delayMs ||= await chain.pool.delayMs({ signal })
      const isOpen = await look({ signal })
      const againMs = Math.min(AGAIN.mostMs, Math.max(AGAIN.leastMs, delayMs / AGAIN.share))
      return isOpen ? againMs : undefined
    } catch (error) {
      if (isAbort(error)) throw error
      log('drop', { checked: false, code: isDatanetError(error) ? error.code : 'INTERNAL' })
      return AGAIN.failedMs
    }
  }

  async function follow(): Promise<void> {
    const { signal } = stopping
    while (isAsked && !signal.aborted) {
      isAsked = false
      woken = new AbortController()
      const againMs = await looked(signal)
      if (againMs === undefined) continue
      isAsked = true
      await pause(againMs, AbortSignal.any([signal, woken.signal])).catch(() => {})
    }
  }

  function wake(): void {
    isAsked = true
    woken.abort()
    looking ??= follow()
      .catch(() => {})
      .finally(() => {
        looking = undefined
      })
  }

  return {
    async check(options = {}) {
      await chain.check(options)
      const checks: DropCheck[] = []
      for await (const one of pending(options)) {
        const { onProgress } = options
        onProgress?.({ text: 'checking drops', done: checks.length, total: 0 })
        checks.push(await checkOf(one, options))
      }
      return checks
    },

    async refute(pool, options = {}) {
      const one = await find(pool, options)
      const { refutation }: DropFinding = await audit(one, options)
      if (refutation === undefined) {
        const hint =
          'nothing that the contract could see is wrong with it; its curators can veto it'
        throw new DatanetError('DROP_STANDS', { pool }, { hint })
      }
      const { txHash } = await chain.pool.refute(one.key, refutation, options)
      return { pool, dropSeq: one.state.dropSeq, shown: refutation.kind, txHash }
    },

    async veto({ pool, approvals = [] }, options = {}) {
      const { key, state } = await find(pool, options)
      const root = state.pending?.root ?? ''
      const question = {
        auditor: key.auditor,
        struct: DROP_VETO,
        value: { pool, dropSeq: state.dropSeq, root },
        submit: (all: readonly Uint8Array[]) => chain.pool.vetoDrop(key, all, options)
      }
      return askCurators(question, approvals, options)
    },

    reasons() {
      return [...found.values()].flatMap((one) => {
        const { pool, dropSeq, code, reason, verdict, readyAtMs, refutableBy } = one
        if (verdict === 'holds' || code === undefined || readyAtMs <= now()) return []
        if (verdict === 'unknown' && !isLate(one)) return []
        const act = refutableBy === undefined ? 'veto' : 'refute'
        const until = new Date(readyAtMs).toISOString()
        const text =
          `drop ${dropSeq} of a pool that is audited here: ${reason}; end it before ${until} by ` +
          `datanet reward ${act} ${pool}`
        return [{ code, text }]
      })
    },

    run() {
      unlisten = watcher.onChange((changed) => {
        if (changed.some(({ kind }) => kind === 'drop')) wake()
      })
      // Also what was posted while this peer was away.
      wake()
      watcher.run()
    },
    async stop() {
      unlisten()
      stopping.abort()
      await looking
    }
  }

  /** Its operator has had the time to show what it is about. */
  function isLate({ readyAtMs }: DropCheck): boolean {
    return now() >= readyAtMs - delayMs + delayMs / MISSING_SHARE
  }
}
