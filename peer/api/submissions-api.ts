import type { ContributionDraft, ContributionStatus, Submission } from './datanets-api.ts'
import type { CallOptions } from './peer-api.ts'

/** Handing in, and what becomes of it. */
export interface SubmissionsApi {
  /**
   * What there is to say about a draft before it is given: nothing is signed or sent. Refuses a draft
   * that is none of its schema (CONTRIBUTION_INVALID), and a licence or language that is not taken.
   */
  check(draft: ContributionDraft, options?: CallOptions): Promise<readonly ContributionFinding[]>
  /**
   * Signs `draft` as its account and submits it to the Datanet's intake host, itself or by way of
   * another host. Refuses what looks like personal data (PERSONAL_DATA_FOUND) unless the draft allows
   * it, and what the host refuses. While no host can be reached it is kept, signed, and sent once one
   * can: its status is `queued` until then.
   */
  contribute(draft: ContributionDraft, options?: CallOptions): Promise<Submission>
  /** What an account kept here handed in, as this peer knows it, and then what waits for a host. */
  submissions(query: SubmissionsQuery, options?: CallOptions): Promise<readonly OwnContribution[]>
  /** One of them with its content and its host's receipt, verified (CONTRIBUTION_UNKNOWN). */
  submission(named: NamedSubmission, options?: CallOptions): Promise<OwnContributionDetails>
  /** Asks the host where they stand, as their account; what it says is kept. */
  standing(query: StandingQuery, options?: CallOptions): Promise<readonly Standing[]>
  /**
   * A proof that the newest revision holds a contribution, from what is kept here or from a host. It
   * is checked offline with the digest that the chain anchors. Refuses CONTRIBUTION_UNKNOWN and
   * ANCHOR_MISSING.
   */
  inclusion(query: InclusionQuery, options?: CallOptions): Promise<Inclusion>
}

/** Something about a text that a person should look at. */
export interface ContributionFinding {
  readonly code: string
  /** Such as `email`, `words`, or the language that was recognised. */
  readonly kind: string
  /** Whether the Datanet refuses it for that. */
  readonly isRefused: boolean
  readonly field?: string
  /** In characters from the start of the field. */
  readonly at?: number
  readonly length?: number
  /** From 1. */
  readonly line?: number
  readonly shown?: string
  /** All of it in words. */
  readonly text: string
}

export interface SubmissionsQuery {
  readonly account: string
  readonly datanet?: string
}

export interface NamedSubmission {
  readonly account: string
  readonly contribution: string
}

export interface OwnContribution {
  readonly contribution: string
  readonly datanet: string
  readonly account: string
  /**
   * `queued` while it waits for a host, `refused` when one would not have it; `withdrawing` while its
   * withdrawal waits for one.
   */
  readonly status: ContributionStatus | 'queued' | 'refused' | 'withdrawing'
  /** What the last try to hand it in came to, while it waits or is refused. */
  readonly code?: string
  /** Its number among all that the Datanet ever took in; 0 while it has none. */
  readonly order: number
  readonly takenAtMs: number
  /** The first contribution that it is a near-duplicate of. */
  readonly cluster?: string
  /** Empty once it was withdrawn, as `title`. */
  readonly schema: string
  readonly title: string
}

export interface OwnContributionDetails extends OwnContribution {
  readonly content: Readonly<Record<string, unknown>>
  readonly language: string
  readonly licence: string
  readonly origin: string
  /** The peer whose word the receipt is; empty, as the receipt, while there is none. */
  readonly host: string
  /** Base64 of the receipt, and of the signed contribution. */
  readonly receipt: string
  readonly signed: string
}

export interface StandingQuery {
  readonly datanet: string
  readonly account: string
  /** One contribution; all of the account's unless given. */
  readonly contribution?: string
}

export interface InclusionQuery {
  readonly datanet: string
  readonly contribution: string
}

export interface Inclusion extends InclusionQuery {
  /** Base64 of the inclusion proof. */
  readonly proof: string
  readonly ordinal: number
  readonly row: number
  readonly rows: number
  /** The digest to look for on chain, 0x text, under the Datanet's key and that ordinal. */
  readonly anchor: string
  readonly chainKey: string
}

export interface Standing {
  readonly contribution: string
  readonly status: ContributionStatus
  readonly order: number
  readonly takenAtMs: number
  readonly cluster?: string
  /** The ordinal of the revision that first held it; 0 while none does. */
  readonly revision: number
  /** Why curators rejected it or hold it, by code and in their words. */
  readonly reasons: readonly string[]
  /** It was flagged, and waits for the curators' word on that. */
  readonly isHeld?: true
  /** That other curators can be asked to hear it again, are asked, or were: what they said is final. */
  readonly appeal?: 'possible' | 'open' | 'decided'
}
