import type { RoyaltyPolicy } from '../../protocol/datanet/royalty-policy.ts'
import type { BountiesApi } from './bounties-api.ts'
import type { GovernanceApi } from './governance-api.ts'
import type { HostingApi } from './hosting-api.ts'
import type { CallOptions, ProgressOptions, TopicQuery } from './peer-api.ts'
import type { ReviewsApi } from './reviews-api.ts'
import type { RowsApi } from './rows-api.ts'
import type { ContributionFinding, SubmissionsApi } from './submissions-api.ts'
import type { WithdrawalDraft, WithdrawalState } from './withdrawals-api.ts'

export interface DatanetsApi
  extends GovernanceApi,
    HostingApi,
    ReviewsApi,
    RowsApi,
    SubmissionsApi,
    BountiesApi {
  /** Founds a Datanet with this peer as its intake host: manifest signed, founded on chain, announced. */
  create(draft: DatanetDraft, options?: CallOptions): Promise<DatanetSummary>
  /** The Datanets this peer hosts or has met. */
  list(options?: CallOptions): Promise<readonly DatanetSummary[]>
  /** One Datanet; refuses ids never met (DATANET_UNKNOWN). */
  show(id: string, options?: CallOptions): Promise<DatanetSummary>
  /**
   * Datanets under `topic`: those known here and those announced, their manifests verified
   * (DISCOVERY_EMPTY if none).
   */
  find(topic: TopicQuery, options?: CallOptions): Promise<readonly DatanetSummary[]>
  /**
   * Takes a contribution back, as its contributor, as whom the account was handed over to, or as a
   * curator who takes it down: destroyed at every host that answers, and at the others within two
   * minutes of their return. Refuses WITHDRAWAL_REFUSED, CONTRIBUTION_UNKNOWN, and what the host said
   * when none took it.
   */
  withdraw(draft: WithdrawalDraft, options?: CallOptions): Promise<WithdrawalState>
  /**
   * What waits for curators on this host, and whose it is: up to 1 000 at a time, in the order in
   * which they came. For who runs the host; curators get theirs by `reviewNext`.
   */
  pending(query: PendingQuery, options?: CallOptions): Promise<readonly PendingContribution[]>
  /** Publishes and anchors a revision of everything accepted (NOTHING_TO_PUBLISH if nothing new). */
  publish(id: string, options?: ProgressOptions): Promise<RevisionSummary>
  /** The newest revision kept here (ANCHOR_MISSING when none is). */
  head(id: string, options?: CallOptions): Promise<RevisionSummary>
  /** Fetches and verifies the newest anchored revision, and says how its blocks came. */
  fetch(id: string, options?: ProgressOptions): Promise<FetchedRevision>
}

/** What `file/1` may hold: media types, and the size of one file. */
export interface FileBounds {
  readonly mimes: readonly string[]
  readonly maxBytes: number
}

/** What one account may have waiting for review, and hand in within 24 hours. */
export interface IntakeBounds {
  readonly pendingPerAccount: number
  readonly perDayPerAccount: number
}

export interface DatanetDraft {
  readonly name: string
  readonly purpose: string
  readonly topics: readonly string[]
  /** What may be contributed; everything that is typed unless given: no labels, no files. */
  readonly schemas?: readonly string[]
  /** BCP 47 tags; any language unless given. */
  readonly languages?: readonly string[]
  readonly licences: readonly string[]
  /** Given exactly with the schema `file/1`. */
  readonly files?: FileBounds
  readonly consent: string
  readonly curators: readonly string[]
  readonly threshold: number
  /** Peers that keep copies besides this one; none unless given. */
  readonly hosts?: readonly string[]
  readonly intake?: IntakeBounds
  readonly reviewApprovals: number
  /** The share of verdicts that must be approvals; three of five unless given. */
  readonly reviewSharePpm?: number
  readonly reviewLeaseMs?: number
  /** Whether the curators' part goes by what each reviewed, and not in equal parts. */
  readonly reviewsEarn?: boolean
  readonly royalty: RoyaltyPolicy
  readonly treasury: string
  /** How long a later change is announced before it counts; a day unless given. */
  readonly changeDelayMs?: number
}

export interface DatanetSummary {
  readonly id: string
  readonly name: string
  readonly purpose: string
  readonly topics: readonly string[]
  readonly schemas: readonly string[]
  readonly languages?: readonly string[]
  readonly licences: readonly string[]
  readonly files?: FileBounds
  readonly consent: string
  readonly curators: readonly string[]
  readonly threshold: number
  readonly intakeHost: string
  readonly hosts: readonly string[]
  readonly intake: IntakeBounds
  readonly review: {
    readonly approvals: number
    readonly sharePpm: number
    readonly leaseMs: number
    /** The curators' part goes by what each reviewed; absent: in equal parts. */
    readonly earns?: 'reviews'
  }
  readonly royalty: RoyaltyPolicy
  readonly treasury: string
  /** The number of the manifest in force; 0 is the founding one. */
  readonly seq: number
  readonly effectiveAtMs: number
  readonly changeDelayMs: number
  readonly chainKey: string
}

export interface ContributionDraft {
  readonly datanet: string
  readonly account: string
  /** What kind of thing it is, such as `text/1`. specs/04-datanet.md §Content */
  readonly schema: string
  /** As the schema says: CIDs as text, a receipt id in hexadecimal. */
  readonly content: Readonly<Record<string, unknown>>
  readonly language: string
  readonly licence: string
  readonly author?: string
  readonly sourceUrl?: string
  readonly tags?: readonly string[]
  /** The bounty that it is meant to fill. */
  readonly bounty?: string
  /**
   * How it was given: `interaction` when typed into a form of who keeps the account's key, such as a
   * bot's; `message` when it is the text of somebody's message, which no revision ever holds. `direct`,
   * the default, is for a person's own key. It is signed and never changes.
   */
  readonly origin?: 'direct' | 'interaction' | 'message'
  /** The id of the form or message with which consent was given. */
  readonly interaction?: string
  /** Give it although it looks as if it held personal data or a secret. */
  readonly allowPersonalData?: boolean
}

export type ContributionStatus = 'pending' | 'accepted' | 'rejected' | 'withdrawn'

/** What came of handing in: the host's word, which it signed. */
export interface Submission {
  readonly contribution: string
  /** `queued` while no host could be reached: it is sent once one can. */
  readonly status: ContributionStatus | 'queued'
  /** Its number among all that the Datanet ever took in; 0 while it is queued, as the time. */
  readonly order: number
  readonly takenAtMs: number
  /** The first contribution that it is a near-duplicate of: that one is credited for both. */
  readonly cluster?: string
  readonly findings: readonly ContributionFinding[]
}

/** Which page of what waits. */
export interface PendingQuery {
  readonly datanet: string
  /** The order of the last one of the page before; the first page unless given. */
  readonly after?: number
}

export interface PendingContribution {
  readonly contribution: string
  readonly contributor: string
  readonly schema: string
  /** What it is about and what it says, in short. */
  readonly title: string
  readonly text: string
  /** All that it holds, as its schema says. */
  readonly content: Readonly<Record<string, unknown>>
  readonly language: string
  readonly licence: string
  readonly origin: 'direct' | 'interaction' | 'message'
  readonly order: number
  /** The first contribution that it is a near-duplicate of. */
  readonly cluster?: string
  readonly findings: readonly ContributionFinding[]
}

export interface RevisionSummary {
  readonly datanet: string
  readonly revision: string
  readonly ordinal: number
  readonly rows: number
  /** Of its rows, those that were withdrawn since, as far as known here. */
  readonly withdrawn: number
  readonly content: string
}

export interface FetchedRevision extends RevisionSummary {
  readonly contributors: number
  /** New blocks by the way they came: the bulk stream or bitswap. */
  readonly blocks: { readonly bulk: number; readonly bitswap: number }
}
