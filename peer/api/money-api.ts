import type { TypedDataJson } from './accounts-api.ts'
import type { CallOptions, ProgressOptions } from './peer-api.ts'

export interface ChannelsApi {
  /** Channels this peer pays through or is paid through. */
  list(options?: CallOptions): Promise<readonly ChannelSummary[]>
  /** Opens a channel to the provider of `offer` with `depositWei` from the peer's own account. */
  open(target: ChannelDraft, options?: CallOptions): Promise<ChannelSummary>
  /**
   * As a payer: no further calls on the channel, every verified receipt committed, and what was not
   * signed for on its way back to the peer's own account: at once where the provider agrees. Where it
   * does not it is done twice: the first time it starts the withdrawal and says when it can be
   * finished, then it finishes it. Refuses CHANNEL_UNKNOWN, and CHANNEL_BUSY while calls run.
   */
  close(channelId: string, options?: CallOptions): Promise<ChannelClosing>
  /** What this peer's vouchers promised since the UTC day began, and what its budgets leave. */
  budget(options?: CallOptions): Promise<BudgetSummary>
  /** As a provider: claims every voucher on chain, moves royalties to their pools and pays itself. */
  claim(options?: ProgressOptions): Promise<ClaimSummary>
}

export interface ChannelDraft {
  readonly offer: string
  readonly depositWei: bigint
}

export interface ChannelSummary {
  readonly channelId: string
  readonly side: 'payer' | 'provider'
  /** The other peer. */
  readonly peer: string
  readonly depositWei: bigint
  /** Highest voucher signed or accepted. */
  readonly authorisedWei: bigint
  readonly royaltyWei: bigint
  readonly spentWei: bigint
  readonly receipts: number
  /** Captured on chain, as last seen. */
  readonly claimedWei: bigint
  /**
   * `retired`: no calls any more, its deposit still there; `withdrawing` until `readyAtMs`; `closed`:
   * all came back that was not signed for.
   */
  readonly state: 'open' | 'retired' | 'withdrawing' | 'closed'
  /** What the payer can have back, or is waiting for; 0 for the other side. */
  readonly withdrawableWei: bigint
  /** By the chain's clock; only while withdrawing. */
  readonly readyAtMs?: number
  /** How this peer last paid into it; absent where it did not. */
  readonly paidBy?: FundingWay
}

/**
 * How a deposit was paid: out of the vault, in the chain's own coins, by an allowance that was there, by one signature and one
 * transaction (EIP-3009 or ERC-2612), or by an approval and a transaction after it.
 */
export type FundingWay = 'vault' | 'coins' | 'allowance' | 'authorization' | 'permit' | 'approval'

export interface ChannelClosing {
  readonly channelId: string
  /** `closing`: the provider agreed and sends the transaction, which no block has yet. */
  readonly state: 'withdrawing' | 'closing' | 'closed'
  /** What is on its way back. */
  readonly pendingWei: bigint
  /** What came back by this call. */
  readonly returnedWei: bigint
  /** When a withdrawal can be finished, by the chain's clock; only while withdrawing. */
  readonly readyAtMs?: number
  /** Who sent the transaction that ended it by agreement; absent where it took, or takes, the delay. */
  readonly agreement?: 'sent' | 'sent by the provider'
  /** The code by which the provider could not be brought to agree. */
  readonly refusedBy?: string
  readonly txHash?: string
}

export interface BudgetSummary {
  /** The most that one call may cost. */
  readonly maxCallWei: bigint
  /** Promised since the day began, less nothing: a provider can claim all of it. */
  readonly spentWei: bigint
  /** What calls under way may still promise, as far as a budget bounds them. */
  readonly reservedWei: bigint
  /** Of all providers together; absent without such a budget. */
  readonly day?: BudgetLeft
  /** What each provider may be promised in a day; absent without such a budget. */
  readonly maxProviderDayWei?: bigint
  /** Those who were promised something today. */
  readonly providers: readonly ProviderSpending[]
  /** When the next day begins. */
  readonly freesAtMs: number
}

export interface BudgetLeft {
  readonly limitWei: bigint
  readonly spentWei: bigint
  readonly reservedWei: bigint
  readonly leftWei: bigint
}

export interface ProviderSpending {
  readonly provider: string
  readonly spentWei: bigint
  readonly reservedWei: bigint
  readonly leftWei?: bigint
}

export interface ClaimSummary {
  readonly channels: number
  readonly claimedWei: bigint
  readonly operatorWei: bigint
  readonly royaltyWei: bigint
  readonly txHashes: readonly string[]
}

export interface ReceiptsApi {
  list(options?: CallOptions): Promise<readonly ReceiptSummary[]>
  /** The receipt of a call by its id (32 hex digits); RECEIPT_UNKNOWN if this peer has none. */
  show(callId: string, options?: CallOptions): Promise<ReceiptSummary>
  /**
   * Checks a receipt again: its bytes, and from the answer and the texts of its revision, as far as
   * they are here, whose the answer is. Throws the code of the first thing that does not hold
   * (SIGNATURE_INVALID, RECEIPT_INVALID, EVIDENCE_DIFFERS, PASSAGE_OMITTED, CREDITS_DIFFER), and says
   * of what could not be told why.
   */
  verify(callId: string, options?: CallOptions): Promise<ReceiptVerification>
  /**
   * The answer of a call made here, sentence by sentence, each with its sources and what they have of
   * it. Refuses RECEIPT_UNKNOWN also where the answer itself is not kept any more.
   */
  explain(callId: string, options?: CallOptions): Promise<Explanation>
  /** Places of channels for which a provider signed two receipts, both of which are kept here. */
  evidence(options?: CallOptions): Promise<readonly EvidenceSummary[]>
  /**
   * Takes the bonds on who signed both receipts of `channelId`, a tenth for this peer's own account.
   * Refuses RECEIPT_UNKNOWN without two receipts, and BOND_MISSING where nothing is staked.
   */
  report(channelId: string, options?: CallOptions): Promise<ReceiptReport>
  /**
   * What is staked, in the network's token, on who signs receipts: `own`, an address, or the offer of
   * somebody met before (OFFER_UNKNOWN).
   */
  bond(named: string, options?: CallOptions): Promise<BondSummary>
  /** As a provider: stakes tokens of the peer's own account on its own receipts. Refuses FUNDS_INSUFFICIENT. */
  stake(amountWei: bigint, options?: CallOptions): Promise<BondSummary>
  /**
   * Takes the own bond back. Done twice: the first time it starts the withdrawal and says when it can
   * be finished, then it finishes it; until then all of it can still be lost. Refuses BOND_MISSING.
   */
  unstake(draft: UnstakeDraft, options?: CallOptions): Promise<BondWithdrawal>
}

export interface BondSummary {
  readonly receiptSigner: string
  /** Two receipts of it were shown to the chain: nothing can be staked on it any more. */
  readonly isConvicted: boolean
  readonly stakeWei: bigint
  readonly bonds: ReadonlyArray<{
    readonly owner: string
    /** What is on its way out included: it can still be lost. */
    readonly stakeWei: bigint
    readonly withdrawingWei: bigint
    readonly readyAtMs?: number
  }>
}

export interface UnstakeDraft {
  /** All of it when left out. */
  readonly amountWei?: bigint
}

export interface BondWithdrawal extends BondSummary {
  /** What came back by this call. */
  readonly returnedWei: bigint
}

export interface EvidenceSummary {
  readonly channelId: string
  readonly seq: number
  /** The peer, and the key by which it signed both. */
  readonly provider: string
  readonly receiptSigner: string
  /** Of the two receipts, the one that came first before the other. */
  readonly callIds: readonly string[]
  readonly foundAtMs: number
  /** What reporting it earned, once it was reported. */
  readonly reportedWei?: bigint
}

export interface ReceiptReport {
  readonly channelId: string
  readonly provider: string
  /** All that was staked; what this peer did not get of it is burnt. */
  readonly takenWei: bigint
  readonly rewardWei: bigint
  readonly txHashes: readonly string[]
}

export interface ReceiptSummary {
  /** 32 hex digits, the same in every face. */
  readonly callId: string
  readonly channelId: string
  readonly seq: number
  readonly model: string
  readonly provider: string
  readonly outcome: 'answered' | 'abstained' | 'cancelled' | 'interrupted'
  readonly inputTokens: number
  readonly outputTokens: number
  readonly priceWei: bigint
  readonly royaltyWei: bigint
  readonly method: string
  readonly credits: readonly CreditLine[]
  readonly finishedAtMs: number
}

/** One thing that is checked of a receipt. */
export interface ReceiptCheck {
  /**
   * `signature`: the provider's, and credits that sum to the whole. `answer`: question and answer are
   * those that were signed. `credits`: they are what the evidence gives. `texts`: the evidence is what
   * the answer and the texts of the revision give, none left out, and each account is the owner's.
   */
  readonly what: 'signature' | 'answer' | 'credits' | 'texts'
  /** False where it could not be told: what does not hold is an error. */
  readonly holds: boolean
  readonly reason?:
    | 'ANSWER_NOT_KEPT'
    | 'NOTHING_MEASURED'
    | 'METHOD_UNKNOWN'
    | 'MODEL_UNKNOWN'
    | 'TEXTS_NOT_HERE'
    | 'TEXTS_WITHDRAWN'
}

export interface ReceiptVerification extends ReceiptSummary {
  readonly checks: readonly ReceiptCheck[]
  /** What the model was built from, where its card is known. */
  readonly datanet?: string
  readonly revision?: string
}

export interface Explanation {
  readonly receipt: ReceiptSummary
  readonly question: string
  readonly answer: string
  readonly sentences: ReadonlyArray<{
    readonly text: string
    /** What each source has of this sentence; together the whole. */
    readonly parts: ReadonlyArray<CreditLine & { readonly title?: string }>
  }>
}

export interface CreditLine {
  readonly contribution?: string
  readonly account?: string
  readonly basis: string
  readonly ppm: number
}

export interface RewardsApi {
  /** As a provider: folds committed receipts into a drop per pool and posts it. */
  post(options?: ProgressOptions): Promise<readonly DropSummary[]>
  /** What an account can claim, over every pool this peer has met; proofs verified against the chain. */
  show(account: string, options?: CallOptions): Promise<readonly RewardSummary[]>
  /** Claims all of it for `account`; the account gets the money, whoever sends the transaction. */
  claim(account: string, options?: CallOptions): Promise<RewardClaim>
  /**
   * The drops that are in their delay, of pools that the Datanets known here audit, each checked by its
   * document, the chain, and the receipts that its operator shows.
   */
  check(options?: ProgressOptions): Promise<readonly DropCheck[]>
  /**
   * Ends the pending drop of `pool` by showing the contract what is wrong with it; anyone may. Refuses
   * DROP_STANDS where there is nothing to show.
   */
  refute(pool: string, options?: CallOptions): Promise<RefutedDrop>
  /**
   * Signs a veto of the pending drop of a pool with every curator's key kept here, beside `approvals`,
   * and sends it once enough have signed. Refuses signatures of others (SIGNATURE_INVALID), and
   * DROP_STANDS where nothing is pending.
   */
  veto(draft: DropVoteDraft, options?: CallOptions): Promise<DropVote>
  /** Pools of the Datanets known here with credit that no final drop gives out. */
  silent(options?: CallOptions): Promise<readonly SilentPool[]>
  /**
   * As curators of its auditor, posts a drop for an operator that was silent for thirty days: made of
   * the vouchers on the chain and the receipts that are shown, signed like a veto. Refuses DROP_STANDS
   * before that, and what cannot be recomputed (DROP_INVALID, RECEIPT_UNKNOWN, DOCUMENT_UNKNOWN).
   */
  postSilent(draft: SilentVoteDraft, options?: CallOptions): Promise<DropVote>
}

/** A drop in its delay, and what looking at it came to. */
export interface DropCheck {
  readonly pool: string
  readonly operator: string
  /** The Datanet whose curators may veto it. */
  readonly datanet: string
  readonly dropSeq: number
  readonly root: string
  readonly totalWei: bigint
  /** When it becomes final, by the chain's clock. */
  readonly readyAtMs: number
  /** `wrong`: it breaks a rule; `unknown`: not all that is needed to tell could be had. */
  readonly verdict: 'holds' | 'wrong' | 'unknown'
  /** Why it does not hold, and in words. */
  readonly code?: string
  readonly reason?: string
  /** What anyone can show the contract to end it. */
  readonly refutableBy?: Refutable
  /** Whether this peer keeps the key of a curator who may veto it. */
  readonly isCurated: boolean
}

/** What can be wrong with a drop so that the contract sees it. specs/09-reward.md §Refutation */
export type Refutable = 'total' | 'unordered' | 'shrunk' | 'absent'

export interface RefutedDrop {
  readonly pool: string
  readonly dropSeq: number
  readonly shown: Refutable
  readonly txHash: string
}

export interface DropVoteDraft {
  readonly pool: string
  /** Signatures of other curators, 0x: as the same call gave them there, or as a wallet did. */
  readonly approvals?: readonly string[]
}

/** The curators' word about a pool, as far as it is gathered. */
export interface DropVote {
  readonly pool: string
  readonly dropSeq: number
  readonly root: string
  /** Who signed, and their signatures: for the next curator. */
  readonly signed: readonly string[]
  readonly approvals: readonly string[]
  /** How many must. */
  readonly needed: number
  /** For `eth_signTypedData_v4` of any wallet that holds a curator's key. */
  readonly typedData: TypedDataJson
  /** Once enough had signed: then it is done. */
  readonly txHash?: string
  /** Of a drop that is posted: its document in base64, which the next curator checks and signs. */
  readonly document?: string
  /** When accounts can claim against it, once it is posted. */
  readonly claimableAtMs?: number
}

/** A pool that holds more than its final drop gives out. */
export interface SilentPool {
  readonly pool: string
  readonly operator: string
  readonly datanet: string
  /** Collected in all, and given out by the final drop. */
  readonly creditedWei: bigint
  readonly givenWei: bigint
  /** From when on the Datanet's curators may post, by the chain's clock. */
  readonly silentAtMs: number
  readonly isSilent: boolean
}

export interface SilentVoteDraft extends DropVoteDraft {
  /** The drop that the curators before signed, in base64; made here when left out. */
  readonly document?: string
}

export interface DropSummary {
  readonly pool: string
  readonly drop: string
  readonly totalWei: bigint
  readonly accounts: number
  readonly unassignedWei: bigint
  /** When the veto delay ends and accounts can claim. */
  readonly claimableAtMs: number
}

export interface RewardSummary {
  readonly pool: string
  readonly drop: string
  readonly cumulativeWei: bigint
  readonly claimedWei: bigint
  readonly claimableWei: bigint
}

export interface RewardClaim {
  readonly account: string
  readonly claimedWei: bigint
  readonly txHashes: readonly string[]
}
