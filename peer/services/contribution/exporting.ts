import { setImmediate } from 'node:timers/promises'
import { DatanetError } from '../../../protocol/base/errors.ts'
import type { RowsApi, RowsPage, RowsQuery } from '../../api/rows-api.ts'
import type { RowReader } from '../revision/revision-reading.ts'
import {
  contributionRow,
  parseLine,
  type RegisteredContribution
} from '../revision/revision-rows.ts'
import type { Revisions } from '../revision/revisions.ts'

/** One answer of the API holds no more. */
const PAGE_ROWS = 1_000
const PAGE_BYTES = 1_048_576

/** Rows that are looked at before others get their turn. */
const TURN = 64

const WHY =
  'rows that were taken from messages were given for the Datanet’s own models: their authors did not agree to training elsewhere'

/** Rows of revisions for use elsewhere. specs/04-datanet.md §Export */
export function createExporting(
  made: () => Pick<Revisions, 'head' | 'rows'>
): Pick<RowsApi, 'rows'> {
  /** While it is paged through, its index is looked at once. */
  let last: { readonly revision: string; readonly reader: Promise<RowReader> } | undefined

  function reading(id: string, revision: string): Promise<RowReader> {
    if (last?.revision !== revision) {
      const reader = made().rows(id, revision)
      last = { revision, reader }
      reader.catch(() => {
        last = undefined
      })
    }
    return last.reader
  }

  return {
    async rows(query, options = {}) {
      if (query.origins?.includes('message')) {
        throw new DatanetError('EXPORT_REFUSED', { origins: query.origins }, { hint: WHY })
      }
      const { revision, ordinal } = made().head(query.datanet)
      const reader = await reading(query.datanet, revision)
      const from = query.from ?? 0
      const rows: Record<string, unknown>[] = []
      let bytes = 0
      let at = from
      for (; at < reader.rows && rows.length < PAGE_ROWS && bytes < PAGE_BYTES; at++) {
        if (at % TURN === 0) await setImmediate(undefined, given(options.signal))
        // What was withdrawn meanwhile is not there any more.
        const item = reader.row(at)
        if (item === undefined || !fits(item, query)) continue
        const line = contributionRow(item)
        bytes += line.byteLength
        const { signed: _, ...columns } = parseLine(line)
        rows.push(columns)
      }
      const isLast = at >= reader.rows
      if (isLast) last = undefined
      const page: RowsPage = {
        rows,
        ordinal,
        of: reader.rows,
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

function given(signal: AbortSignal | undefined) {
  return signal === undefined ? {} : { signal }
}
