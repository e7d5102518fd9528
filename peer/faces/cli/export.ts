import { Option } from 'commander'
import type { PeerApi } from '../../api/peer-api.ts'
import { toProblem } from '../../api/problem.ts'
import type { RowsPage, RowsQuery } from '../../api/rows-api.ts'
import { type CliCommand, command, read } from './command.ts'
import { datanetOf } from './resolve.ts'
import { FORMATS, type Format, openTable } from './tables.ts'

interface ExportOptions {
  readonly format: Format
  readonly out?: string
  readonly origin?: readonly string[]
  readonly licence?: readonly string[]
  readonly language?: readonly string[]
  readonly schema?: readonly string[]
  readonly label?: readonly string[]
  readonly unique?: boolean
}

const ENDS: Readonly<Record<Format, string>> = {
  jsonl: 'jsonl',
  csv: 'csv',
  parquet: 'parquet',
  chat: 'chat.jsonl'
}

/** `datanet datanet export`: the rows of a revision as a file of another form. */
export const exportCommands: readonly CliCommand[] = [
  command<ExportOptions>({
    name: 'datanet export',
    summary: 'write the newest revision to a file',
    args: '[datanet]',
    options: [
      new Option('--format <format>', 'of the file').choices(FORMATS).default('jsonl'),
      new Option('--out <file>', 'where to; the Datanet’s name here'),
      new Option('--origin <origin>', 'only: direct, interaction').argParser(read.many),
      new Option('--licence <id>', 'only').argParser(read.many),
      new Option('--language <code>', 'only').argParser(read.many),
      new Option('--schema <id>', 'only, such as qa/1').argParser(read.many),
      new Option('--label <label>', 'only').argParser(read.many),
      new Option('--unique', 'without near-duplicates of earlier ones')
    ],
    async run({ api, args, options, print, signal }) {
      const datanet = await datanetOf(api, args[0])
      const { format } = options
      const query: RowsQuery = {
        datanet: datanet.id,
        ...(options.origin === undefined ? {} : { origins: options.origin }),
        ...(options.licence === undefined ? {} : { licences: options.licence }),
        ...(options.language === undefined ? {} : { languages: options.language }),
        ...(options.schema === undefined ? {} : { schemas: options.schema }),
        ...(options.label === undefined ? {} : { labels: options.label }),
        ...(options.unique === true ? { isUnique: true } : {})
      }
      // Before a file is begun: what is refused leaves none.
      let page: RowsPage | undefined = await first(api, query, signal)
      const name = datanet.name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')
      const table = await openTable(options.out ?? `${name}.${ENDS[format]}`, format)
      const { ordinal, of } = page
      let rows = 0
      let done = 0
      while (page !== undefined) {
        signal.throwIfAborted()
        for (const row of page.rows) await table.add(row)
        rows += page.rows.length
        done += page.rows.length + page.skipped
        print.progress({ text: 'writing', done, total: of })
        const { next }: RowsPage = page
        page = next === undefined ? undefined : await api.datanets.rows({ ...query, from: next })
      }
      await table.end()
      const { files, left } = table
      const written = { files, format, ordinal, rows: rows - left, left: of - rows + left }
      await print.show(written, (one) => {
        const but = one.left === 0 ? '' : `; ${one.left} others did not fit`
        const credits = format === 'chat' ? `\nWho made them, line by line: ${files[1]}` : ''
        return `${one.rows} of ${of} rows of revision ${ordinal} in ${files[0]}${but}.${credits}`
      })
    }
  })
]

/** The first page, after fetching the revision where none is kept here. */
async function first(api: PeerApi, query: RowsQuery, signal: AbortSignal): Promise<RowsPage> {
  try {
    return await api.datanets.rows(query, { signal })
  } catch (error) {
    if (toProblem(error).body.code !== 'ANCHOR_MISSING') throw error
    await api.datanets.fetch(query.datanet, { signal })
    return api.datanets.rows(query, { signal })
  }
}
