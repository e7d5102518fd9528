import { type DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { OutboxItem, OutboxStore } from '../../store/outbox.ts'
import type { Parts } from '../parts.ts'

/** Says that no host was reached: another one, or the same one later, may take it. */
const UNREACHED = new Set(['PEER_UNREACHABLE', 'PEER_GONE', 'PEER_SILENT', 'PROTOCOL_REFUSED'])

/** How often what waits is tried again. */
const EVERY_MS = 15_000

/** How an item is handed in; throws what its hosts answered. */
export type Send = (item: OutboxItem, options: CallOptions) => Promise<unknown>

/** What was signed while no host could be reached, sent once one can. specs/04-datanet.md §Submission */
export interface Outbox {
  readonly store: OutboxStore
  /** Has items of `kind` handed in by `send`. */
  onSend(kind: OutboxItem['kind'], send: Send): void
  /** Begins to send what waits, at once and again and again. */
  start(): void
  stop(): Promise<void>
}

/** Whether `error` says that no host was reached. */
export function isUnreached(error: unknown): error is DatanetError {
  return isDatanetError(error) && UNREACHED.has(error.code)
}

/** The outbox of one peer, over `store`. */
export function createOutbox(
  parts: Pick<Parts, 'log'> & { readonly store: OutboxStore },
  init: { readonly everyMs?: number } = {}
): Outbox {
  const { store, log } = parts
  const senders = new Map<OutboxItem['kind'], Send>()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  async function sendOne(item: OutboxItem): Promise<boolean> {
    const { cid, kind, datanet } = item
    try {
      await senders.get(kind)?.(item, { signal: stopping.signal })
      store.remove(cid)
      log('outbox', { datanet, kind, cid })
      return true
    } catch (error) {
      stopping.signal.throwIfAborted()
      if (!isDatanetError(error)) throw error
      const { code, retryable } = error
      const isAway = isUnreached(error)
      store.tried(cid, code, !isAway && !retryable)
      log('outbox', { datanet, kind, cid, code })
      return !isAway
    }
  }

  /** Each Datanet's in their order; where no host is there, the rest of that Datanet waits as well. */
  async function sendAll(): Promise<void> {
    const away = new Set<string>()
    for (const item of store.waiting()) {
      if (away.has(item.datanet) || senders.get(item.kind) === undefined) continue
      if (!(await sendOne(item))) away.add(item.datanet)
    }
  }

  function look(): void {
    running ??= sendAll()
      .catch((error) => {
        if (!stopping.signal.aborted) log('outbox', { error: String(error) })
      })
      .finally(() => {
        running = undefined
      })
  }

  return {
    store,
    onSend: (kind, send) => void senders.set(kind, send),
    start() {
      look()
      timer = setInterval(look, init.everyMs ?? EVERY_MS)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await running
    }
  }
}
