import { setTimeout as pause } from 'node:timers/promises'
import {
  DatanetError,
  type ErrorCode,
  isAbort,
  isDatanetError
} from '../../protocol/base/errors.ts'
import type { Changed, WatchStore } from '../store/watched.ts'
import { backOffMs } from './back-off.ts'
import type { WaitOptions } from './chain.ts'
import type { BlockRef, ChainEvent, ChainReader } from './reader.ts'
import { WATCH } from './watch-limits.ts'
import type { WatchedReader } from './watched.ts'

/** Where following the chain stands. */
export interface WatchState {
  /** The last confirmed block that was read. */
  readonly block?: BlockRef
  /** The newest block that the endpoint told of, confirmed or not. */
  readonly headBlock?: number
  /** When everything confirmed had been read, by this machine's clock; 0 before the first time. */
  readonly seenAtMs: number
  /** Looks in a row that failed, and why the last one did. */
  readonly failures: number
  readonly code?: ErrorCode
}

/** Follows the contracts' events at a confirmed depth; nothing that anybody else says enters it. */
export interface ChainWatcher {
  readonly state: WatchState
  read: WatchedReader
  /** Channels whose payer takes its deposit back. */
  withdrawing(): readonly string[]
  /**
   * Reads on to the newest confirmed block, in a look that begins after this was asked; those who ask
   * at once share one. Refuses
   * CHAIN_UNREACHABLE when the endpoint fails, CHAIN_BEHIND when it changes under the look.
   */
  catchUp(options?: WaitOptions): Promise<void>
  /** Calls `listener` with what changed, after it is on disk; returns how to stop that. */
  onChange(listener: (changed: readonly Changed[]) => void): () => void
  /** Follows from now on, until `stop`. */
  run(): void
  stop(): Promise<void>
}

/** What a watcher is made of; what has to do with time can be replaced. */
export interface WatcherInit {
  readonly reader: ChainReader
  readonly store: WatchStore
  /** Blocks that must carry an event before it counts, its own included. */
  readonly confirmations: number
  readonly pollMs: number
  /** The longest that may pass between looks, also while the endpoint fails: what is at stake decides. */
  readonly mostMs?: () => number
  readonly now?: () => number
  readonly random?: () => number
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>
  readonly log?: (scope: string, values: Record<string, unknown>) => void
}

/** A watcher over `init.store`, which goes on where it ended. Nothing is asked before it is used. */
export function createWatcher(init: WatcherInit): ChainWatcher {
  const { reader, store, confirmations } = init
  const now = init.now ?? Date.now
  const log = init.log ?? (() => {})
  const listeners = new Set<(changed: readonly Changed[]) => void>()
  const stopping = new AbortController()
  let rangeBlocks: number = WATCH.rangeBlocks
  let headBlock: number | undefined
  let block = store.cursor()
  let seenAtMs = 0
  let failures = 0
  let code: ErrorCode | undefined
  let looking: Promise<void> | undefined
  let next: Promise<void> | undefined
  let following: Promise<void> | undefined

  function tell(changed: readonly Changed[]): void {
    block = store.cursor()
    if (changed.length === 0) return
    for (const listener of listeners) listener(changed)
  }

  /** Takes back what a fork has replaced. */
  async function leaveFork(head: number, options: WaitOptions): Promise<void> {
    const known = store.blocks()
    for (const { number, hash } of known) {
      // What the endpoint does not have yet, or for a moment no more, says nothing.
      if (number > head) continue
      const now = await reader.block(number, options)
      if (now === undefined) return
      if (now.hash !== hash) continue
      if (number === known[0]?.number || isUnread(known, number, head)) return
      log('watch', { reorg: (known[0]?.number ?? number) - number, to: number })
      return tell(store.rollBack(number))
    }
    if (known.length === 0 || known.every(({ number }) => number > head)) return
    // Deeper than the way back reaches, or another chain under the same name: all anew.
    log('watch', { reorg: 'whole', blocks: known.length })
    const forgotten = store.withdrawing().map((id) => ({ kind: 'channel' as const, id }))
    store.reset()
    tell(forgotten)
  }

  /** Reads one range to its end, or less of it; false when the chain changed under the look. */
  async function readRange(from: number, target: number, options: WaitOptions): Promise<boolean> {
    const to = Math.min(from + rangeBlocks - 1, target)
    const end = await reader.block(to, options)
    if (end === undefined) return false
    let events: readonly ChainEvent[]
    try {
      // By its hash a node that does not have the block says so, instead of telling of no events.
      const where = from === to ? { blockHash: end.hash } : { from, to }
      events = await reader.events(where, options)
    } catch (error) {
      // Too many blocks or events for one answer, or for one timeout: ask for half.
      if (to > from && isDatanetError(error)) {
        rangeBlocks = Math.max(1, Math.floor((to - from + 1) / 2))
        if (error.details.rpcCode !== undefined) return readRange(from, target, options)
      }
      throw error
    }
    const before = store.cursor()
    const [again, kept] = await Promise.all([
      reader.block(to, options),
      before === undefined ? undefined : reader.block(before.number, options)
    ])
    const isSame = again?.hash === end.hash && kept?.hash === before?.hash
    if (!isSame || events.some(({ block: { number } }) => number < from || number > to))
      return false
    tell(store.advance(end, events))
    rangeBlocks = Math.min(rangeBlocks * 2, WATCH.rangeBlocks)
    return true
  }

  async function look(): Promise<void> {
    const options = { signal: stopping.signal }
    for (let tries = 0; tries < WATCH.tries; tries += 1) {
      const head = await reader.head(options)
      headBlock = head
      await leaveFork(head, options)
      const target = head - confirmations + 1
      let next = (store.cursor()?.number ?? (await reader.firstBlock(options)) - 1) + 1
      while (next <= target && (await readRange(next, target, options))) {
        next = (store.cursor()?.number ?? next - 1) + 1
      }
      if (next > target) {
        seenAtMs = now()
        return
      }
    }
    throw new DatanetError('CHAIN_BEHIND', { block: block?.number ?? 0, head: headBlock ?? 0 })
  }

  function lookNow(): Promise<void> {
    looking = look()
      .then(
        () => {
          failures = 0
          code = undefined
        },
        (error: unknown) => {
          failures += 1
          code = isDatanetError(error) ? error.code : 'INTERNAL'
          throw error
        }
      )
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  /** A look that is under way may have begun before what is asked about happened. */
  function catchUp(): Promise<void> {
    if (looking === undefined) return lookNow()
    next ??= looking
      .catch(() => {})
      .then(() => {
        next = undefined
        return lookNow()
      })
    return next
  }

  const wait = init.wait ?? ((ms: number, signal: AbortSignal) => pause(ms, undefined, { signal }))

  async function follow(): Promise<void> {
    const { signal } = stopping
    const random = init.random ?? Math.random
    while (!signal.aborted) {
      await catchUp().catch((error: unknown) => {
        if (!signal.aborted) log('watch', { code: code ?? 'INTERNAL', failures, error: `${error}` })
      })
      const wantedMs = failures === 0 ? init.pollMs : backOffMs(failures, random, WATCH.backOff)
      await wait(Math.min(wantedMs, init.mostMs?.() ?? wantedMs), signal).catch(
        (error: unknown) => {
          if (!isAbort(error)) throw error
        }
      )
    }
  }

  return {
    get state() {
      return {
        seenAtMs,
        failures,
        ...(block === undefined ? {} : { block }),
        ...(headBlock === undefined ? {} : { headBlock }),
        ...(code === undefined ? {} : { code })
      }
    },
    read: store.read,
    withdrawing: store.withdrawing,
    catchUp: ({ signal } = {}) => leavable(catchUp(), signal),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    run() {
      following ??= follow()
    },
    async stop() {
      stopping.abort()
      await following
      await (next ?? looking)?.catch(() => {})
    }
  }
}

/** Whether the endpoint has less than was read of the same chain: it lags, and nothing is undone. */
function isUnread(known: readonly { number: number }[], number: number, head: number): boolean {
  const next = known.findLast((one) => one.number > number)
  return next !== undefined && next.number > head
}

/** Shared work that each caller can leave: the work itself goes on for the others. */
async function leavable(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work
  signal.throwIfAborted()
  const left = Promise.withResolvers<never>()
  const leave = () => left.reject(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  try {
    await Promise.race([work, left.promise])
  } finally {
    signal.removeEventListener('abort', leave)
    work.catch(() => {})
  }
}
