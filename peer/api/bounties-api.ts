import type { CallOptions } from './peer-api.ts'

/** Questions that a Datanet does not answer yet, with or without money for whoever answers. */
export interface BountiesApi {
  /**
   * Those that the Datanet's hosts list, and this peer's own: the most money first. Own ones that no
   * host lists are handed to them again.
   */
  bounties(id: string, options?: CallOptions): Promise<readonly BountySummary[]>
  /** One that is listed or kept here (BOUNTY_UNKNOWN). */
  bounty(named: NamedBounty, options?: CallOptions): Promise<BountySummary>
  /**
   * Signs a question as its account and hands it to the Datanet's hosts. One with a budget is listed
   * once as much is locked. Refuses what looks like personal data (PERSONAL_DATA_FOUND) unless the
   * draft allows it, nearly the same question (BOUNTY_DUPLICATE) unless meant, and what hosts refuse
   * when none takes it.
   */
  openBounty(draft: BountyDraft, options?: CallOptions): Promise<BountySummary>
  /**
   * Locks money of the peer's own account for whoever answers; it can only come back once the bounty
   * has expired. Refuses BOUNTIES_OFF, FUNDS_INSUFFICIENT, and a bounty that is filled or has expired
   * (BOUNTY_REFUSED). A payment of that amount which a crash cut off is ended, not made again.
   */
  fundBounty(payment: BountyPayment, options?: CallOptions): Promise<BountySummary>
  /**
   * As the curators kept here: a contribution fills the bounty. With enough of them, those of other
   * peers included, its author is credited on chain at once. Refuses what does not name the bounty or
   * is no row of the newest revision, a payment to the approving curator, and a second word
   * (BOUNTY_REFUSED), BOUNTY_UNFUNDED, and who keeps no curator's key (SIGNER_UNEXPECTED).
   */
  approveBounty(approval: BountyApproval, options?: CallOptions): Promise<BountySummary>
  /** Pays an account what bounties credited it; the account gets the money (NOTHING_TO_CLAIM). */
  claimBounties(account: string, options?: CallOptions): Promise<BountyClaim>
  /** Takes back what this peer gave to a bounty that expired unfilled (BOUNTY_REFUSED before). */
  refundBounty(named: NamedBounty, options?: CallOptions): Promise<BountyRefund>
}

export interface NamedBounty {
  readonly datanet: string
  readonly bounty: string
}

export interface BountyDraft {
  readonly datanet: string
  /** In whose name it is asked. */
  readonly account: string
  readonly question: string
  /** What it is in; recognised unless given. */
  readonly language?: string
  /** In which an answer is wanted: what is read as text unless given. */
  readonly schemas?: readonly string[]
  /** What will be locked for it, and is before hosts list it. */
  readonly budgetWei?: bigint
  /** How long it stands; thirty days unless given. */
  readonly lifeMs?: number
  /** The card of the model that did not answer it. */
  readonly abstained?: string
  readonly allowPersonalData?: boolean
  /** Ask it although nearly the same question is open. */
  readonly anyway?: boolean
}

export interface BountyPayment extends NamedBounty {
  readonly amountWei: bigint
}

export interface BountyApproval extends NamedBounty {
  /** The accepted one that names the bounty, where there is one only. */
  readonly contribution?: string
  /** A curator whose key is here; all of them unless given. */
  readonly account?: string
  /** Instead of another contribution that was approved before. */
  readonly instead?: boolean
}

/** `answered`: by an accepted contribution, with no money to be paid out. */
export type BountyState = 'open' | 'answered' | 'filled' | 'expired'

export interface BountySummary extends NamedBounty {
  readonly question: string
  readonly language: string
  readonly schemas: readonly string[]
  readonly requester: string
  readonly state: BountyState
  /** Whether a host shows it to others. */
  readonly isListed: boolean
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** What its record promises. */
  readonly budgetWei?: bigint
  /** What the chain holds for it; 0 without a chain. */
  readonly lockedWei: bigint
  /** Of that, what this peer gave. */
  readonly givenWei: bigint
  readonly abstained?: string
  readonly answers: readonly BountyAnswer[]
  readonly approvals: ReadonlyArray<{
    readonly contribution: string
    readonly account: string
    readonly curators: readonly string[]
  }>
  /** How many curators must approve one contribution. */
  readonly needed: number
  /** Whom it paid, as far as this peer follows the chain. */
  readonly filled?: {
    readonly contribution: string
    readonly account: string
    readonly amountWei: bigint
  }
}

export interface BountyAnswer {
  readonly contribution: string
  readonly status: 'pending' | 'accepted' | 'rejected'
}

export interface BountyClaim {
  readonly account: string
  readonly claimedWei: bigint
  readonly txHash: string
}

export interface BountyRefund extends NamedBounty {
  readonly refundedWei: bigint
  readonly txHash: string
}
