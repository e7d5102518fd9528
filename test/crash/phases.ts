import { openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'

/** What a call, or the process, can be doing when it is killed. */
export const PHASES = [
  'opening',
  'accepting',
  'delivering',
  'finishing',
  'committing',
  'claiming'
] as const
export type Phase = (typeof PHASES)[number]

/** Says in a small file, which outlives the process, what is under way. */
export interface PhaseBoard {
  /** Counts `phase` while `work` runs. */
  during<T>(phase: Phase, work: () => Promise<T>): Promise<T>
  enter(phase: Phase): void
  leave(phase: Phase): void
  /** How much of the log is surely on the disk. */
  synced(bytes: number): void
}

/** The board in `path`, empty from now on: counts of two bytes each, then the synced length. */
export function createPhaseBoard(path: string): PhaseBoard {
  const board = Buffer.alloc(PHASES.length * 2 + 8)
  writeFileSync(path, board)
  const file = openSync(path, 'r+')
  const show = () => writeSync(file, board, 0, board.length, 0)
  const add = (phase: Phase, by: number) => {
    const at = PHASES.indexOf(phase) * 2
    board.writeUInt16LE(board.readUInt16LE(at) + by, at)
    show()
  }
  return {
    async during(phase, work) {
      add(phase, 1)
      try {
        return await work()
      } finally {
        add(phase, -1)
      }
    },
    enter: (phase) => add(phase, 1),
    leave: (phase) => add(phase, -1),
    synced(bytes) {
      board.writeBigUInt64LE(BigInt(bytes), PHASES.length * 2)
      show()
    }
  }
}

/** What the process of the board in `path` was doing last; nothing is `idle`. */
export function readPhaseBoard(path: string): {
  phases: Array<Phase | 'idle'>
  syncedBytes: number
} {
  const board = readFileSync(path)
  const phases = PHASES.filter((_, i) => board.readUInt16LE(i * 2) > 0)
  return {
    phases: phases.length === 0 ? ['idle'] : phases,
    syncedBytes: Number(board.readBigUInt64LE(PHASES.length * 2))
  }
}
