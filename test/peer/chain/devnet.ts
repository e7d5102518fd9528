import { createHash } from 'node:crypto'
import type { ChainContracts } from '../../../peer/chain/chain.ts'
import { deployContracts } from '../../../peer/chain/deploy.ts'
import { createEmbeddedChain, type EmbeddedChain } from '../../../peer/chain/embedded-chain.ts'
import { keySigner } from '../../../protocol/base/typed-data.ts'

/** A running embedded chain with the contracts on it. */
export interface Devnet {
  readonly chain: EmbeddedChain
  readonly contracts: ChainContracts
  /** A key of its own for the account called `name`, with gas money and a drip of tokens. */
  fundedKey(name: string): Promise<Uint8Array>
}

/** The key of the account called `name`. */
export function keyOf(name: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`devnet ${name}`).digest())
}

/** The account called `name`. */
export function accountOf(name: string): string {
  return keySigner(keyOf(name)).address
}

export async function createDevnet(
  init: { dir?: string; dropDelayS?: number } = {}
): Promise<Devnet> {
  const chain = await createEmbeddedChain({
    blockMs: 5,
    ...(init.dir === undefined ? {} : { dir: init.dir })
  })
  await chain.request('datanet_faucet', [accountOf('deployer')])
  const contracts = await deployContracts({
    rpc: chain.request,
    secretKey: keyOf('deployer'),
    dropDelayS: init.dropDelayS ?? 2
  })
  chain.useFaucetToken(contracts.token)
  return {
    chain,
    contracts,
    async fundedKey(name) {
      await chain.request('datanet_faucet', [accountOf(name)])
      return keyOf(name)
    }
  }
}
