/** What is taken back, by whom: by who made it, or by the curators together. */
export interface WithdrawalDraft {
  readonly datanet: string
  /** CID text of the contribution. */
  readonly contribution: string
  /** Who withdraws: address or label of an account kept here. */
  readonly account: string
  readonly reason?: string
  /** True when curators take it down; as many of them as the manifest's threshold must sign. */
  readonly isTakedown?: boolean
  /** What another curator's call gave, for this one to sign as well. */
  readonly proposal?: string
}

/**
 * A takedown that more curators have to sign, what the hosts said, or that none could be reached: then
 * what is here is destroyed, and the tombstone sent once one can be.
 */
export type WithdrawalState =
  | {
      readonly state: 'proposed'
      readonly contribution: string
      /** Base64; for the next curator's call. */
      readonly proposal: string
      readonly valid: number
      readonly threshold: number
    }
  | {
      readonly state: 'queued'
      readonly contribution: string
      readonly tombstone: string
    }
  | {
      readonly state: 'withdrawn'
      readonly contribution: string
      /** CID text of the tombstone: the receipt of the withdrawal. */
      readonly tombstone: string
      readonly answers: readonly HostAnswer[]
    }

/** What one host said: the place in its log once everything is destroyed there, or why not. */
export interface HostAnswer {
  readonly peer: string
  readonly index?: number
  /** The code of its refusal; it learns of the withdrawal from the others once it can. */
  readonly code?: string
  readonly atMs: number
}
