import type { ContributionStatus } from './datanets-api.ts'
import type { CallOptions } from './peer-api.ts'
import type { ContributionFinding } from './submissions-api.ts'

/** What curators do, on the intake host or on a peer of their own. specs/04-datanet.md §Review */
export interface ReviewsApi {
  /**
   * Work for a curator, blind: items that are this one's alone until they end, those that were taken
   * before first. One item unless `most` says more. Refuses who is no curator (REVIEW_REFUSED).
   */
  reviewNext(query: ReviewWork, options?: CallOptions): Promise<readonly ReviewItem[]>
  /** Gives items back, so that others get them at once. */
  reviewGive(
    draft: ReviewGiven,
    options?: CallOptions
  ): Promise<{ readonly contributions: readonly string[] }>
  /** One item as curators see it, without taking it (CONTRIBUTION_UNKNOWN). */
  reviewShow(named: NamedReview, options?: CallOptions): Promise<ReviewItem>
  /** What was flagged and waits for this curator's word on that: a flag as well, or that it is clear. */
  reviewHeld(query: ReviewWork, options?: CallOptions): Promise<readonly ReviewItem[]>
  /**
   * A curator's verdict, signed as `account`. Refuses REVIEW_REFUSED of who may not decide about it,
   * CONTRIBUTION_UNKNOWN, CONTRIBUTION_WITHDRAWN, and with CID_MISMATCH says that the host showed
   * something else than what is signed.
   */
  review(verdict: ReviewDraft, options?: CallOptions): Promise<Reviewed>
  /** What the curators did, and how far they agree. */
  reviewStats(
    query: { readonly datanet: string; readonly account: string },
    options?: CallOptions
  ): Promise<ReviewStats>
  /**
   * Has other curators hear a contribution that was rejected, once, as its contributor. Refuses
   * CONTRIBUTION_UNKNOWN of others' and APPEAL_REFUSED with the reason.
   */
  appeal(
    draft: AppealDraft,
    options?: CallOptions
  ): Promise<{ readonly status: ContributionStatus }>
}

export interface ReviewWork {
  readonly datanet: string
  /** The curator, kept here. */
  readonly account: string
  readonly most?: number
  /** Only what was taken before. */
  readonly isMine?: boolean
}

export interface NamedReview {
  readonly datanet: string
  readonly account: string
  readonly contribution: string
}

export interface ReviewGiven {
  readonly datanet: string
  readonly account: string
  readonly contributions: readonly string[]
}

/** What a curator sees before the verdict: nothing of who gave it, and nobody else's verdict. */
export interface ReviewItem {
  readonly contribution: string
  readonly schema: string
  /** What it is about and what it says, in short. */
  readonly title: string
  readonly text: string
  /** All that it holds, as its schema says. */
  readonly content: Readonly<Record<string, unknown>>
  readonly language: string
  readonly licence: string
  readonly sourceUrl?: string
  readonly tags?: readonly string[]
  readonly origin: 'direct' | 'interaction' | 'message'
  /** The first contribution that it is a near-duplicate of. */
  readonly cluster?: string
  /** Until when it is this curator's alone; absent where it was not taken. */
  readonly untilMs?: number
  /** What its contributor says to a rejection: now it is heard again. */
  readonly appeal?: string
  /** What it is held for. */
  readonly flags: ReadonlyArray<{ readonly code?: string; readonly reason?: string }>
  readonly findings: readonly ContributionFinding[]
}

export interface ReviewDraft {
  readonly datanet: string
  readonly contribution: string
  /** `unsure` counts for neither; `flag` takes it from everybody until `clear` says otherwise. */
  readonly verdict: 'approve' | 'reject' | 'unsure' | 'flag' | 'clear'
  /** Of a rejection `other` unless given; a flag needs one. specs/04-datanet.md §Review codes */
  readonly code?: string
  readonly reason?: string
  readonly account: string
}

export interface Reviewed {
  readonly status: ContributionStatus
  /** Flagged, and not cleared. */
  readonly isHeld?: true
  /** What other curators had said before; absent without any. */
  readonly verdicts?: readonly string[]
}

export interface ReviewStats {
  /** Items on which more than one curator spoke. */
  readonly shared: number
  /** Krippendorff's alpha over them; absent where it is not defined. */
  readonly alphaPpm?: number
  readonly curators: readonly CuratorStats[]
}

export interface CuratorStats {
  readonly curator: string
  readonly approve: number
  readonly reject: number
  readonly unsure: number
  readonly flag: number
  readonly clear: number
  /** Approvals and rejections of what is decided, and those that the outcome bears out. */
  readonly decided: number
  readonly asDecided: number
  /** Items on which others spoke as well; the part of their words that are the same. */
  readonly shared: number
  readonly agreedPpm?: number
  /** The same beyond chance; absent where it is not defined. */
  readonly kappaPpm?: number
}

export interface AppealDraft {
  readonly datanet: string
  readonly contribution: string
  /** The contributor, kept here. */
  readonly account: string
  /** For the curators; it is published with the reviews when the appeal is upheld. */
  readonly text: string
}
