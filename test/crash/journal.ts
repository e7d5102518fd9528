import { openSync, readFileSync, writeSync } from 'node:fs'

/** One line that outlives the process that wrote it: what it did or was shown. */
export interface Entry {
  readonly what: 'voucher' | 'chunk' | 'left' | 'done'
  readonly atMs: number
  /** Which process of this side, counted from 1. */
  readonly life: number
  readonly callId?: string
  readonly costWei?: string
  readonly voucher?: string
  readonly text?: string
}

/** Appends to the journal in `path`. */
export function createJournal(
  path: string,
  life: number
): (entry: Omit<Entry, 'atMs' | 'life'>) => void {
  const file = openSync(path, 'a')
  return (entry) => {
    writeSync(file, `${JSON.stringify({ ...entry, atMs: Date.now(), life })}\n`)
  }
}

/** All lines of `path`; the last one may have been cut off. */
export function readJournal(path: string): Entry[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as Entry]
      } catch {
        return []
      }
    })
}
