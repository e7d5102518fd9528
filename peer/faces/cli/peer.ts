import type { PeerStatus } from '../../api/peer-api.ts'
import { type CliCommand, command } from './command.ts'
import { fields } from './layout.ts'
import { moneyOf } from './money.ts'
import { PLAIN_KEYS } from './tell-start.ts'

const FREE_ONLY = 'none: free models only'

function unknownBalance({ chainId }: PeerStatus): string {
  return chainId === undefined ? '' : 'the chain does not answer'
}

/** `datanet peer status`; starting one is the business of the program itself. */
export const peerCommands: readonly CliCommand[] = [
  command({
    name: 'peer status',
    summary: 'who the running peer is and what it is connected to',
    async run({ api, print, signal }) {
      const status = await api.status({ signal })
      const balanceWei = await api.accounts
        .balance(status.account, { signal })
        .catch(() => undefined)
      await print.show(
        { ...status, ...(balanceWei === undefined ? {} : { balanceWei }) },
        async () => {
          const money = await moneyOf(api)
          return fields(
            [
              ['peer', status.peerId],
              ['account', status.account],
              ['roles', status.roles.join(', ')],
              ['chain', status.chainId === undefined ? FREE_ONLY : String(status.chainId)],
              ['balance', balanceWei === undefined ? unknownBalance(status) : money(balanceWei)],
              [
                'connected',
                `to ${status.connectedPeers} ${status.connectedPeers === 1 ? 'peer' : 'peers'}`
              ],
              ['keys', status.keystore === 'plain' ? PLAIN_KEYS : 'encrypted on the disk'],
              ['signs', status.signer === 'native' ? '' : 'in JavaScript, which is slower'],
              ['version', status.version],
              ['addresses', status.addresses.join(' ')]
            ],
            print.columns
          )
        }
      )
    }
  })
]
