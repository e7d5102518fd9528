import type { RoyaltyPolicy } from '../../protocol/datanet/royalty-policy.ts'
import type { FileBounds, IntakeBounds } from './datanets-api.ts'
import type { CallOptions, ProgressOptions } from './peer-api.ts'

/** What curators decide together, each on a peer of their own. */
export interface GovernanceApi {
  /**
   * Drafts the next manifest from the one in force, approves it with the curators' keys that are here,
   * and offers it to the other curators' peers. With enough approvals it is announced at once.
   */
  change(draft: ChangeDraft, options?: CallOptions): Promise<ProposalSummary>
  /**
   * Drafts the next revision of what this host accepted, approves it with the keys that are here, and
   * offers it to the other curators' peers; with enough approvals it is anchored at once. Refuses
   * NOTHING_TO_PUBLISH.
   */
  propose(id: string, options?: ProgressOptions): Promise<ProposalSummary>
  /** What is proposed to the Datanet's curators, after asking their peers and its hosts. */
  proposals(id: string, options?: CallOptions): Promise<readonly ProposalSummary[]>
  /** One proposal with what it changes and a bundle to carry it by hand (PROPOSAL_UNKNOWN). */
  proposal(named: NamedProposal, options?: CallOptions): Promise<ProposalDetails>
  /** A curator's word for a proposal that was looked at; what it is enough for happens at once. */
  approve(named: ProposalApproval, options?: ProgressOptions): Promise<ProposalSummary>
  /** Takes a bundle that came by hand. */
  carry(bundle: string, options?: CallOptions): Promise<ProposalSummary>
  /** What was signed twice for one place: manifests with a quorum each, and words of one curator. */
  forks(id: string, options?: CallOptions): Promise<readonly ForkSummary[]>
  /** What the newer of two revisions kept here has otherwise (ANCHOR_MISSING for others). */
  diff(draft: DiffDraft, options?: CallOptions): Promise<RevisionDiff>
  /** The manifests of a Datanet: those before, the one in force, and what is announced. */
  manifests(id: string, options?: CallOptions): Promise<readonly ManifestSummary[]>
}

/** What a later manifest says otherwise; what is left out stays. */
export interface ManifestChange {
  readonly name?: string
  readonly purpose?: string
  readonly topics?: readonly string[]
  readonly schemas?: readonly string[]
  /** An empty list: any language. */
  readonly languages?: readonly string[]
  readonly licences?: readonly string[]
  readonly files?: FileBounds
  readonly consent?: string
  readonly curators?: readonly string[]
  readonly threshold?: number
  readonly intakeHost?: string
  readonly hosts?: readonly string[]
  readonly intake?: IntakeBounds
  readonly reviewApprovals?: number
  readonly reviewSharePpm?: number
  readonly reviewLeaseMs?: number
  readonly reviewsEarn?: boolean
  readonly royalty?: RoyaltyPolicy
  readonly treasury?: string
  readonly changeDelayMs?: number
}

export interface ChangeDraft {
  readonly datanet: string
  readonly change: ManifestChange
  /** Why, for the other curators. */
  readonly note?: string
  /** Time for approvals to come, beyond the promised delay; 0 or three days unless given. */
  readonly gatherMs?: number
}

export interface NamedProposal {
  readonly datanet: string
  readonly proposal: string
}

export interface ProposalApproval extends NamedProposal {
  /** A curator whose key is here; all of them unless given. */
  readonly account?: string
  /** Approve although another proposal for the same place was approved before. */
  readonly instead?: boolean
}

export interface FieldChange {
  readonly field: string
  /** Absent: it was not there. */
  readonly before?: string
  /** Absent: it is gone. */
  readonly after?: string
}

/** `open` until enough approve; then `announced`, `in force` or `anchored`; `over` when it cannot count. */
export type ProposalState = 'open' | 'announced' | 'in force' | 'anchored' | 'over'

export interface ProposalSummary {
  readonly proposal: string
  readonly datanet: string
  readonly kind: 'manifest' | 'revision'
  /** The CID of the manifest or of the revision. */
  readonly subject: string
  /** The manifest's `seq`, the revision's ordinal. */
  readonly number: number
  readonly state: ProposalState
  /** Curators in force who approve it. */
  readonly approvals: readonly string[]
  readonly threshold: number
  readonly createdAtMs: number
  readonly effectiveAtMs?: number
  readonly rows?: number
  readonly note?: string
}

export interface ProposalDetails extends ProposalSummary {
  readonly changes: readonly FieldChange[]
  /** For `carry`, where curators' peers do not meet. */
  readonly bundle: string
}

export interface ManifestSummary {
  readonly seq: number
  readonly manifest: string
  readonly state: 'before' | 'in force' | 'announced'
  readonly createdAtMs: number
  readonly effectiveAtMs: number
  /** Against the manifest before; empty for the founding one. */
  readonly changes: readonly FieldChange[]
}

/** Two for one place: of manifests, the one that the chain has in force counts. */
export interface ForkSummary {
  readonly kind: 'manifest' | 'approval'
  /** The manifest's `seq`; of an approval, the number that it is for, in words. */
  readonly place: string
  /** Who approved both, where it is one curator. */
  readonly curator?: string
  /** CIDs of the manifests or of the proposals. */
  readonly first: string
  readonly second: string
}

export interface DiffDraft {
  readonly datanet: string
  /** Ordinals; the newest kept here and the one before unless given. */
  readonly from?: number
  readonly to?: number
}

/** A row as a diff names it; what was withdrawn has no title any more. */
export interface DiffRow {
  readonly contribution: string
  readonly contributor: string
  readonly title?: string
}

export interface RevisionDiff {
  readonly datanet: string
  readonly from: number
  readonly to: number
  readonly fromRows: number
  readonly toRows: number
  /** In row order; at most a thousand of each, of `counts` in all. */
  readonly added: readonly DiffRow[]
  readonly withdrawn: readonly DiffRow[]
  readonly handedOver: ReadonlyArray<{ readonly oldAccount: string; readonly newAccount: string }>
  readonly counts: {
    readonly added: number
    readonly withdrawn: number
    readonly handedOver: number
  }
}
