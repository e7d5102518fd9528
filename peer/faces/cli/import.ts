import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { Option } from 'commander'
import type { ContributionDraft, DatanetSummary } from '../../api/datanets-api.ts'
import { refusal, toProblem } from '../../api/problem.ts'
import { type Call, type CliCommand, command, read } from './command.ts'
import { licenceOf, targetOf, titleOf } from './contribute.ts'
import { type Gift, giveAll, type Handed, isLeft } from './giving.ts'
import type { Item } from './items.ts'
import { table, wrap } from './layout.ts'
import { type Mapping, mappingOf, readTable, schemaOf, TABLES, toItem } from './mapping.ts'
import { accountOf } from './resolve.ts'
import { readTexts } from './texts.ts'

interface ImportOptions {
  readonly datanet?: string
  readonly account?: string
  readonly schema?: string
  readonly map?: readonly string[]
  readonly language: string
  readonly licence?: string
  readonly author?: string
  readonly source?: string
  readonly limit?: number
  readonly atOnce: number
  readonly allowPersonalData?: boolean
  readonly dryRun?: boolean
  readonly report?: string
}

/** Reasons that are shown; all of them are in the report. */
const SHOWN = 8

/** `datanet import`: tables and folders, record by record. */
export const importCommands: readonly CliCommand[] = [
  command<ImportOptions>({
    name: 'import',
    summary: 'hand in the records of tables, and texts of folders',
    args: '<file-or-folder...>',
    options: [
      new Option('--datanet <datanet>', 'id or name; needless where only one is hosted or known'),
      new Option('--account <account>', 'who contributes and earns: address or label (own)'),
      new Option('--schema <id>', 'such as qa/1; by the columns unless given'),
      new Option(
        '--map <field=column,…>',
        'which column is which field; several columns with |'
      ).argParser(read.many),
      new Option('--language <code>', 'where no column says it').default('en'),
      new Option('--licence <id>', 'where no column says it'),
      new Option('--author <name>', 'where no column says it'),
      new Option('--source <url>', 'where no column says it'),
      new Option('--limit <n>', 'no more records than this').argParser(read.count),
      new Option('--at-once <n>', 'submissions at a time').argParser(read.count).default(8),
      new Option('--allow-personal-data', 'give what looks as if it held personal data'),
      new Option('--dry-run', 'only say what there is to say about them'),
      new Option('--report <file>', 'every record that was not taken, and why: JSONL')
    ],
    async run(call) {
      const { api, options, print, signal } = call
      const datanet = await targetOf(api, options.datanet)
      const account = await accountOf(api, options.account)
      const { gifts, unread } = giftsOf(call, datanet, account)
      const { prompt: _, ...unasked } = print
      const handed = [
        ...unread,
        ...(options.dryRun === true
          ? await checkAll(call, gifts)
          : await giveAll({ api, print: unasked, signal }, gifts, {
              allowPersonalData: options.allowPersonalData === true,
              atOnce: options.atOnce
            }))
      ]
      const refused = handed.filter(isLeft)
      if (options.report !== undefined) writeReport(options.report, refused)
      const counts = countsOf(handed)
      const summary = { records: handed.length, counts, ...reportOf(options) }
      await print.show(summary, () => tell(handed, datanet, options, print.columns))
      if (refused.length === 0) return
      const hint = `${refused.length} of ${handed.length} were not ${options.dryRun === true ? 'fit' : 'taken'}`
      throw refusal('DONE_IN_PART', { left: refused.length, records: handed.length }, { hint })
    }
  })
]

/** What there is to give, and what could not be read as a record of the schema. */
function giftsOf(
  { args, options }: Call<ImportOptions>,
  datanet: DatanetSummary,
  account: string
): { gifts: Gift[]; unread: Handed[] } {
  const mapping = mappingOf(options.map)
  const unread: Handed[] = []
  const { author, source } = options
  const shared = {
    ...{ datanet: datanet.id, account, language: options.language },
    ...(author === undefined ? {} : { author }),
    ...(source === undefined ? {} : { sourceUrl: source })
  }
  const gifts: Gift[] = []
  for (const item of args.flatMap((place) => itemsAt(place, options, mapping, unread))) {
    const { name, licence, ...rest } = item
    const said = licenceOf(datanet, licence ?? options.licence)
    const draft: ContributionDraft = { ...shared, ...rest, licence: said }
    gifts.push({ name, title: titleOf(item.content), draft })
  }
  return { gifts: gifts.slice(0, options.limit), unread }
}

function itemsAt(
  place: string,
  { schema, limit }: ImportOptions,
  mapping: Mapping,
  unread: Handed[]
): Item[] {
  const files = tablesAt(place)
  if (files.length === 0) {
    return readTexts(place).texts.map(({ file, title, text }) => ({
      ...{ name: file, schema: 'text/1', content: { title, text } }
    }))
  }
  return files.flatMap((file) => {
    const records = readTable(file).slice(0, limit)
    const kind = schema ?? schemaOf(Object.keys(records[0]?.record ?? {}), mapping)
    return records.flatMap((one) => {
      try {
        return [toItem(one, kind, mapping)]
      } catch (error) {
        const { code, detail } = toProblem(error).body
        unread.push({ file: one.name, title: '', status: code, why: detail })
        return []
      }
    })
  })
}

function tablesAt(place: string): string[] {
  const isTable = (file: string) =>
    (TABLES as readonly string[]).includes(extname(file).toLowerCase())
  try {
    if (!statSync(place).isDirectory()) return isTable(place) ? [place] : []
    return readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && isTable(entry.name) && !entry.name.startsWith('.'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch (cause) {
    throw refusal('INPUT_INVALID', { place }, { cause, hint: `${place} cannot be read` })
  }
}

/** What there is to say about them; nothing is signed or sent. */
async function checkAll({ api, print, signal }: Call<ImportOptions>, gifts: readonly Gift[]) {
  const handed: Handed[] = []
  for (const { name, title, draft } of gifts) {
    signal.throwIfAborted()
    print.progress({ text: 'looking', done: handed.length, total: gifts.length })
    const one = { file: name, title }
    try {
      const findings = await api.datanets.check(draft, { signal })
      const [first] = findings.filter(({ code, isRefused }) => isRefused || code === PERSONAL)
      handed.push(
        first === undefined
          ? { ...one, status: 'fit', contribution: '' }
          : { ...one, status: first.code, why: findings.map(({ text }) => text).join('; ') }
      )
    } catch (error) {
      const { code, detail } = toProblem(error).body
      handed.push({ ...one, status: code, why: detail })
    }
  }
  return handed
}

const PERSONAL = 'PERSONAL_DATA_FOUND'

function countsOf(handed: readonly Handed[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, cluster } of handed) {
    counts[status] = (counts[status] ?? 0) + 1
    if (cluster !== undefined) counts['near-duplicate'] = (counts['near-duplicate'] ?? 0) + 1
  }
  return counts
}

function writeReport(file: string, refused: readonly Handed[]): void {
  try {
    const lines = refused.map(({ file: record, title, status, why }) =>
      JSON.stringify({ record, title, code: status, why })
    )
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
  } catch (cause) {
    throw refusal('INPUT_INVALID', { file }, { cause, hint: `${file} cannot be written` })
  }
}

const reportOf = ({ report }: ImportOptions) => (report === undefined ? {} : { report })

function tell(
  handed: readonly Handed[],
  { name }: DatanetSummary,
  { dryRun, report }: ImportOptions,
  width: number
): string {
  const counts = Object.entries(countsOf(handed)).sort(([, a], [, b]) => b - a)
  const refused = handed.filter(isLeft)
  const reasons = refused
    .slice(0, SHOWN)
    .map(({ file, why = '' }) => wrap(`${file}: ${why}`, width, '  '))
  const rest = refused.length - reasons.length
  const more =
    rest > 0 ? [`… and ${rest} more${report === undefined ? ': --report <file> has all' : ''}`] : []
  return [
    `${handed.length} records for “${name}”${dryRun === true ? ', none handed in' : ''}`,
    '',
    table(
      [{ head: 'WHAT CAME OF THEM' }, { head: 'RECORDS', isRight: true }],
      counts.map(([status, count]) => [status, `${count}`]),
      { width, empty: 'There are none.' }
    ),
    ...(reasons.length === 0 ? [] : ['', ...reasons, ...more])
  ].join('\n')
}
