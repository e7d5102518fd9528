import { DatanetError } from '../../../protocol/base/errors.ts'
import type { Chain } from '../chain.ts'
import type { Rpc } from '../rpc.ts'
import type { TokenContract } from '../token.ts'

/** More than any chain has: coins go along with a payment, and nobody has to allow anything before. */
const UNBOUNDED_WEI = (1n << 256n) - 1n

/** The chain's own coin where channels are paid in it: what an ERC-20 is asked, answered by the chain. */
export function createCoinToken(rpc: Rpc, sendCoins: Chain['sendCoins']): TokenContract {
  return {
    signing: {
      domain: async () => undefined,
      permitNonce: async () => undefined,
      takesAuthorizations: async () => false
    },
    // A chain does not tell the name of its coin; every EVM chain counts it in 18 decimals.
    describe: async () => ({ symbol: 'coins', decimals: 18 }),
    async balanceOf(account, options) {
      return BigInt((await rpc('eth_getBalance', [account, 'latest'], options)) as string)
    },
    allowance: async () => UNBOUNDED_WEI,
    async approve() {
      throw new DatanetError(
        'INPUT_INVALID',
        { token: 'coins' },
        { hint: 'coins need no approval' }
      )
    },
    transfer: (to, amountWei, options) => sendCoins(to, amountWei, options)
  }
}
