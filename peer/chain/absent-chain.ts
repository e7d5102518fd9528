import { DatanetError } from '../../protocol/base/errors.ts'
import type { Chain } from './chain.ts'

const HINT =
  'this peer has no chain, so it asks free models only; start it with --network <file> to join a ' +
  'devnet, with rpcUrl and contracts for a public chain, or with --chain embedded for one of its own'

/** The chain of a peer that has none: each use refuses CHAIN_MISSING and says how to get one. */
export function createAbsentChain(account: string): Chain {
  return {
    get contracts(): never {
      throw missing()
    },
    account,
    registry: withoutChain(),
    escrow: withoutChain(),
    pool: withoutChain(),
    bond: withoutChain(),
    bounty: withoutChain(),
    token: withoutChain(),
    reader: withoutChain(),
    transactions: withoutChain(),
    check: refuse,
    nowMs: refuse,
    blockNumber: refuse,
    gasBalanceOf: refuse,
    sendCoins: refuse,
    close() {}
  }
}

/** What cannot be without a chain: every method of it refuses CHAIN_MISSING. */
export function withoutChain<T extends object>(): T {
  return new Proxy({} as T, {
    get: (_, name) => (typeof name === 'symbol' || name === 'then' ? undefined : refuse)
  })
}

async function refuse(): Promise<never> {
  throw missing()
}

function missing(): DatanetError {
  return new DatanetError('CHAIN_MISSING', {}, { hint: HINT })
}
