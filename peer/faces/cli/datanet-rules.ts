import { Option } from 'commander'
import type { ManifestChange } from '../../api/governance-api.ts'
import { refusal } from '../../api/problem.ts'
import { read } from './command.ts'

/** What a founder says of a Datanet's rules, and its curators later. */
export interface RuleOptions {
  readonly schema?: readonly string[]
  readonly language?: readonly string[]
  readonly fileType?: readonly string[]
  readonly fileSize?: number
  readonly host?: readonly string[]
  readonly share?: number
  readonly lease?: number
  readonly curatorsEarn?: 'equally' | 'by-reviews'
  readonly pending?: number
  readonly perDay?: number
  readonly delay?: number
}

const MIB = 1_048_576
/** A photograph, a page that was scanned, a minute of speech. */
const FILE_MIB = 10

const many = (flag: string, words: string) => new Option(flag, words).argParser(read.many)

/** The options of RuleOptions: lists are whole, so that what is left out of one is not in it. */
export const ruleOptions: readonly Option[] = [
  many('--schema <id>', 'what may be contributed, as text/1; may be repeated'),
  many('--language <tag>', 'a language it takes, or any; may be repeated'),
  many('--file-type <mime>', 'a media type that file/1 takes; may be repeated'),
  new Option('--file-size <MiB>', `the largest file (${FILE_MIB})`).argParser(read.count),
  many('--host <peer>', 'a peer that keeps a copy besides, or none; may be repeated'),
  new Option('--share <percent>', 'of verdicts that must approve').argParser(read.percent),
  new Option('--lease <time>', 'how long an item is one curator’s, as 15m').argParser(
    read.duration
  ),
  new Option('--curators-earn <how>', 'their part of royalties').choices(['equally', 'by-reviews']),
  new Option('--pending <n>', 'what one account may have waiting').argParser(read.count),
  new Option('--per-day <n>', 'and hand in within a day').argParser(read.count),
  new Option('--delay <time>', 'how long later changes are announced, as 1d').argParser(
    read.duration
  )
]

/** The rules that were given. Refuses bounds of an account of which one is missing (INPUT_INVALID). */
export function rulesOf(options: RuleOptions): ManifestChange {
  const { schema, language, fileType, fileSize, host, share, lease, delay, curatorsEarn } = options
  const { pending: pendingPerAccount, perDay: perDayPerAccount } = options
  if ((pendingPerAccount === undefined) !== (perDayPerAccount === undefined)) {
    const hint = '--pending and --per-day bound an account together: give both'
    throw refusal('INPUT_INVALID', { param: 'pending' }, { hint })
  }
  const isFile = fileType !== undefined || fileSize !== undefined
  const mimes = fileType ?? []
  return {
    ...(schema === undefined ? {} : { schemas: schema }),
    ...(language === undefined ? {} : { languages: language.includes('any') ? [] : language }),
    ...(isFile ? { files: { mimes, maxBytes: (fileSize ?? FILE_MIB) * MIB } } : {}),
    ...(host === undefined ? {} : { hosts: host.includes('none') ? [] : host }),
    ...(share === undefined ? {} : { reviewSharePpm: share }),
    ...(lease === undefined ? {} : { reviewLeaseMs: lease }),
    ...(curatorsEarn === undefined ? {} : { reviewsEarn: curatorsEarn === 'by-reviews' }),
    ...(pendingPerAccount === undefined || perDayPerAccount === undefined
      ? {}
      : { intake: { pendingPerAccount, perDayPerAccount } }),
    ...(delay === undefined ? {} : { changeDelayMs: delay })
  }
}
