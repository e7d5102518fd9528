import type { Clock } from '../clock.ts'

/** One message that is edited while something goes on. */
export interface LiveMessage<T> {
  /** What it shall say by now; of many calls in a short time only the last is sent. */
  show(render: () => T): void
  /** What it says in the end: sent once nothing else is under way. Throws what the edit throws. */
  finish(last: T): Promise<void>
}

export interface LiveMessageInit<T> {
  readonly clock: Clock
  readonly edit: (content: T) => Promise<unknown>
  /** Told of an edit on the way that failed. */
  readonly onError: (error: unknown) => void
}

/**
 * Between two edits, from the end of the one to the start of the next: with the last edit these are
 * at most five in five seconds. Discord publishes no number; what its headers say is kept by discord.js.
 */
const PAUSE_MS = 1_500
/** After this many edits a reader needs no faster ones. */
const FAST_EDITS = 20
const LATE_PAUSE_MS = 6_000

/** Edits by `edit`, never two at a time, never closer than the pause, never more than one waiting. */
export function createLiveMessage<T>({ clock, edit, onError }: LiveMessageInit<T>): LiveMessage<T> {
  let next: (() => T) | undefined
  let running: Promise<void> | undefined
  let forget: (() => void) | undefined
  let endedAtMs = Number.NEGATIVE_INFINITY
  let edits = 0
  let isFinished = false

  function schedule(): void {
    if (next === undefined || running !== undefined || forget !== undefined || isFinished) return
    const pauseMs = edits < FAST_EDITS ? PAUSE_MS : LATE_PAUSE_MS
    const delayMs = endedAtMs + pauseMs - clock.now()
    if (delayMs > 0) {
      forget = clock.after(delayMs, () => {
        forget = undefined
        schedule()
      })
      return
    }
    const render = next
    next = undefined
    edits += 1
    running = send(render).finally(() => {
      running = undefined
      endedAtMs = clock.now()
      schedule()
    })
  }

  async function send(render: () => T): Promise<void> {
    try {
      await edit(render())
    } catch (error) {
      onError(error)
    }
  }

  return {
    show(render) {
      next = render
      schedule()
    },
    async finish(last) {
      isFinished = true
      forget?.()
      await running
      await edit(last)
    }
  }
}
