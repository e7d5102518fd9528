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
  | { readonly step: 'founded'; readonly datanet: DatanetSummary }
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
  | { readonly step: 'served'; readonly model: ModelSummary; readonly offer: OfferSummary }
  | { readonly step: 'discovered'; readonly models: readonly ModelListing[] }
  | {
      readonly step: 'asked'
      readonly answer: Answered
      /** The author of the top credit. */
      readonly credited?: string
      /** Absent for a question somebody typed: nobody knows its right answer. */
      readonly drawn?: { readonly isAnswerable: boolean; readonly isCreditCorrect: boolean }
    }
  | { readonly step: 'claimed'; readonly claim: ClaimSummary }
  | { readonly step: 'posted'; readonly drops: readonly DropSummary[]; readonly delayS: number }
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
