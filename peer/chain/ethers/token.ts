import { DevnetToken } from '../../../protocol/contracts/abi/DevnetToken.ts'
import type { WaitOptions } from '../chain.ts'
import type { Rpc } from '../rpc.ts'
import type { TokenContract, TokenDescription } from '../token.ts'
import { createContract } from './contract.ts'
import type { Sender } from './sender.ts'
import { createTokenSigning } from './token-signing.ts'
import { inclusionOf } from './values.ts'

/** A symbol is by whoever deployed the token. */
const MAX_SYMBOL = 16

/** What the ERC-20 at `address` calls itself. Refuses an address without one (CHAIN_WRONG). */
export async function describeToken(
  address: string,
  rpc: Rpc,
  options: WaitOptions = {}
): Promise<TokenDescription> {
  const contract = createContract(DevnetToken.abi, address, rpc)
  const [[symbol], [decimals]] = await Promise.all([
    contract.read('symbol', [], options),
    contract.read('decimals', [], options)
  ])
  return { symbol: symbol.slice(0, MAX_SYMBOL), decimals: Number(decimals) }
}

/** The ERC-20 at `address`, written to through `sender`. */
export function createToken(
  address: string,
  rpc: Rpc,
  sender: Sender,
  chainId: bigint
): TokenContract {
  const contract = createContract(DevnetToken.abi, address, rpc)
  return {
    signing: createTokenSigning(address, chainId, rpc),
    describe: (options) => describeToken(address, rpc, options),
    async balanceOf(account, options) {
      const [amountWei] = await contract.read('balanceOf', [account], options)
      return amountWei
    },
    async allowance(owner, spender, options) {
      const [amountWei] = await contract.read('allowance', [owner, spender], options)
      return amountWei
    },
    async approve(spender, amountWei, options) {
      const data = contract.encode('approve', [spender, amountWei])
      return inclusionOf(await sender.send({ to: address, data, what: 'approve' }, options))
    },
    async transfer(to, amountWei, options) {
      const data = contract.encode('transfer', [to, amountWei])
      return inclusionOf(await sender.send({ to: address, data, what: 'transfer' }, options))
    }
  }
}
