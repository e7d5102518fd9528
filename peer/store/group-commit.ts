import { isDatanetError } from '../../protocol/base/errors.ts'
import type { Database } from './database.ts'

/** Registers what takes back a change in memory when it is not written after all. */
export type OnUndo = (undo: () => void) => void

/** Registers what is written once the whole group has: in the same transaction. What it throws, fails all. */
export type AtEnd = (step: () => void) => void

/**
 * Runs the synchronous `write` at the end of this turn, in one transaction with every other one that
 * was handed in until then, and resolves with its result once it is on the disk: one sync for all
 * vouchers and receipts that arrive together or while the last sync ran. Writes run in the order they
 * came. What they change in memory is seen by others before it is durable: whoever acts on
 * it waits for his own promise. A `write` that throws is undone alone. When the disk refuses a write
 * or the commit, the whole group is undone, last first, and rejects (STORE_FAILED); when it refuses the
 * sync, so does everything after: only a restart tells what is on the disk then. `onStaged` is told the
 * result before the sync: what is written from then on is on the disk no sooner than this.
 */
export type GroupCommit = <T>(
  write: (onUndo: OnUndo, atEnd: AtEnd) => T,
  onStaged?: (result: T) => void
) => Promise<T>

interface Member {
  readonly write: (onUndo: OnUndo, atEnd: AtEnd) => unknown
  readonly onStaged: ((result: never) => void) | undefined
  readonly done: PromiseWithResolvers<unknown>
  readonly undos: Array<() => void>
  readonly ends: Array<() => void>
  result?: unknown
  isRefused?: boolean
}

/** Writes of one transaction, and statements in it: those behind them do not wait for more than these. */
const GROUP = 64
/** While the other side works on what these lead to, this one can go on with the next. */
const RUNS = 64

/** Group commits over `db`. A group that is due when the database is closed rejects (STORE_FAILED). */
export function createGroupCommit(
  db: Pick<Database, 'transaction' | 'stage' | 'sync' | 'runs'>
): GroupCommit {
  const waiting: Member[] = []
  let staged: Member[] = []
  let isSyncing = false
  let failure: unknown

  function stage(): void {
    const group = waiting.splice(0, 1)
    try {
      if (failure !== undefined) throw failure
      const from = db.runs()
      let ends = 0
      db.stage(() => {
        for (let member = group[0]; member !== undefined; member = waiting.shift()) {
          if (member !== group[0]) group.push(member)
          attempt(db, member)
          ends += member.ends.length
          if (group.length >= GROUP || db.runs() - from + ends >= RUNS) break
        }
        for (const { ends } of group) for (const step of ends) step()
      })
    } catch (error) {
      for (const member of group.reverse()) refuse(member, error)
      return
    } finally {
      if (waiting.length > 0) setImmediate(stage)
    }
    for (const { onStaged, result, isRefused } of group) {
      if (isRefused !== true) onStaged?.(result as never)
    }
    staged.push(...group)
    if (!isSyncing) sync()
  }

  async function sync(): Promise<void> {
    isSyncing = true
    while (staged.length > 0) {
      const group = staged
      staged = []
      try {
        if (failure !== undefined) throw failure
        await db.sync()
        // Of those refused alone the promise is settled already.
        for (const { done, result } of group) done.resolve(result)
      } catch (error) {
        failure = error
        for (const { done } of group) done.reject(error)
      }
    }
    isSyncing = false
  }

  return <T>(write: (onUndo: OnUndo, atEnd: AtEnd) => T, onStaged?: (result: T) => void) => {
    const done = Promise.withResolvers<unknown>()
    if (waiting.length === 0) setImmediate(stage)
    waiting.push({ write, onStaged, done, undos: [], ends: [] })
    return done.promise as Promise<T>
  }
}

function attempt(db: Pick<Database, 'transaction'>, member: Member): void {
  try {
    member.result = db.transaction(() =>
      member.write(
        (step) => member.undos.push(step),
        (step) => member.ends.push(step)
      )
    )
  } catch (error) {
    // After a failure of the disk nothing is known to stand: it is the whole group's.
    if (isDatanetError(error) && error.code === 'STORE_FAILED') throw error
    refuse(member, error)
  }
}

/** Tells the member, once, and leaves nothing of it in memory. */
function refuse(member: Member, error: unknown): void {
  for (const step of member.undos.splice(0).reverse()) step()
  member.ends.length = 0
  member.isRefused = true
  member.done.reject(error)
}
