import type { ChainContracts } from '../../peer/chain/chain.ts'
import { OFFERED } from '../../peer/services/model/offering.ts'

/** What both sides of the crash suite are told. */
export interface SideInit {
  readonly dir: string
  readonly rpcUrl: string
  readonly contracts: ChainContracts
  /** Counted from 1: which process on this directory it is. */
  readonly life: number
  /** Of the card and the offer, so that they are the same after every restart. */
  readonly seq: number
  readonly port: number
}

/** Calls in flight at a time. */
export const PARALLEL = 16
/** What a call costs before its first chunk, and a chunk at most. */
export const OPEN_WEI = 1_000n
export const TOKEN_WEI = 10n
export const CHUNK_WEI = TOKEN_WEI * BigInt(OFFERED.chunkTokens)
/** Calls of one burst per worker, and how long a payer rests after it. */
export const BURST = 1
export const REST_MS = 60
/** How often a provider claims. */
export const CLAIM_MS = 1_500
