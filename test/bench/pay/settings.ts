import type { ChainContracts } from '../../../peer/chain/chain.ts'

/** The chain that payer and provider of ours share. */
export interface OurChain {
  readonly rpcUrl: string
  readonly contracts: ChainContracts
}

/** What the engine behind every contender answers. */
export const ANSWER = 'The bread rises by wild yeast.'
export const QUESTION = 'Why does bread rise?'
/** The same call without any payment. */
export const UNPAID = '/datanet-bench/unpaid/1'
/** Terms that differ by it alone make separate channels of the same parties. */
export const WITHDRAW_DELAY_S = 86_400
export const CHANNELS = 17
