import type { WriteStream } from 'node:tty'
import type { Progress } from './roles/role.ts'

/** One line that says how far long work is, rewritten in place; silent where nobody watches. */
export interface ProgressLine {
  show(who: string, progress: Progress): void
  clear(): void
}

/** On a terminal one line rewritten in place; in a file or pipe a line every other second. */
const PIPE_MS = 2_000

/** The line on `stream`, or one that shows nothing when there is none. */
export function createProgressLine(stream: WriteStream | undefined): ProgressLine {
  let isShown = false
  let lastMs = performance.now()
  return {
    show(who, { text, done, total }) {
      const line = `  … ${who}: ${text}${total > 0 ? ` ${Math.min(done, total)} of ${total}` : ''}`
      if (stream?.isTTY === true) {
        stream.write(`\r\x1b[2K${line}`)
        isShown = true
      } else if (stream !== undefined && performance.now() - lastMs >= PIPE_MS) {
        stream.write(`${line}\n`)
        lastMs = performance.now()
      }
    },
    clear() {
      lastMs = performance.now()
      if (!isShown) return
      stream?.write('\r\x1b[2K')
      isShown = false
    }
  }
}
