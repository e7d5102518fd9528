import { extname } from 'node:path'
import { Option } from 'commander'
import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { type Call, type CliCommand, command } from './command.ts'
import { type Gift, giveAll, type Handed, isLeft, standingOf } from './giving.ts'
import { goLive, isOwnAlone } from './go-live.ts'
import { openHandedIn } from './handed-in.ts'
import { type Item, readItems } from './items.ts'
import { table, wrap } from './layout.ts'
import type { Print } from './print.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { askFor, type SaidOptions, saidIn, saidOptions } from './said.ts'
import { type OtherFile, readTexts, type TextFile } from './texts.ts'

interface ContributeOptions extends SaidOptions {
  readonly datanet?: string
  readonly account?: string
  readonly licence?: string
  readonly language: string
  readonly author?: string
  readonly source?: string
  readonly tags?: string
  readonly bounty?: string
  readonly allowPersonalData?: boolean
  readonly yes?: boolean
  /** False after `--no-publish`. */
  readonly publish: boolean
}

/** What to give, and the file of which each text is the whole. */
type Found = Gift & { readonly from?: TextFile }

const STAYS = 'Its older text stays in the Datanet until it is withdrawn.'
const OLDER_STAYS = `changed since it was handed in. ${STAYS} --yes adds the new text beside it.`

/** `datanet contribute`: files of one's own or what is typed, each signed and handed to the host. */
export const contributeCommands: readonly CliCommand[] = [
  command<ContributeOptions>({
    name: 'contribute',
    summary: 'hand in texts, answers, corrections…',
    args: '[file-or-folder...]',
    options: [
      new Option('--datanet <datanet>', 'id or name; needless where only one is hosted or known'),
      new Option('--account <account>', 'who contributes and earns: address or label (own)'),
      new Option('--licence <id>', 'needless where the Datanet accepts only one'),
      new Option('--language <code>', 'of the texts').default('en'),
      new Option('--author <name>', 'who made them, where the licence wants it said'),
      new Option('--source <url>', 'where it stands already'),
      new Option('--tags <a,b,…>', 'words to find it by'),
      new Option('--bounty <id>', 'the bounty that it answers, by its whole id'),
      ...saidOptions,
      new Option('--allow-personal-data', 'give it although it holds what looks personal'),
      new Option('--yes', 'hand a changed file in again, beside its older text'),
      new Option('--no-publish', 'hand in only, also where the peer would publish at once')
    ],
    async run(call) {
      const { api, dataDir, options, print, whose, signal } = call
      const datanet = await targetOf(api, options.datanet)
      const account = await accountOf(api, options.account)
      const { gifts, others } = await found(call, datanet, account)
      const known = openHandedIn(dataDir, { datanet: datanet.id, account })
      const skipped: Handed[] = others.map(({ file, why }) => ({
        ...{ file, title: '', status: 'skipped', why }
      }))
      const wanted: Found[] = []
      for (const gift of gifts) {
        const { from, name: file, title } = gift
        const isChanged = from !== undefined && known.isChanged(from)
        if (!isChanged || (await isWanted(file, options, print))) wanted.push(gift)
        else skipped.push({ file, title, status: 'changed', why: OLDER_STAYS })
      }
      const given = await giveAll({ api, print, signal }, wanted, {
        allowPersonalData: options.allowPersonalData === true,
        onTaken(index) {
          const { from } = wanted[index] as Found
          if (from !== undefined) known.remember(from)
        }
      })
      const handed = [...skipped, ...given]
      const isLive =
        options.publish && (await api.status()).autoPublish && (await isOwnAlone(api, datanet))
      await print.list(handed, (all) => tell(all, datanet, { isLive, whose }, print.columns))
      const texts = wanted.flatMap(({ from }, at) =>
        from === undefined || given[at]?.contribution === undefined ? [] : [from]
      )
      if (isLive) {
        print.write('\n')
        const drafts = wanted.map(({ draft }) => draft)
        const live = await goLive({ api, datanet, account, print, signal }, drafts)
        if (live !== undefined) await print.show({ live }, () => next(texts, whose))
      }
      const isAsked = print.prompt !== undefined
      const left = handed.filter((one) => isUndone(one, isAsked)).length
      if (left === 0 && gifts.length > 0) return
      const count = left || handed.length
      const hint = `${count} of ${handed.length} ${count === 1 ? 'was' : 'were'} not handed in`
      throw refusal('DONE_IN_PART', { left: count }, { hint })
    }
  })
]

/** The only Datanet hosted here, or the one that is meant. */
export async function targetOf(api: PeerApi, named?: string): Promise<DatanetSummary> {
  if (named !== undefined) return datanetOf(api, named)
  const { peerId } = await api.status()
  const [own, another] = (await api.datanets.list()).filter((one) => one.intakeHost === peerId)
  return own !== undefined && another === undefined ? own : datanetOf(api)
}

/** The licence that is named, or the only one that the Datanet takes. */
export function licenceOf({ name, licences }: DatanetSummary, named?: string): string {
  const [first, second] = licences
  if (named !== undefined) return named
  if (first !== undefined && second === undefined) return first
  const hint = `“${name}” accepts ${licences.join(', ')}: choose with --licence`
  throw refusal('INPUT_INVALID', { licences }, { hint })
}

/** All that is to be given: of files and folders, of what was typed, or of what is asked for. */
async function found(
  { args, options, print }: Call<ContributeOptions>,
  datanet: DatanetSummary,
  account: string
): Promise<{ gifts: Found[]; others: readonly OtherFile[] }> {
  const { language, author, source, tags, bounty } = options
  const shared = {
    ...{ datanet: datanet.id, account, language, licence: licenceOf(datanet, options.licence) },
    ...(author === undefined ? {} : { author }),
    ...(source === undefined ? {} : { sourceUrl: source }),
    ...(bounty === undefined ? {} : { bounty }),
    ...(tags === undefined ? {} : { tags: tags.split(',').map((tag) => tag.trim()) })
  }
  const ofText = (from: TextFile): Found => {
    const { file: name, title, text } = from
    const draft = { ...shared, schema: 'text/1', content: { title, text } }
    return { name, title, draft, from }
  }
  const ofItem = ({ name, ...item }: Item): Found => {
    return { name, title: titleOf(item.content), draft: { ...shared, ...item } }
  }
  const isItems = (place: string) => ['.jsonl', '.ndjson'].includes(extname(place).toLowerCase())
  const places = args.filter((place) => !isItems(place)).map((place) => readTexts(place))
  const gifts = [
    ...places.flatMap(({ texts }) => texts.map(ofText)),
    ...args.filter(isItems).flatMap((file) => readItems(file).map(ofItem))
  ]
  const said = saidIn(options)
  if (said !== undefined) gifts.push(ofItem({ name: 'typed', ...said }))
  if (args.length === 0 && said === undefined) {
    const typed = await askFor(print, datanet.schemas)
    if (typed === undefined) {
      const hint = 'name a file or a folder, or say it with --text, --question and --answer…'
      throw refusal('INPUT_INVALID', {}, { hint })
    }
    gifts.push(ofItem({ name: 'typed', ...typed }))
  }
  return { gifts, others: places.flatMap(({ others }) => others) }
}

/** Which words of a content name it in a list. */
export function titleOf(content: Readonly<Record<string, unknown>>): string {
  const { title, question, label, right, name, text, turns } = content
  const [first] = Array.isArray(turns) ? turns : []
  const named = [title, question, label, right, name, text, first?.text]
  const words = named.find((one) => typeof one === 'string' && one !== '')
  return typeof words === 'string' ? words.slice(0, 120) : ''
}

function next(texts: readonly TextFile[], whose: string): string {
  if (texts[0] === undefined) return ''
  const title = texts[0].title.replaceAll(/["$`\\!]/g, '')
  const question = title.endsWith('?') ? title : `What is said about ${title.toLowerCase()}?`
  return `\nNow ask it what they know, such as:\n\n  npx datanet ask "${question}"${whose}`
}

/** What to do about a text that was not given for what looks personal in it. */
const PERSONAL = 'Take it out, or give it with that in it: --allow-personal-data'

function tell(
  handed: readonly Handed[],
  { name }: DatanetSummary,
  { isLive, whose }: { readonly isLive: boolean; readonly whose: string },
  width: number
): string {
  const rows = handed.map((one) => [one.file, one.title, inWords(one, isLive)])
  const taken = handed.filter(({ contribution }) => contribution !== undefined)
  const reasons = handed.flatMap(({ file, why }) =>
    why === undefined ? [] : [wrap(`${file}: ${why}`, width, '  ')]
  )
  const near = taken.filter(({ cluster }) => cluster !== undefined).length
  const copies =
    near === 0
      ? []
      : ['', wrap(`${near} say nearly what others said before; those are credited first.`, width)]
  const later =
    isLive || taken.length === 0
      ? []
      : ['', 'What becomes of them:', '', `  npx datanet contribution status${whose}`]
  return [
    table([{ head: 'FILE' }, { head: 'TITLE' }, { head: 'STATUS' }], rows, { width, empty: '' }),
    '',
    `“${name}” took ${taken.length} of ${handed.length}${isLive ? '.' : '; they wait for its curators’ review.'}`,
    ...copies,
    ...(reasons.length === 0 ? [] : ['', ...reasons]),
    ...(handed.some(({ status }) => status === 'PERSONAL_DATA_FOUND') ? ['', PERSONAL] : []),
    ...later
  ].join('\n')
}

function inWords(one: Handed, isLive: boolean): string {
  if (one.status === 'skipped') return 'skipped'
  if (one.status === 'changed') return 'not added'
  return isLive && one.status === 'pending' ? 'handed in' : standingOf(one)
}

/** What could have been taken, or was expected to be: not what is empty, nor what a person declined. */
function isUndone(one: Handed, isAsked: boolean): boolean {
  if (one.status === 'skipped') return false
  if (one.status === 'changed') return !isAsked
  if (one.status === 'PERSONAL_DATA_FOUND' && isAsked) return false
  return isLeft(one)
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
