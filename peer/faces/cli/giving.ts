import type { ContributionDraft } from '../../api/datanets-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { toProblem } from '../../api/problem.ts'
import { wrap } from './layout.ts'
import type { Print } from './print.ts'

/** One contribution to hand in, and what a person knows it by. */
export interface Gift {
  /** A file, or a file and a line in it. */
  readonly name: string
  readonly title: string
  readonly draft: ContributionDraft
}

/** What became of one; `contribution` is there when it was taken. */
export interface Handed {
  readonly file: string
  readonly title: string
  /** Where it stands, or the code of the refusal. */
  readonly status: string
  readonly contribution?: string
  readonly order?: number
  /** The first contribution that it is a near-duplicate of. */
  readonly cluster?: string
  /** Why it was not handed in, in words. */
  readonly why?: string
}

interface Scene {
  readonly api: PeerApi
  readonly print: Print
  readonly signal: AbortSignal
}

interface HowGiven {
  /** Say yes to what looks like personal data. */
  readonly allowPersonalData?: boolean
  /** How many at a time where nobody is asked. */
  readonly atOnce?: number
  readonly onTaken?: (index: number) => void
}

/** What is wrong with one of them says nothing about the others. */
const OF_THE_ITEM = new Set([
  'CONTRIBUTION_INVALID',
  'CONTRIBUTION_DUPLICATE',
  'CONTRIBUTION_WITHDRAWN',
  'RECORD_MALFORMED',
  'RECORD_TOO_LARGE',
  'LICENCE_REFUSED',
  'LANGUAGE_REFUSED',
  'SPAM_REFUSED',
  'FILE_REFUSED',
  'PERSONAL_DATA_FOUND'
])

/** Of these it stands in the Datanet already, or no more: nothing is left to do. */
const SETTLED = new Set(['CONTRIBUTION_DUPLICATE', 'CONTRIBUTION_WITHDRAWN'])

/**
 * Hands all of `gifts` in and says what became of each, in their order. One that is refused does not
 * keep the others back, unless for a reason that is theirs as well; then the rest is not tried. What
 * looks like personal data is asked about, where somebody sits there.
 */
export async function giveAll(
  { api, print, signal }: Scene,
  gifts: readonly Gift[],
  { allowPersonalData = false, atOnce = 1, onTaken }: HowGiven = {}
): Promise<readonly Handed[]> {
  const handed: Handed[] = new Array(gifts.length)
  let next = 0
  let done = 0
  let full: string | undefined

  async function give({ name, title, draft }: Gift, isAllowed: boolean): Promise<Handed> {
    const one = { file: name, title }
    if (full !== undefined) return { ...one, status: 'INTAKE_LIMIT', why: full }
    try {
      const { contribution, status, order, cluster } = await api.datanets.contribute(
        { ...draft, ...(isAllowed ? { allowPersonalData: true } : {}) },
        { signal }
      )
      return { ...one, status, contribution, order, ...(cluster === undefined ? {} : { cluster }) }
    } catch (error) {
      const { code, detail } = toProblem(error).body
      if (code === 'INTAKE_LIMIT') full = detail
      else if (!OF_THE_ITEM.has(code)) throw error
      if (code === 'PERSONAL_DATA_FOUND' && print.prompt !== undefined && !isAllowed) {
        print.write(`\n${wrap(`${name}: ${detail}`, print.columns)}\n`)
        const said = await print.prompt('Give it to everybody, with that in it? [y/N] ')
        if (/^y(es)?$/i.test(said.trim())) return give({ name, title, draft }, true)
      }
      return { ...one, status: code, ...(SETTLED.has(code) ? {} : { why: detail }) }
    }
  }

  async function work(): Promise<void> {
    for (let index = next++; index < gifts.length; index = next++) {
      signal.throwIfAborted()
      print.progress({ text: 'signing and handing in', done, total: gifts.length })
      const one = await give(gifts[index] as Gift, allowPersonalData)
      handed[index] = one
      if (one.contribution !== undefined || SETTLED.has(one.status)) onTaken?.(index)
      done += 1
    }
  }

  const workers = print.prompt === undefined ? Math.min(atOnce, gifts.length) : 1
  await Promise.all(Array.from({ length: workers }, work))
  return handed
}

/** What could have been taken and was not: neither what is there already nor what a person declined. */
export function isLeft({ contribution, status }: Handed): boolean {
  return contribution === undefined && !SETTLED.has(status)
}

/** The last column of a report, in words. */
export function standingOf({ status, contribution, cluster }: Handed): string {
  if (SETTLED.has(status)) return status === 'CONTRIBUTION_DUPLICATE' ? 'held already' : 'withdrawn'
  if (contribution === undefined) return 'refused'
  if (status === 'queued') return 'kept until a host is there'
  return cluster === undefined ? status : `${status}, near-duplicate`
}
