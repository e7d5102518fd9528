import { DatanetError } from '../../../protocol/base/errors.ts'
import type { RowsApi, RowsPage, RowsQuery } from '../../api/rows-api.ts'
import type { VerifiedRevision } from '../revision/revision-reading.ts'
import {
  contributionRow,
  parseLine,
  type RegisteredContribution
} from '../revision/revision-rows.ts'
import type { Revisions } from '../revision/revisions.ts'

/** One answer of the API holds no more. */
const PAGE_ROWS = 1_000
const PAGE_BYTES = 1_048_576

const WHY =
  'rows that were taken from messages were given for the Datanet’s own models: their authors did not agree to training elsewhere'

/** Rows of revisions for use elsewhere. specs/04-datanet.md §Export */
export function createExporting(
  made: () => Pick<Revisions, 'head' | 'read' | 'withdrawnOf'>
): Pick<RowsApi, 'rows'> {
  /** While it is paged through, it is checked once. */
  let last: { readonly revision: string; readonly read: Promise<VerifiedRevision> } | undefined

  async function reading(id: string): Promise<VerifiedRevision> {
    const revisions = made()
    const { revision } = revisions.head(id)
    const gone = revisions.withdrawnOf(id, revision)?.length ?? 0
    // What was withdrawn since it was read must not stay here, let alone be given.
    if (last?.revision !== revision || (await last.read).withdrawn.length !== gone) {
      const read = revisions.read(id, revision)
      last = { revision, read }
      read.catch(() => {
        last = undefined
      })
    }
    return last.read
  }

  return {
    async rows(query) {
      if (query.origins?.includes('message')) {
        throw new DatanetError('EXPORT_REFUSED', { origins: query.origins }, { hint: WHY })
      }
      const { revision, contributions } = await reading(query.datanet)
      const from = query.from ?? 0
      const rows: Record<string, unknown>[] = []
      let bytes = 0
      let at = from
      for (; at < contributions.length && rows.length < PAGE_ROWS && bytes < PAGE_BYTES; at++) {
        const item = contributions[at] as RegisteredContribution
        if (!fits(item, query)) continue
        const line = contributionRow(item)
        bytes += line.byteLength
        const { signed: _, ...columns } = parseLine(line)
        rows.push(columns)
      }
      const isLast = at >= contributions.length
      if (isLast) last = undefined
      const page: RowsPage = {
        rows,
        ordinal: revision.ordinal,
        of: contributions.length,
        skipped: at - from - rows.length,
        ...(isLast ? {} : { next: at })
      }
      return page
    }
  }
}

function fits({ contribution, cluster }: RegisteredContribution, query: RowsQuery): boolean {
  const { origin, licence, language, schema, content } = contribution
  // Not even where the list of origins is left out.
  if (origin === 'message') return false
  const { origins, licences, languages, schemas, labels, isUnique } = query
  if (isUnique === true && cluster !== undefined) return false
  if (labels !== undefined && !('label' in content && labels.includes(content.label))) return false
  const isSpoken = languages?.some((one) =>
    `${language}-`.toLowerCase().startsWith(`${one}-`.toLowerCase())
  )
  return (
    (origins?.includes(origin) ?? true) &&
    (licences?.includes(licence) ?? true) &&
    (schemas?.includes(schema) ?? true) &&
    (isSpoken ?? true)
  )
}
