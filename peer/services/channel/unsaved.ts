import type { GroupCommit, OnUndo } from '../../store/group-commit.ts'

/** What one channel has to write, in order, with whatever is written of it next. */
export interface Unsaved {
  push(write: () => void): void
  /** Writes all of it. In a group commit. */
  save(onUndo: OnUndo): void
  /** Writes it when this turn ends, at once for all who ask; resolves when it is written, not synced. */
  saveSoon(): Promise<void>
}

/** Nothing to write yet. */
export function createUnsaved(together: GroupCommit): Unsaved {
  let unsaved: Array<() => void> = []
  let saving: Promise<void> | undefined

  function save(onUndo: OnUndo): void {
    const writes = unsaved
    unsaved = []
    onUndo(() => {
      unsaved = [...writes, ...unsaved]
    })
    for (const write of writes) write()
  }

  return {
    push: (write) => void unsaved.push(write),
    save,
    saveSoon() {
      saving ??= new Promise((resolve, reject) => {
        const write = (onUndo: OnUndo) => {
          saving = undefined
          save(onUndo)
          resolve()
        }
        together(write).catch((error) => {
          saving = undefined
          reject(error)
        })
      })
      return saving
    }
  }
}
