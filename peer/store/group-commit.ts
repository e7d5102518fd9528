import { isDatanetError } from '../../protocol/base/errors.ts'
import type { Database } from './database.ts'

/** Registers what takes back a change in memory; called last first when the disk refuses the group. */
export type OnUndo = (undo: () => void) => void

/**
 * Runs the synchronous `write` at the end of this turn, in one transaction with every other one that
 * was handed in until then, and resolves with its result once all of them are on the disk: one sync
 * for all vouchers and receipts that arrive together. Writes run in the order they came, and nothing
 * else runs between them and the commit, so what they change in memory is seen by others only when it
 * is durable. A `write` that throws is undone alone; when the commit fails all are, last first, and
 * each rejects (STORE_FAILED); so does the group of a `write` that the disk refuses.
 */
export type GroupCommit = <T>(write: (onUndo: OnUndo) => T) => Promise<T>

interface Member {
  readonly write: (onUndo: OnUndo) => unknown
  readonly done: PromiseWithResolvers<unknown>
  readonly undos: Array<() => void>
  result?: unknown
}

/** Group commits over `db`. A group that is due when the database is closed rejects (STORE_FAILED). */
export function createGroupCommit(db: Database): GroupCommit {
  let waiting: Member[] = []

  function flush(): void {
    const group = waiting
    waiting = []
    try {
      db.transaction(() => {
        for (const member of group) attempt(db, member)
      })
    } catch (error) {
      for (const member of group.reverse()) refuse(member, error)
      return
    }
    // Of those refused alone the promise is settled already.
    for (const { done, result } of group) done.resolve(result)
  }

  return <T>(write: (onUndo: OnUndo) => T) => {
    const done = Promise.withResolvers<unknown>()
    if (waiting.length === 0) setImmediate(flush)
    waiting.push({ write, done, undos: [] })
    return done.promise as Promise<T>
  }
}

function attempt(db: Database, member: Member): void {
  try {
    member.result = db.transaction(() => member.write((step) => member.undos.push(step)))
  } catch (error) {
    // After a failure of the disk nothing is known to stand: it is the whole group's.
    if (isDatanetError(error) && error.code === 'STORE_FAILED') throw error
    refuse(member, error)
  }
}

/** Tells the member, once, and leaves nothing of it in memory. */
function refuse({ undos, done }: Member, error: unknown): void {
  for (const step of undos.splice(0).reverse()) step()
  done.reject(error)
}
