import type { Peer } from '../../../peer/peer.ts'
import { isDatanetError } from '../../../protocol/base/errors.ts'
import { type Gloss, readGlosses } from './glosses.ts'

/** Submissions that are under way at a time, as an import with `--at-once` has. */
const AT_ONCE = 128
const LICENCE = 'CC0-1.0'

/** What came of handing in. */
export interface Imported {
  readonly taken: number
  readonly nearDuplicates: number
  /** How many were refused, by the code. */
  readonly refused: Readonly<Record<string, number>>
}

/** The people: many accounts on one peer, each of which signs what is its own. */
export function createContributors(peer: Peer, progress: (done: number, total: number) => void) {
  const { api } = peer
  let people: string[] = []
  let datanet = ''
  let next = 0
  let given: AsyncGenerator<Gloss>
  const kept: { contribution: string; account: string }[] = []

  return {
    async join(init: { accounts: number; topic: string; file: string }): Promise<number> {
      const [found] = await api.datanets.find({ topic: init.topic, waitMs: 30_000 })
      datanet = found?.id as string
      for (let n = 0; n < init.accounts; n += 1) {
        people.push((await api.accounts.create(`person ${n}`)).address)
      }
      people = [...new Set(people)]
      given = readGlosses(init.file)
      return people.length
    },

    /** Hands in the next texts until so many were taken, each signed by the next account. */
    async give({ count }: { count: number }): Promise<Imported> {
      const refused: Record<string, number> = {}
      let taken = 0
      let underWay = 0
      let nearDuplicates = 0
      async function work(): Promise<void> {
        while (taken + underWay < count) {
          underWay += 1
          const { value, done } = await given.next()
          if (done === true) throw new Error('there are no more texts')
          const { title, text } = value
          const account = people[next++ % people.length] as string
          try {
            const submission = await api.datanets.contribute({
              ...{ datanet, account, schema: 'text/1', content: { title, text } },
              ...{ language: 'en', licence: LICENCE, allowPersonalData: true }
            })
            kept.push({ contribution: submission.contribution, account })
            taken += 1
            if (submission.cluster !== undefined) nearDuplicates += 1
          } catch (error) {
            if (!isDatanetError(error)) throw error
            refused[error.code] = (refused[error.code] ?? 0) + 1
          }
          underWay -= 1
          if (taken % 500 === 0) progress(taken, count)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, work))
      return { taken, nearDuplicates, refused }
    },

    /** Takes the first `count` of what was given back. */
    async takeBack({ count }: { count: number }): Promise<number> {
      for (const { contribution, account } of kept.splice(0, count)) {
        await api.datanets.withdraw({ datanet, contribution, account })
      }
      return count
    }
  }
}
