import { Option } from 'commander'
import type { DropCheck, DropVote } from '../../api/money-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { type Call, type CliCommand, command, read } from './command.ts'
import { table, wrap } from './layout.ts'
import { moneyOf } from './money.ts'
import { means, theOne } from './named.ts'
import type { Print } from './print.ts'
import { minute, short } from './short.ts'
import { readVote, voteFileOf, writeVote } from './vote-file.ts'

/** What curators sign with, wherever they say their word about a pool. */
export interface VoteOptions {
  readonly with?: string
  readonly out?: string
  readonly signature?: readonly string[]
  readonly yes?: boolean
}

/** The options of a command that gathers signatures. */
export const VOTE_OPTIONS: readonly Option[] = [
  new Option('--with <file>', 'what the curators before you signed'),
  new Option('--out <file>', 'where the signatures go for the next curator'),
  new Option('--signature <0x…>', 'of a wallet, over the typed data that --json shows').argParser(
    read.many
  ),
  new Option('--yes', 'without asking')
]

/** `datanet reward check|refute|veto`: drops in their delay, and ending those that are wrong. */
export const rewardDropCommands: readonly CliCommand[] = [
  command({
    name: 'reward check',
    summary: 'drops in their delay, checked against the receipts',
    async run({ api, print, whose, signal }) {
      const checks = await api.rewards.check({ signal, onProgress: print.progress })
      await print.list(checks, (all) => tellChecks(api, all, whose, print.columns))
    }
  }),
  command({
    name: 'reward refute',
    pays: true,
    summary: 'end a drop by showing the contract what is wrong; anyone may',
    args: '[pool]',
    async run({ api, args, print, signal }) {
      const isIt = ({ refutableBy }: DropCheck) => refutableBy !== undefined
      const { pool } = await pendingOf(api, args[0], isIt, signal)
      const done = await api.rewards.refute(pool, { signal })
      await print.show(done, ({ dropSeq, shown, txHash }) => {
        const text = `Drop ${dropSeq} is ended: ${SHOWN[shown]}. The drop before it stays good.`
        return `${wrap(text, print.columns)}\ntransaction ${txHash}`
      })
    }
  }),
  command<VoteOptions>({
    name: 'reward veto',
    pays: true,
    summary: 'as a curator: sign, hand on or send the end of a drop',
    args: '[pool]',
    options: VOTE_OPTIONS,
    async run(call) {
      const { api, args, options, print, whose, signal } = call
      const given = options.with === undefined ? undefined : readVote(options.with)
      const isIt = ({ verdict }: DropCheck) => verdict !== 'holds'
      const drop = await pendingOf(api, args[0] ?? given?.pool, isIt, signal)
      if (given !== undefined && (given.root !== drop.root || given.dropSeq !== drop.dropSeq)) {
        const hint = `the file is about drop ${given.dropSeq}, and drop ${drop.dropSeq} is pending`
        throw refusal('INPUT_INVALID', { param: 'with' }, { hint })
      }
      if (drop.verdict === 'holds' && !(await isMeant(call))) return
      const approvals = [...(given?.approvals ?? []), ...(options.signature ?? [])]
      const vote = await api.rewards.veto({ pool: drop.pool, approvals }, { signal })
      const file = handOn(vote, options, 'veto')
      await print.show({ ...vote, ...(file === undefined ? {} : { file }) }, (one) =>
        tellVote(one, { file, verb: 'veto', done: `Drop ${one.dropSeq} is ended`, whose }, print)
      )
    }
  })
]

/** The pending drop that `named` means, by pool; else the only one that `isIt`, or that there is. */
async function pendingOf(
  api: PeerApi,
  named: string | undefined,
  isIt: (one: DropCheck) => boolean,
  signal: AbortSignal
): Promise<DropCheck> {
  const all = await api.rewards.check({ signal })
  const likely = all.filter(isIt)
  const unnamed = likely.length > 0 ? likely : all
  const found = named === undefined ? unnamed : all.filter(({ pool }) => means(named, pool))
  const hint = 'see the drops in their delay: datanet reward check'
  return theOne(found, 'DROP_STANDS', named, 'pool', hint)
}

/** Whether a drop that holds is to be vetoed all the same. */
async function isMeant({ options, print }: Pick<Call<VoteOptions>, 'options' | 'print'>) {
  if (options.yes === true) return true
  const hint = 'the drop holds by all that can be checked: --yes vetoes it all the same'
  if (print.prompt === undefined) throw refusal('INPUT_INVALID', { param: 'yes' }, { hint })
  const said = await print.prompt('The drop holds by all that can be checked. Veto it? [y/N] ')
  if (/^y(es)?$/i.test(said.trim())) return true
  await print.show({ isSigned: false }, () => 'Nothing was signed.')
  return false
}

/** Writes what is signed so far where the next curator takes it from; undefined once it is done. */
export function handOn(vote: DropVote, options: VoteOptions, verb: string): string | undefined {
  if (vote.txHash !== undefined || vote.signed.length === 0) return undefined
  const file = options.out ?? options.with ?? voteFileOf(vote, verb)
  writeVote(file, vote)
  return file
}

/** What came of a curator's word, and who is next. */
export function tellVote(
  vote: DropVote,
  said: { file: string | undefined; verb: string; done: string; whose: string },
  print: Pick<Print, 'columns'>
): string {
  const { signed, needed, txHash } = vote
  const count = `${signed.length} of ${needed} ${needed === 1 ? 'curator' : 'curators'} signed`
  if (txHash !== undefined) return `${said.done}: ${count}.\ntransaction ${txHash}`
  if (said.file === undefined) {
    const text =
      'No curator’s key is kept here. With --json this shows the typed data for a wallet; what it ' +
      'signed is handed in by --signature.'
    return wrap(text, print.columns)
  }
  return [
    wrap(
      `${count}: nothing is sent yet. The next curator takes ${said.file} and signs by:`,
      print.columns
    ),
    '',
    `  npx datanet reward ${said.verb} --with ${said.file}${said.whose}`
  ].join('\n')
}

const SHOWN: Readonly<Record<string, string>> = {
  total: 'its leaves do not add up to the posted total',
  unordered: 'its leaves do not ascend by account',
  shrunk: 'an account got less than before',
  absent: 'an account of the drop before was left out'
}

async function tellChecks(
  api: PeerApi,
  all: readonly DropCheck[],
  whose: string,
  width: number
): Promise<string> {
  const money = await moneyOf(api)
  const rows = table(
    [
      { head: 'POOL', isWhole: true },
      { head: 'DROP', isRight: true },
      { head: 'TOTAL', isRight: true },
      { head: 'FINAL AT', isWhole: true },
      { head: 'FOUND', isWhole: true }
    ],
    all.map((one) => [
      short(one.pool),
      String(one.dropSeq),
      money(one.totalWei),
      minute(one.readyAtMs),
      FOUND[one.verdict]
    ]),
    { width, empty: 'No drop is in its delay, of the Datanets known here.' }
  )
  const wrong = all.flatMap(({ pool, verdict, reason, refutableBy, isCurated }) => {
    if (verdict === 'holds') return []
    const why = wrap(`${short(pool)}: ${reason ?? 'it breaks a rule'}.`, width)
    const act = refutableBy !== undefined ? 'refute' : isCurated ? 'veto' : undefined
    if (act === undefined) return ['', why]
    return ['', why, `  npx datanet reward ${act} ${short(pool)}${whose}`]
  })
  return [rows, ...wrong].join('\n')
}

const FOUND: Readonly<Record<DropCheck['verdict'], string>> = {
  holds: 'holds',
  wrong: 'WRONG',
  unknown: 'cannot tell'
}
