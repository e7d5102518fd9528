import { closeSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs'

/**
 * Spoils the end of a log as a loss of power can: only behind `syncedBytes`, what no sync has reached.
 * Cuts it off, turns bits in it, or, where all is synced, leaves half a frame of nonsense. Gives how.
 */
export function tear(log: string, syncedBytes: number, random: () => number): string {
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0
  const loose = size - syncedBytes
  if (size === 0) return 'empty'
  const file = openSync(log, 'r+')
  try {
    if (loose <= 0) {
      const nonsense = Buffer.from(Array.from({ length: 777 }, () => Math.floor(random() * 256)))
      writeSync(file, nonsense, 0, nonsense.length, size)
      return 'nonsense'
    }
    const at = syncedBytes + Math.floor(random() * loose)
    if (random() < 0.5) {
      ftruncateSync(file, at)
      return 'cut'
    }
    const some = Buffer.alloc(Math.min(64, size - at))
    readSync(file, some, 0, some.length, at)
    for (let i = 0; i < some.length; i++) some[i] = (some[i] as number) ^ Math.floor(random() * 256)
    writeSync(file, some, 0, some.length, at)
    return 'flipped'
  } finally {
    closeSync(file)
  }
}
