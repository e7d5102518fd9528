import { Option } from 'commander'
import type { RewardClaim } from '../../api/money-api.ts'
import { toProblem } from '../../api/problem.ts'
import { type CliCommand, command } from './command.ts'
import { fields, table } from './layout.ts'
import { moneyOf } from './money.ts'
import { accountOf } from './resolve.ts'
import { rewardDropCommands } from './reward-drops.ts'
import { rewardSilentCommands } from './reward-silent.ts'
import { minute, short } from './short.ts'

/** `datanet reward …`: what is owed, and having it paid. */
export const rewardCommands: readonly CliCommand[] = [
  command({
    name: 'reward show',
    summary: 'what an account can claim, over every pool met',
    args: '[account]',
    async run({ api, args, print, signal }) {
      const account = await accountOf(api, args[0])
      const rewards = await api.rewards.show(account, { signal })
      await print.list(rewards, async (all) => {
        const money = await moneyOf(api)
        return table(
          [
            { head: 'POOL', isWhole: true },
            { head: 'EARNED', isRight: true },
            { head: 'CLAIMED', isRight: true },
            { head: 'CLAIMABLE', isRight: true }
          ],
          all.map((one) => [
            short(one.pool),
            money(one.cumulativeWei),
            money(one.claimedWei),
            money(one.claimableWei)
          ]),
          { width: print.columns, empty: `No pool owes ${short(account)} anything yet.` }
        )
      })
    }
  }),
  command<{ all?: boolean }>({
    name: 'reward claim',
    pays: true,
    summary: 'claim what is owed; the account gets it, whoever sends the transaction',
    args: '[account]',
    options: [new Option('--all', 'for every account kept here')],
    async run({ api, args, options, print, signal }) {
      const kept = options.all === true ? await api.accounts.list() : undefined
      const claims: Array<RewardClaim & { label?: string }> = []
      if (kept === undefined) {
        claims.push(await api.rewards.claim(await accountOf(api, args[0]), { signal }))
      }
      for (const { address, label } of kept ?? []) {
        print.progress({ text: 'claiming', done: claims.length, total: kept?.length ?? 0 })
        try {
          claims.push({ label, ...(await api.rewards.claim(address, { signal })) })
        } catch (error) {
          // Of many accounts some are owed nothing.
          if (toProblem(error).body.code !== 'NOTHING_TO_CLAIM') throw error
        }
      }
      await print.list(claims, async (all) => {
        const money = await moneyOf(api)
        return table(
          [
            { head: 'ACCOUNT', isWhole: true },
            { head: 'LABEL' },
            { head: 'CLAIMED', isRight: true }
          ],
          all.map((one) => [short(one.account), one.label ?? '', money(one.claimedWei)]),
          { width: print.columns, empty: 'Nothing is owed to the accounts kept here.' }
        )
      })
    }
  }),
  command({
    name: 'reward post',
    pays: true,
    summary: 'as a provider: claim all vouchers, then post who is owed what',
    async run({ api, print, signal }) {
      const waiting = { signal, onProgress: print.progress }
      const claim = await api.channels.claim(waiting)
      const drops = await api.rewards.post(waiting)
      await print.show({ claim, drops }, async () => {
        const money = await moneyOf(api)
        return [
          fields(
            [
              [
                'claimed',
                `${money(claim.claimedWei)} from ${claim.channels} ${claim.channels === 1 ? 'channel' : 'channels'}`
              ],
              ['operator', money(claim.operatorWei)],
              ['royalty', money(claim.royaltyWei)]
            ],
            print.columns
          ),
          '',
          table(
            [
              { head: 'POOL', isWhole: true },
              { head: 'TOTAL', isRight: true },
              { head: 'ACCOUNTS', isRight: true },
              { head: 'UNASSIGNED', isRight: true },
              { head: 'CLAIMABLE AT' }
            ],
            drops.map((one) => [
              short(one.pool),
              money(one.totalWei),
              String(one.accounts),
              money(one.unassignedWei),
              minute(one.claimableAtMs)
            ]),
            { width: print.columns, empty: 'Nothing new is owed: no drop was posted.' }
          )
        ].join('\n')
      })
    }
  }),
  ...rewardDropCommands,
  ...rewardSilentCommands
]
