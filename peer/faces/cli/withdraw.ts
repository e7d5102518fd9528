import { Option } from 'commander'
import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import type { WithdrawalDraft, WithdrawalState } from '../../api/withdrawals-api.ts'
import { type CliCommand, command } from './command.ts'
import { table, wrap } from './layout.ts'
import { means, theOne } from './named.ts'
import type { Print } from './print.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { short, shortPeer } from './short.ts'

interface WithdrawOptions {
  readonly datanet?: string
  readonly account?: string
  readonly reason?: string
  readonly takedown?: boolean
  readonly proposal?: string
  readonly yes?: boolean
}

const WARNING =
  'It is destroyed for ever at every host, in every model that is built on it, and in the next ' +
  'revision. Copies that others made, and answers already given, cannot be recalled.'

/** `datanet contribution withdraw`: what was given is taken back, or taken down by the curators. */
export const withdrawCommands: readonly CliCommand[] = [
  command<WithdrawOptions>({
    name: 'contribution withdraw',
    summary: 'take a contribution back, for ever',
    args: '<contribution>',
    options: [
      new Option('--datanet <datanet>', 'id or name; needless for what was handed in here'),
      new Option('--account <account>', 'who withdraws: address or label (own)'),
      new Option('--reason <text>', 'why, for everybody to read'),
      new Option('--takedown', 'as curators: as many must sign as the Datanet’s threshold'),
      new Option('--proposal <text>', 'the text that the curator before you was shown'),
      new Option('--yes', 'do not ask first')
    ],
    async run({ api, args, options, print, signal, whose }) {
      const accounts = await signersOf(api, options)
      const { contribution, datanet } = await meant(api, `${args[0]}`, accounts, options)
      if (!(await isSure(contribution, options, print))) {
        return print.show({ contribution, isWithdrawn: false }, () => 'Nothing was withdrawn.')
      }
      const draft: WithdrawalDraft = {
        ...{ datanet: datanet.id, contribution, account: accounts[0] as string },
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...(options.takedown === true ? { isTakedown: true } : {}),
        ...(options.proposal === undefined ? {} : { proposal: options.proposal })
      }
      let state = await api.datanets.withdraw(draft, { signal })
      for (const account of accounts.slice(1)) {
        if (state.state !== 'proposed') break
        const { proposal } = state
        state = await api.datanets.withdraw({ ...draft, account, proposal }, { signal })
      }
      await print.show(state, (one) => tell(one, datanet, print.columns, whose))
    }
  })
]

/** One account of one's own; of a takedown all the curators whose keys are here. */
async function signersOf(api: PeerApi, options: WithdrawOptions): Promise<string[]> {
  if (options.takedown !== true || options.account !== undefined) {
    return [await accountOf(api, options.account)]
  }
  const { name, curators } = await datanetOf(api, options.datanet)
  const own = new Set((await api.accounts.list()).map(({ address }) => address))
  const here = curators.filter((curator) => own.has(curator))
  if (here.length > 0) return here
  const hint = `no curator of “${name}” has a key here`
  throw refusal('INPUT_INVALID', { param: 'takedown' }, { hint })
}

/** The contribution with this id, or the only one that its ends mean among those handed in here. */
async function meant(
  api: PeerApi,
  named: string,
  [account]: readonly string[],
  options: WithdrawOptions
): Promise<{ contribution: string; datanet: DatanetSummary }> {
  const given = await api.datanets.submissions({ account: account as string })
  const found = given.filter(({ contribution }) => means(named, contribution))
  if (found.length === 0 && /^bafy[a-z2-7]{55}$/.test(named)) {
    return { contribution: named, datanet: await datanetOf(api, options.datanet) }
  }
  const hint = 'say it whole, with --datanet, or name the --account that handed it in'
  const { contribution, datanet } = theOne(
    found,
    'CONTRIBUTION_UNKNOWN',
    named,
    'contribution',
    hint
  )
  return { contribution, datanet: await datanetOf(api, datanet) }
}

async function isSure(
  contribution: string,
  { yes }: WithdrawOptions,
  { prompt, write, columns }: Print
): Promise<boolean> {
  if (yes === true) return true
  if (prompt === undefined) {
    const hint = 'this cannot be undone: say --yes'
    throw refusal('INPUT_INVALID', { param: 'yes' }, { hint })
  }
  write(`${wrap(WARNING, columns)}\n`)
  return /^y(es)?$/i.test((await prompt(`Withdraw ${short(contribution)}? [y/N] `)).trim())
}

function tell(
  state: WithdrawalState,
  { name, id }: DatanetSummary,
  width: number,
  whose: string
): string {
  const which = short(state.contribution)
  if (state.state === 'proposed') {
    const next =
      `npx datanet contribution withdraw ${state.contribution} --datanet ${id} --takedown ` +
      `--proposal ${state.proposal}${whose}`
    const signed = `${state.valid} of ${state.threshold} curators signed to take ${which} down.`
    return `${signed} The next one runs:\n\n  ${next}`
  }
  if (state.state === 'queued') {
    const text =
      `No host of “${name}” can be reached. ${which} is destroyed here, and your withdrawal is ` +
      'signed and kept: it is sent as soon as a host is there, also after a restart. Until then it ' +
      'stands as “withdrawing” in: npx datanet contribution list'
    return `${wrap(text + whose, width)}\n\ntombstone  ${state.tombstone}`
  }
  const rows = state.answers.map(({ peer, code }) => [
    shortPeer(peer),
    code === undefined ? 'destroyed' : 'not reached',
    code === undefined ? '' : `${code}: it hears of it from the others`
  ])
  const hosts = table([{ head: 'HOST' }, { head: 'THERE' }, { head: '' }], rows, {
    width,
    empty: ''
  })
  return `${which} is withdrawn from “${name}”.\n\n${hosts}\n\ntombstone  ${state.tombstone}`
}
