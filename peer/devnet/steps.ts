import type { DatanetSummary, FetchedRevision, RevisionSummary } from '../api/datanets-api.ts'
import type { ModelListing, ModelSummary, OfferSummary } from '../api/models-api.ts'
import type { ClaimSummary, DropSummary } from '../api/money-api.ts'
import type { Balance } from './balances.ts'
import type { Network } from './network.ts'
import type { Answered } from './roles/agent.ts'

/** What happened, one at a time: the story prints them and `--json` writes them down. */
export type Step =
  | { readonly step: 'world'; readonly network: Network; readonly isKept: boolean; dir: string }
  | {
      readonly step: 'participants'
      readonly participants: ReadonlyArray<{
        role: string
        pid: number
        peerId: string
        account: string
      }>
    }
  | { readonly step: 'founded'; readonly datanet: DatanetSummary; readonly isNew: boolean }
  | {
      readonly step: 'contributed'
      readonly contributions: number
      readonly added: number
      readonly contributors: ReadonlyArray<{
        label: string
        address: string
        contributions: number
      }>
    }
  | { readonly step: 'reviewed'; readonly approved: number; readonly rejected: number }
  | { readonly step: 'published'; readonly revision: RevisionSummary }
  | { readonly step: 'fetched'; readonly revision: FetchedRevision }
  | {
      readonly step: 'served'
      readonly model: ModelSummary
      readonly offer: OfferSummary
      readonly isNew: boolean
    }
  | { readonly step: 'discovered'; readonly models: readonly ModelListing[] }
  | {
      readonly step: 'asked'
      readonly answer: Answered
      /** The author of the top credit. */
      readonly credited?: string
      /** Absent for a question of which nobody can know whether the Datanet answers it. */
      readonly drawn?: { readonly isAnswerable: boolean; readonly isCreditCorrect: boolean }
    }
  | {
      readonly step: 'claimed'
      readonly claim: ClaimSummary
      /** The prices on the receipts of this run. */
      readonly spentWei: bigint
    }
  | {
      readonly step: 'posted'
      readonly drops: readonly DropSummary[]
      readonly delayS: number
      /** A drop counts from the beginning of its pool: in a kept world also what was paid out before. */
      readonly isKept: boolean
    }
  | { readonly step: 'paid'; readonly balances: readonly Balance[]; readonly isConserved: boolean }
  | { readonly step: 'summary'; readonly summary: Summary }

/** The whole loop in figures. `conserved` is computed from balances on chain. */
export interface Summary {
  readonly contributions: number
  readonly revision: string
  readonly calls: number
  readonly answered: number
  readonly abstained: number
  readonly creditedCorrect: number
  readonly paidWei: bigint
  readonly royaltyWei: bigint
  readonly claimedWei: bigint
  readonly conserved: boolean
  readonly durationMs: number
}
