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
/** Channels of a round, the one for the calls on one channel, and those of the streams. */
export const CHANNELS = { rounds: 4, one: 1, streams: 10 }
/** Calls at once in a round: several callers at one provider. */
export const IN_FLIGHT = 64
/** Calls at once on one channel, the default of a peer's pool of streams. */
export const ON_ONE_CHANNEL = 16
/** The way there and back that is put between payer and provider of the streams. */
export const RTT_MS = 100
/** A stream asks for this many chunks; each takes its time and costs 100 wei or a little more. */
export const STREAM = { streams: 100, chunks: 150, everyMs: 200 }
export const STREAM_CHUNK = ' bread rises slowly by wild yeast in a warm bowl'
