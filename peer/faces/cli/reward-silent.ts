import type { SilentPool } from '../../api/money-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { type CliCommand, command } from './command.ts'
import { table } from './layout.ts'
import { moneyOf } from './money.ts'
import { means, theOne } from './named.ts'
import { handOn, tellVote, VOTE_OPTIONS, type VoteOptions } from './reward-drops.ts'
import { minute, short } from './short.ts'
import { readVote } from './vote-file.ts'

/** `datanet reward silent|post-silent`: pools whose operator gives out nothing. */
export const rewardSilentCommands: readonly CliCommand[] = [
  command({
    name: 'reward silent',
    summary: 'pools that hold more than was given out, and since when',
    async run({ api, print, whose, signal }) {
      const pools = await api.rewards.silent({ signal })
      await print.list(pools, (all) => tellSilent(api, all, whose, print.columns))
    }
  }),
  command<VoteOptions>({
    name: 'reward post-silent',
    pays: true,
    summary: 'as a curator: post for an operator that was silent for 30 days',
    args: '[pool]',
    options: VOTE_OPTIONS.filter(({ long }) => long !== '--yes'),
    async run({ api, args, options, print, whose, signal }) {
      const given = options.with === undefined ? undefined : readVote(options.with)
      if (given !== undefined && given.document === undefined) {
        const hint = `${options.with} is no drop to post: a veto is handed on by reward veto`
        throw refusal('INPUT_INVALID', { param: 'with' }, { hint })
      }
      const { pool } = await silentOf(api, args[0] ?? given?.pool, signal)
      const approvals = [...(given?.approvals ?? []), ...(options.signature ?? [])]
      const document = given?.document === undefined ? {} : { document: given.document }
      const draft = { pool, approvals, ...document }
      const vote = await api.rewards.postSilent(draft, { signal })
      const file = handOn(vote, options, 'post-silent')
      await print.show({ ...vote, ...(file === undefined ? {} : { file }) }, (one) => {
        const from =
          one.claimableAtMs === undefined ? '' : `, to claim from ${minute(one.claimableAtMs)}`
        const done = `Drop ${one.dropSeq} is posted${from}`
        return tellVote(one, { file, verb: 'post-silent', done, whose }, print)
      })
    }
  })
]

async function silentOf(
  api: PeerApi,
  named: string | undefined,
  signal: AbortSignal
): Promise<SilentPool> {
  const all = await api.rewards.silent({ signal })
  const late = all.filter(({ isSilent }) => isSilent)
  const found = named === undefined ? late : all.filter(({ pool }) => means(named, pool))
  const hint = 'no operator was silent for so long: datanet reward silent'
  return theOne(found, 'DROP_STANDS', named, 'pool', hint)
}

async function tellSilent(
  api: PeerApi,
  all: readonly SilentPool[],
  whose: string,
  width: number
): Promise<string> {
  const money = await moneyOf(api)
  const rows = table(
    [
      { head: 'POOL', isWhole: true },
      { head: 'COLLECTED', isRight: true },
      { head: 'GIVEN OUT', isRight: true },
      { head: 'CURATORS MAY POST', isWhole: true }
    ],
    all.map((one) => [
      short(one.pool),
      money(one.creditedWei),
      money(one.givenWei),
      one.isSilent ? 'now' : `from ${minute(one.silentAtMs)}`
    ]),
    {
      width,
      empty: 'All that was collected is given out, in the pools of the Datanets known here.'
    }
  )
  const next = all
    .filter(({ isSilent }) => isSilent)
    .map(({ pool }) => `  npx datanet reward post-silent ${short(pool)}${whose}`)
  return [rows, ...(next.length > 0 ? ['', ...next] : [])].join('\n')
}
