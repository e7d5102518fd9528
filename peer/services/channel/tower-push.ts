import { setTimeout as pause } from 'node:timers/promises'
import { type ErrorCode, isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { decodeVoucher } from '../../../protocol/channel/voucher.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { towerAskSchema, towerEndSchema } from '../../../protocol/net/tower.ts'
import { backOffMs } from '../../chain/back-off.ts'
import type { WaitOptions } from '../../chain/chain.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import type { TowerStore } from '../../store/tower.ts'
import type { Parts } from '../parts.ts'

/** Hands the highest vouchers of this provider to towers, which claim when it is away. */
export interface TowerPush {
  /** Hands over what is due now, to every tower that answers. */
  round(options?: WaitOptions): Promise<void>
  run(): void
  /** Hands over once more what is due, in bounded time. */
  stop(): Promise<void>
}

/** When vouchers are handed to towers; each with its reason. */
export const TOWER_PUSH = {
  /** Handed over once so much more is at stake than the tower knows of. */
  atWei: 10n ** 17n,
  roundMs: 5_000,
  deadlineMs: 5_000,
  stopMs: 1_000,
  backOff: { baseMs: 2_000, mostMs: 300_000 }
} as const

/** What a tower says of one channel for good: it is asked again when more is at stake. */
const ABOUT_CHANNEL: ReadonlySet<ErrorCode> = new Set([
  'TOWER_DECLINED',
  'DEPOSIT_INSUFFICIENT',
  'TERMS_MISMATCH',
  'SIGNATURE_INVALID',
  'VOUCHER_MALFORMED',
  'RECORD_MALFORMED'
])

/** A push to the towers at `init.towers`, multiaddrs with peer ids. specs/07-channel.md §Tower */
export function createTowerPush(
  parts: Pick<Parts, 'channelStore' | 'pool' | 'now' | 'log'> & {
    readonly towerStore: TowerStore
    readonly watcher: Pick<ChainWatcher, 'read'>
  },
  init: { readonly towers: readonly string[]; readonly atWei?: bigint }
): TowerPush {
  const { channelStore, pool, towerStore, watcher, now, log } = parts
  const atWei = init.atWei ?? TOWER_PUSH.atWei
  const stopping = new AbortController()
  /** Towers that failed, how often in a row, and when they are asked again. */
  const failing = new Map<string, { failures: number; againAtMs: number }>()
  let following: Promise<void> | undefined

  /** Vouchers that are worth handing to `tower`, most at stake first. */
  function dueAt(tower: string) {
    const due = channelStore.channels('provider').flatMap(({ channelId, terms, voucher }) => {
      if (voucher === undefined) return []
      try {
        const { cumulativeWei } = decodeVoucher(voucher)
        const state = watcher.read('channel', channelId)
        if (state === undefined || state.isClosed === true) return []
        const mostWei = cumulativeWei < state.depositWei ? cumulativeWei : state.depositWei
        const handedWei = towerStore.handedWei(tower, channelId)
        const knownWei = handedWei > state.claimedWei ? handedWei : state.claimedWei
        const stakeWei = mostWei - knownWei
        return stakeWei < atWei ? [] : [{ channelId, terms, voucher, cumulativeWei, stakeWei }]
      } catch {
        // A row that cannot be read keeps none of the others back.
        return []
      }
    })
    return due.toSorted((a, b) => (a.stakeWei > b.stakeWei ? -1 : 1))
  }

  async function handTo(tower: string, options: WaitOptions): Promise<void> {
    if ((failing.get(tower)?.againAtMs ?? 0) > now()) return
    for (const { channelId, terms, voucher, cumulativeWei } of dueAt(tower)) {
      options.signal?.throwIfAborted()
      try {
        const ask = toWire(towerAskSchema, { terms, voucher })
        const { deadlineMs } = TOWER_PUSH
        const end = await pool.request(tower, PROTOCOLS.tower, ask, { ...options, deadlineMs })
        towerStore.setHanded(tower, channelId, fromWire(towerEndSchema, end).keptWei)
        failing.delete(tower)
      } catch (error) {
        options.signal?.throwIfAborted()
        const code = isDatanetError(error) ? error.code : 'INTERNAL'
        log('tower', { tower, channel: channelId, code })
        if (ABOUT_CHANNEL.has(code)) {
          towerStore.setHanded(tower, channelId, cumulativeWei)
          continue
        }
        const failures = (failing.get(tower)?.failures ?? 0) + 1
        const againAtMs = now() + backOffMs(failures, Math.random, TOWER_PUSH.backOff)
        failing.set(tower, { failures, againAtMs })
        return
      }
    }
  }

  async function round(options: WaitOptions = {}): Promise<void> {
    await Promise.all(init.towers.map((tower) => handTo(tower, options)))
  }

  async function follow(): Promise<void> {
    const { signal } = stopping
    while (!signal.aborted) {
      try {
        await round({ signal })
        await pause(TOWER_PUSH.roundMs, undefined, { signal })
      } catch (error) {
        if (isAbort(error)) continue
        log('tower', { code: isDatanetError(error) ? error.code : 'INTERNAL', error: `${error}` })
        await pause(TOWER_PUSH.roundMs, undefined, { signal }).catch(() => {})
      }
    }
  }

  return {
    round,
    run() {
      if (init.towers.length > 0) following ??= follow()
    },
    async stop() {
      stopping.abort()
      if (following === undefined) return
      await following
      await round({ signal: AbortSignal.timeout(TOWER_PUSH.stopMs) }).catch(() => {})
    }
  }
}
