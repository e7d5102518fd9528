import { randomBytes } from 'node:crypto'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import type { Clock } from '../clock.ts'
import type { Context, Kind, Values } from './contribution-kinds.ts'

/** What a member typed and has not confirmed: here and nowhere else. */
export interface Draft {
  readonly id: string
  readonly user: string
  readonly kind: Kind
  /** The Datanet as the member was shown it: what is agreed to must be these words. */
  readonly datanet: DatanetSummary
  readonly values: Values
  readonly context: Context
  readonly sourceUrl: string
  readonly licence: string
  readonly language: string
}

/** The drafts of this process, in memory only: what was not confirmed is stored nowhere. */
export interface Drafts {
  put(draft: Omit<Draft, 'id'> & { readonly id?: string }): Draft
  /** The draft, while its own member can still decide about it. */
  get(id: string, user: string): Draft | undefined
  /** The same, and it is gone from here: of two clicks one has it. */
  take(id: string, user: string): Draft | undefined
}

/** As long as Discord lets the message with its buttons be changed. */
const LIFE_MS = 15 * 60_000
const MAX = 500

/** Drafts that are forgotten after 15 minutes, the oldest first when there are too many. */
export function createDrafts(clock: Clock): Drafts {
  const drafts = new Map<string, { readonly draft: Draft; readonly atMs: number }>()

  function forgetOld(): void {
    for (const [id, { atMs }] of drafts) {
      if (drafts.size <= MAX && atMs + LIFE_MS > clock.now()) return
      drafts.delete(id)
    }
  }

  const own = (id: string, user: string) => {
    forgetOld()
    const found = drafts.get(id)?.draft
    return found?.user === user ? found : undefined
  }

  return {
    put({ id = randomBytes(12).toString('hex'), ...rest }) {
      const draft = { id, ...rest }
      drafts.delete(id)
      drafts.set(id, { draft, atMs: clock.now() })
      forgetOld()
      return draft
    },
    get: own,
    take(id, user) {
      const draft = own(id, user)
      if (draft !== undefined) drafts.delete(id)
      return draft
    }
  }
}
