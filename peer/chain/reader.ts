import type { WaitOptions } from './chain.ts'

/** A block by what it is told apart. */
export interface BlockRef {
  readonly number: number
  readonly hash: string
  /** By the chain's clock. */
  readonly timeMs: number
}

/** What the contracts said, as far as it changes what is watched; amounts are running totals. */
export type ChainFact =
  | { readonly name: 'funded'; readonly channelId: string; readonly depositWei: bigint }
  | {
      readonly name: 'claimed'
      readonly channelId: string
      readonly claimedWei: bigint
      readonly royaltyWei: bigint
    }
  | {
      readonly name: 'withdraw-started'
      readonly channelId: string
      readonly amountWei: bigint
      readonly readyAtMs: number
    }
  | {
      readonly name: 'withdraw-finished'
      readonly channelId: string
      /** What the deposit fell by. */
      readonly amountWei: bigint
    }
  | { readonly name: 'withdraw-cancelled'; readonly channelId: string }
  | {
      readonly name: 'closed'
      readonly channelId: string
      readonly claimedWei: bigint
      readonly royaltyWei: bigint
    }
  | {
      readonly name: 'drop-posted'
      readonly pool: string
      readonly dropSeq: number
      readonly root: string
      readonly totalWei: bigint
      /** Digest of the document that explains it. */
      readonly drop: string
      readonly readyAtMs: number
    }
  | {
      readonly name: 'drop-vetoed' | 'drop-refuted' | 'drop-finalised'
      readonly pool: string
      readonly dropSeq: number
    }
  | {
      readonly name: 'bounty-funded'
      readonly lock: string
      readonly expiresAtMs: number
      readonly lockedWei: bigint
    }
  | {
      readonly name: 'bounty-filled'
      readonly lock: string
      readonly contribution: string
      readonly account: string
      readonly amountWei: bigint
    }
  | { readonly name: 'bounty-refunded'; readonly lock: string; readonly amountWei: bigint }
  | {
      readonly name: 'anchored'
      readonly datanet: string
      readonly ordinal: number
      readonly revision: string
      readonly parent: string
      readonly contributionsRoot: string
    }

/** A fact and the block that holds it. */
export interface ChainEvent {
  readonly fact: ChainFact
  readonly block: Omit<BlockRef, 'timeMs'>
}

/**
 * Blocks and the facts in them, as the endpoint tells them. Refuses CHAIN_UNREACHABLE: without
 * `details.rpcCode` nobody answered, with it the node refused this very question.
 */
export interface ChainReader {
  /** The number of the newest block. */
  head(options?: WaitOptions): Promise<number>
  /** Undefined when the chain is not that long, or the node does not have it yet. */
  block(number: number, options?: WaitOptions): Promise<BlockRef | undefined>
  /** Facts in the order of the chain: of one block by its hash, or of a range, ends included. */
  events(
    where: { readonly blockHash: string } | { readonly from: number; readonly to: number },
    options?: WaitOptions
  ): Promise<readonly ChainEvent[]>
  /** The first block that can hold any, found by halving; 0 where a node keeps no old state. */
  firstBlock(options?: WaitOptions): Promise<number>
}
