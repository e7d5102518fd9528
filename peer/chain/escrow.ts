import type { Inclusion, WaitOptions } from './chain.ts'
import type { EscrowHistory } from './escrow-history.ts'
import type { ChainLog, SignedTransaction, SubmitJournal } from './transactions.ts'

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
      readonly skipped: 'nothing-new' | 'bad-signature' | 'deposit-exhausted' | 'channel-closed'
    }

/** A payer's signed order to fund a channel: `Fund` or `VaultFund` of protocol/channel/orders. */
export interface FundOrder {
  /** Any number that the payer did not use before. */
  readonly nonce: bigint
  /** Last second in which it counts, as signed. */
  readonly deadlineS: number
  readonly signature: Uint8Array
}

/** An ERC-2612 permit for the escrow by the payer. */
export interface TokenPermit {
  readonly valueWei: bigint
  readonly deadlineS: number
  readonly signature: Uint8Array
}

/** An EIP-3009 authorization to the escrow, whose nonce is protocol/channel/orders' `authorizationNonce`. */
export interface TokenAuthorization {
  readonly from: string
  readonly validAfterS: number
  readonly validBeforeS: number
  readonly salt: string
  readonly signature: Uint8Array
}

/** What an owner put aside for channels to come. */
export interface VaultState {
  readonly balanceWei: bigint
  /** The pending withdrawal. Once `readyAtMs` has passed, anyone can finish it. */
  readonly withdrawal?: { readonly amountWei: bigint; readonly readyAtMs: number }
}

/** A channel on chain: claimed <= deposit, royalty <= claimed; zeros when nobody funded it. */
export interface ChannelState {
  readonly depositWei: bigint
  readonly claimedWei: bigint
  readonly royaltyWei: bigint
  /** True for ever once receipt signer and payer ended it. */
  readonly isClosed?: true
  /** The payer's pending withdrawal. Once `readyAtMs` has passed, anyone can finish it. */
  readonly withdrawal?: { readonly amountWei: bigint; readonly readyAtMs: number }
}

/** ChannelEscrow. Amounts are in the smallest unit of the terms' token; the zero address is coins. */
export interface EscrowContract extends EscrowHistory {
  /** The channel id the contract computes for `terms`. */
  channelId(terms: ChannelTerms, options?: WaitOptions): Promise<string>
  channel(channelId: string, options?: WaitOptions): Promise<ChannelState>
  /** Adds to the deposit from this account, which must have approved the escrow unless it is coins. */
  fund(terms: ChannelTerms, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
  /** Adds to the deposit what the token's holder authorised; anyone may send it. */
  fundWithAuthorization(
    terms: ChannelTerms,
    amountWei: bigint,
    authorization: TokenAuthorization,
    options?: WaitOptions
  ): Promise<Inclusion>
  /** Adds to the deposit from the payer by its permit and its `Fund` order; anyone may send it. */
  fundWithPermit(
    terms: ChannelTerms,
    amountWei: bigint,
    order: FundOrder,
    permit: TokenPermit,
    options?: WaitOptions
  ): Promise<Inclusion>
  /** Adds to the deposit from the payer's vault by its `VaultFund` order; anyone may send it. */
  fundFromVault(
    terms: ChannelTerms,
    amountWei: bigint,
    order: FundOrder,
    options?: WaitOptions
  ): Promise<Inclusion>
  /** Makes this account's orders with `nonce` worthless. */
  cancelOrder(nonce: bigint, options?: WaitOptions): Promise<Inclusion>
  isNonceUsed(payer: string, nonce: bigint, options?: WaitOptions): Promise<boolean>
  /** Puts money of this account into the vault of `owner`. */
  vaultDeposit(
    owner: string,
    token: string,
    amountWei: bigint,
    options?: WaitOptions
  ): Promise<Inclusion>
  /** Starts (or restarts) a withdrawal from this account's vault. */
  vaultStartWithdraw(token: string, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
  vaultFinishWithdraw(owner: string, token: string, options?: WaitOptions): Promise<Inclusion>
  vaultOf(owner: string, token: string, options?: WaitOptions): Promise<VaultState>
  /** Claims many channels at once; a bad row is reported and changes nothing else. */
  claim(
    rows: readonly ClaimRow[],
    options?: WaitOptions
  ): Promise<Inclusion & { outcomes: ClaimOutcome[] }>
  /** As `claim`, sent and not waited for: `journal` is told of it before the chain is. */
  submitClaim(
    rows: readonly ClaimRow[],
    journal: SubmitJournal,
    options?: WaitOptions
  ): Promise<SignedTransaction>
  /** What the rows of a claim came to, by what its transaction left behind. */
  outcomesIn(logs: readonly ChainLog[]): ClaimOutcome[]
  /** The channel's claims so far, oldest first. */
  claimsOf(channelId: string, options?: WaitOptions): Promise<ClaimOutcome[]>
  /** Starts (or restarts) the payer's withdrawal of unclaimed deposit. */
  startWithdraw(terms: ChannelTerms, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
  /** Ends the payer's pending withdrawal. */
  cancelWithdraw(terms: ChannelTerms, options?: WaitOptions): Promise<Inclusion>
  finishWithdraw(terms: ChannelTerms, options?: WaitOptions): Promise<Inclusion>
  /** Claims the last voucher, refunds the rest and ends the channel, by the receipt signer's `Close`. */
  close(
    row: ClaimRow,
    close: { readonly deadlineS: number; readonly signature: Uint8Array },
    options?: WaitOptions
  ): Promise<Inclusion & { refundWei: bigint }>
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
