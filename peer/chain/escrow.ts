import type { Inclusion, WaitOptions } from './chain.ts'

/** The terms a channel id is the hash of, as the contract reads them (protocol/channel/terms). */
export interface ChannelTerms {
  readonly payer: string
  readonly signer: string
  readonly operator: string
  readonly receiptSigner: string
  readonly auditor: string
  readonly token: string
  /** Seconds, as signed. */
  readonly withdrawDelayS: number
  readonly salt: string
}

/** A voucher to claim by, with its channel's terms and the signer's compact signature. */
export interface ClaimRow {
  readonly terms: ChannelTerms
  readonly cumulativeWei: bigint
  readonly royaltyWei: bigint
  readonly receipts: number
  readonly receiptsRoot: string
  readonly signature: Uint8Array
}

/** What one row of a claim came to; amounts are running totals of the channel. */
export type ClaimOutcome =
  | {
      readonly channelId: string
      readonly claimedWei: bigint
      readonly royaltyWei: bigint
      readonly receipts: number
      readonly receiptsRoot: string
      readonly blockNumber: number
    }
  | {
      readonly channelId: string
      readonly skipped: 'nothing-new' | 'bad-signature' | 'deposit-exhausted'
    }

/** A channel on chain: claimed <= deposit, royalty <= claimed; zeros when nobody funded it. */
export interface ChannelState {
  readonly depositWei: bigint
  readonly claimedWei: bigint
  readonly royaltyWei: bigint
  /** The payer's pending withdrawal. Once `readyAtMs` has passed, anyone can finish it. */
  readonly withdrawal?: { readonly amountWei: bigint; readonly readyAtMs: number }
}

/** ChannelEscrow. Amounts are in the smallest unit of the terms' token. */
export interface EscrowContract {
  /** The channel id the contract computes for `terms`. */
  channelId(terms: ChannelTerms, options?: WaitOptions): Promise<string>
  channel(channelId: string, options?: WaitOptions): Promise<ChannelState>
  /** Adds to the deposit from this account, which must have approved the escrow for the token. */
  fund(terms: ChannelTerms, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
  /** Claims many channels at once; a bad row is reported and changes nothing else. */
  claim(
    rows: readonly ClaimRow[],
    options?: WaitOptions
  ): Promise<Inclusion & { outcomes: ClaimOutcome[] }>
  /** The channel's claims so far, oldest first. */
  claimsOf(channelId: string, options?: WaitOptions): Promise<ClaimOutcome[]>
  /** Starts (or restarts) the payer's withdrawal of unclaimed deposit. */
  startWithdraw(terms: ChannelTerms, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
  finishWithdraw(terms: ChannelTerms, options?: WaitOptions): Promise<Inclusion>
  /** Pays `operator` what was claimed for it. */
  pull(operator: string, token: string, options?: WaitOptions): Promise<Inclusion>
  creditOf(operator: string, token: string, options?: WaitOptions): Promise<bigint>
  /** Royalty captured by claims and not yet collected into the pool. */
  royaltyOf(
    operator: string,
    auditor: string,
    token: string,
    options?: WaitOptions
  ): Promise<bigint>
}
