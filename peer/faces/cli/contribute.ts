import { Option } from 'commander'
import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal, toProblem } from '../../api/problem.ts'
import { type CliCommand, command } from './command.ts'
import { goLive, isOwnAlone } from './go-live.ts'
import { openHandedIn } from './handed-in.ts'
import { table, wrap } from './layout.ts'
import type { Print } from './print.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { type OtherFile, readTexts, type TextFile } from './texts.ts'

interface ContributeOptions {
  readonly datanet?: string
  readonly account?: string
  readonly licence?: string
  readonly language: string
  readonly author?: string
  readonly yes?: boolean
  /** False after `--no-publish`. */
  readonly publish: boolean
}

/** What became of one file; `skipped` and `changed` were not handed in. */
interface Handed {
  readonly file: string
  readonly title: string
  readonly status: string
  readonly contribution?: string
  /** Why it was not handed in, in words. */
  readonly why?: string
}

const STAYS = 'Its older text stays in the Datanet: nothing can be withdrawn yet.'
const OLDER_STAYS = `changed since it was handed in. ${STAYS} --yes adds the new text beside it.`
const NOT_TAKEN: Readonly<Record<string, string>> = { skipped: 'skipped', changed: 'not added' }
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
      new Option('--yes', 'hand a changed file in again, beside its older text'),
      new Option('--no-publish', 'hand in only, also where the peer would publish at once')
    ],
    async run({ api, dataDir, args, options, print, whose, signal }) {
      const datanet = await targetOf(api, options.datanet)
      const account = await accountOf(api, options.account)
      const licence = options.licence ?? onlyLicence(datanet)
      const found = args.map((place) => readTexts(place))
      const texts = found.flatMap((one) => one.texts)
      const taken: TextFile[] = []
      const known = openHandedIn(dataDir, { datanet: datanet.id, account })
      const handed = found.flatMap((one) => one.others).map(notHanded)
      for (const [index, { file, title, text }] of texts.entries()) {
        signal.throwIfAborted()
        const one = { file, title, text }
        if (known.isChanged(one) && !(await isWanted(file, options, print))) {
          handed.push({ file, title, status: 'changed', why: OLDER_STAYS })
          continue
        }
        print.progress({ text: 'signing and handing in', done: index, total: texts.length })
        const { language, author } = options
        const content = { title, text }
        const given = { schema: 'text/1', content, language, licence }
        const draft = { datanet: datanet.id, account, ...given }
        try {
          const { contribution, status } = await api.datanets.contribute(
            { ...draft, ...(author === undefined ? {} : { author }) },
            { signal }
          )
          handed.push({ file, title, status, contribution })
          known.remember(one)
          taken.push(one)
        } catch (error) {
          // One file that is not wanted must not keep the others back.
          const { code, detail } = toProblem(error).body
          if (!OF_THE_FILE.has(code)) throw error
          const isHeld = code === 'CONTRIBUTION_DUPLICATE'
          handed.push({ file, title, status: code, ...(isHeld ? {} : { why: detail }) })
          if (isHeld) known.remember(one)
        }
      }
      const isLive =
        options.publish && (await api.status()).autoPublish && (await isOwnAlone(api, datanet))
      await print.list(handed, (all) => tell(all, datanet, isLive, print.columns))
      if (isLive) {
        print.write('\n')
        const live = await goLive({ api, datanet, account, print, signal }, texts)
        if (live !== undefined) await print.show({ live }, () => next(taken, whose))
      }
      const isAsked = print.prompt !== undefined
      const left = handed.filter(({ status }) => isLeft(status, isAsked)).length
      if (left === 0 && texts.length > 0) return
      const count = left || handed.length
      const hint = `${count} of ${handed.length} ${count === 1 ? 'was' : 'were'} not handed in`
      throw refusal('DONE_IN_PART', { left: count }, { hint })
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
  if (texts[0] === undefined) return ''
  const title = texts[0].title.replaceAll(/["$`\\!]/g, '')
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
    why === undefined ? inWords(status, isLive) : (NOT_TAKEN[status] ?? 'refused')
  ])
  const taken = handed.filter(({ contribution }) => contribution !== undefined).length
  const reasons = handed.flatMap(({ file, why }) =>
    why === undefined ? [] : [wrap(`${file}: ${why}`, width, '  ')]
  )
  return [
    table([{ head: 'FILE' }, { head: 'TITLE' }, { head: 'STATUS' }], rows, { width, empty: '' }),
    '',
    `“${name}” took ${taken} of ${handed.length}${isLive ? '.' : '; they wait for its curators’ review.'}`,
    ...(reasons.length === 0 ? [] : ['', ...reasons])
  ].join('\n')
}

function notHanded({ file, why }: OtherFile): Handed {
  return { file, title: '', status: 'skipped', why }
}

function inWords(status: string, isLive: boolean): string {
  if (isLive && status === 'pending') return 'handed in'
  return status === 'CONTRIBUTION_DUPLICATE' ? 'held already' : status
}

/** What could have been taken, or was expected to be: not what is empty, nor what a person declined. */
function isLeft(status: string, isAsked: boolean): boolean {
  if (status === 'changed') return !isAsked
  return status !== 'CONTRIBUTION_DUPLICATE' && OF_THE_FILE.has(status)
}

/** Whether the new text of a changed file is added: as who sits there says, or as `--yes` does. */
async function isWanted(
  file: string,
  { yes }: ContributeOptions,
  { prompt, write }: Print
): Promise<boolean> {
  if (yes === true || prompt === undefined) {
    if (yes === true) write(`${file} changed: its older text stays in the Datanet as well.\n`)
    return yes === true
  }
  write(`${file} changed since it was handed in. ${STAYS}\n`)
  return /^y(es)?$/i.test((await prompt('Add the new text beside the old one? [y/N] ')).trim())
}

function onlyLicence({ name, licences }: DatanetSummary): string {
  const [first, second] = licences
  if (first !== undefined && second === undefined) return first
  const hint = `“${name}” accepts ${licences.join(', ')}: choose with --licence`
  throw refusal('INPUT_INVALID', { licences }, { hint })
}
