import { Option } from 'commander'
import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal, toProblem } from '../../api/problem.ts'
import { type CliCommand, command } from './command.ts'
import { goLive, isOwnAlone } from './go-live.ts'
import { table } from './layout.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { type OtherFile, readTexts, type TextFile } from './texts.ts'

interface ContributeOptions {
  readonly datanet?: string
  readonly account?: string
  readonly licence?: string
  readonly language: string
  readonly author?: string
  /** False after `--no-publish`. */
  readonly publish: boolean
}

/** What became of one file. */
interface Handed {
  readonly file: string
  readonly title: string
  readonly status: string
  readonly contribution?: string
  /** Of a file that was not handed in, in words. */
  readonly why?: string
}

const OF_THE_FILE = new Set(['CONTRIBUTION_INVALID', 'CONTRIBUTION_DUPLICATE', 'RECORD_MALFORMED'])

/** `datanet contribute`: files of one's own, each signed and handed to the Datanet's host. */
export const contributeCommands: readonly CliCommand[] = [
  command<ContributeOptions>({
    name: 'contribute',
    summary: 'hand in text and markdown files',
    args: '<file-or-folder...>',
    options: [
      new Option('--datanet <datanet>', 'id or name; needless where only one is hosted or known'),
      new Option('--account <account>', 'who contributes and earns: address or label (own)'),
      new Option('--licence <id>', 'needless where the Datanet accepts only one'),
      new Option('--language <code>', 'of the texts').default('en'),
      new Option('--author <name>', 'who made them, where the licence wants it said'),
      new Option('--no-publish', 'hand in only, also where the peer would publish at once')
    ],
    async run({ api, args, options, print, whose, signal }) {
      const datanet = await targetOf(api, options.datanet)
      const account = await accountOf(api, options.account)
      const licence = options.licence ?? onlyLicence(datanet)
      const found = args.map((place) => readTexts(place))
      const texts = found.flatMap((one) => one.texts)
      const handed = found.flatMap((one) => one.others).map(notHanded)
      for (const [index, { file, title, text }] of texts.entries()) {
        signal.throwIfAborted()
        print.progress({ text: 'signing and handing in', done: index, total: texts.length })
        const { language, author } = options
        const draft = { datanet: datanet.id, account, title, text, language, licence }
        try {
          const { contribution, status } = await api.datanets.contribute(
            { ...draft, ...(author === undefined ? {} : { author }) },
            { signal }
          )
          handed.push({ file, title, status, contribution })
        } catch (error) {
          // One file that is not wanted must not keep the others back.
          const { code } = toProblem(error).body
          if (!OF_THE_FILE.has(code)) throw error
          handed.push({ file, title, status: code })
        }
      }
      const isLive =
        options.publish && (await api.status()).autoPublish && (await isOwnAlone(api, datanet))
      await print.list(handed, (all) => tell(all, datanet, isLive, print.columns))
      if (isLive) {
        print.write('\n')
        const live = await goLive({ api, datanet, account, print, signal }, texts)
        if (live !== undefined) await print.show({ live }, () => next(texts, whose))
      }
      const refused = handed.filter(({ status }) => isRefusal(status)).length
      if (refused > 0) {
        const hint = `${refused} of ${handed.length} files were refused`
        throw refusal('CONTRIBUTION_INVALID', { refused }, { hint })
      }
    }
  })
]

/** The only Datanet hosted here, or the one that is meant. */
async function targetOf(api: PeerApi, named?: string): Promise<DatanetSummary> {
  if (named !== undefined) return datanetOf(api, named)
  const { peerId } = await api.status()
  const [own, another] = (await api.datanets.list()).filter((one) => one.intakeHost === peerId)
  return own !== undefined && another === undefined ? own : datanetOf(api)
}

function next(texts: readonly TextFile[], whose: string): string {
  const title = (texts[0]?.title ?? '').replaceAll(/["$`\\!]/g, '')
  const question = title.endsWith('?') ? title : `What is said about ${title.toLowerCase()}?`
  return `\nNow ask it what they know, such as:\n\n  npx datanet ask "${question}"${whose}`
}

function tell(
  handed: readonly Handed[],
  { name }: DatanetSummary,
  isLive: boolean,
  width: number
): string {
  const rows = handed.map(({ file, title, status, why }) => [
    file,
    title,
    why ?? inWords(status, isLive)
  ])
  const taken = handed.filter(({ contribution }) => contribution !== undefined).length
  return [
    table([{ head: 'FILE' }, { head: 'TITLE' }, { head: 'STATUS' }], rows, { width, empty: '' }),
    '',
    `“${name}” took ${taken} of ${handed.length}${isLive ? '.' : '; they wait for its curators’ review.'}`
  ].join('\n')
}

function notHanded({ file, why }: OtherFile): Handed {
  return { file, title: '', status: 'CONTRIBUTION_INVALID', why }
}

function inWords(status: string, isLive: boolean): string {
  if (isLive && status === 'pending') return 'handed in'
  return status === 'CONTRIBUTION_DUPLICATE' ? 'held already' : status
}

function isRefusal(status: string): boolean {
  return status !== 'CONTRIBUTION_DUPLICATE' && OF_THE_FILE.has(status)
}

function onlyLicence({ name, licences }: DatanetSummary): string {
  const [first, second] = licences
  if (first !== undefined && second === undefined) return first
  const hint = `“${name}” accepts ${licences.join(', ')}: choose with --licence`
  throw refusal('INPUT_INVALID', { licences }, { hint })
}
