import type { Inclusion, WaitOptions } from './chain.ts'

/** A log as the chain reports it. */
export interface ChainLog {
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
  readonly blockNumber: string
}

/** A transaction of this peer's account as it was signed: sent again it stays the same one. */
export interface SignedTransaction {
  readonly raw: string
  readonly txHash: string
  readonly nonce: number
}

/** A transaction in a block. */
export interface Included extends Inclusion {
  readonly blockHash: string
  /** False when the contract refused it: then it changed nothing but its sender's gas. */
  readonly isDone: boolean
  readonly logs: readonly ChainLog[]
}

/** Told of a transaction before anybody else sees it; what it throws keeps it from being sent. */
export interface SubmitJournal {
  signed(transaction: SignedTransaction): void
}

/**
 * Transactions of this peer's account after they were signed. Every method refuses CHAIN_UNREACHABLE
 * when the chain does not answer.
 */
export interface ChainTransactions {
  /** The transaction where a block has it; undefined while none has. */
  find(txHash: string, options?: WaitOptions): Promise<Included | undefined>
  /** Waits until it is as deep as the chain waits for writes. */
  included(txHash: string, options?: WaitOptions): Promise<Included>
  /** Sends it again. `nonce-used`: another transaction, or this one, is in its place already. */
  resend(raw: string, options?: WaitOptions): Promise<'taken' | 'nonce-used'>
  /** Signs and sends it again for more gas money, in its own place: one of the two is included. */
  raise(raw: string, journal: SubmitJournal, options?: WaitOptions): Promise<SignedTransaction>
  /** The number of this account's transactions in blocks. */
  nonce(options?: WaitOptions): Promise<number>
  /** What a unit of gas costs in the newest block, in wei of the chain's coin. */
  gasPriceWei(options?: WaitOptions): Promise<bigint>
}
