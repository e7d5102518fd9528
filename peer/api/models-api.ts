import type { ReceiptSummary } from './money-api.ts'
import type { CallOptions, ProgressOptions, TopicQuery } from './peer-api.ts'

export interface ModelsApi {
  /** Builds a model from the newest revision of a Datanet fetched here, and publishes its card. */
  build(recipe: BuildRecipe, options?: ProgressOptions): Promise<ModelSummary>
  /**
   * Takes another peer's model on: builds it again from the revision its card names, and keeps it if
   * the artefact is the same (MODEL_DIFFERS). It can then be served here; its builder still earns.
   */
  adopt(model: string, options?: ProgressOptions): Promise<ModelSummary>
  /** The models this peer built or adopted. */
  built(options?: CallOptions): Promise<readonly ModelSummary[]>
  /** Offers a model that this peer built, at `price`, and keeps the offer fresh. */
  serve(terms: ServeTerms, options?: CallOptions): Promise<OfferSummary>
  /** Ends the offer of a model served here; calls under way are finished. MODEL_UNKNOWN if it is not. */
  retire(model: string, options?: CallOptions): Promise<{ readonly model: string }>
  /** Models met so far, with the offers still standing. */
  list(options?: CallOptions): Promise<readonly ModelListing[]>
  /**
   * Models under `topic`: those served here and those announced, cards and offers verified
   * (DISCOVERY_EMPTY if none).
   */
  search(topic: TopicQuery, options?: CallOptions): Promise<readonly ModelListing[]>
  /**
   * Asks a model and streams the answer. Pays as the peer's own account within the limits and verifies
   * the receipt. When a provider fails and another offers the model, `retrying` says so and the
   * answer starts anew with another `started`, unless `retry` is false: chunks before it are void.
   * The last event is `done`; a failure is thrown as a DatanetError.
   */
  ask(question: Question, options?: CallOptions): AsyncIterable<AskEvent>
}

export interface BuildRecipe {
  readonly datanet: string
  readonly name: string
  readonly description: string
  readonly account: string
  /** The name of a language model in this peer's settings that is to answer; it quotes without. */
  readonly upstream?: string
  /** A folder on this peer's machine with an adapter for it. */
  readonly adapter?: string
}

export interface ModelSummary {
  /** CID of the card. */
  readonly model: string
  readonly name: string
  readonly description: string
  readonly engine: string
  /** The pretrained model underneath. */
  readonly base?: string
  /** CID of the adapter on top of it. */
  readonly adapter?: string
  readonly datanets: readonly string[]
  /** The revision of each of them that it was built on. */
  readonly revisions: readonly string[]
  readonly topics: readonly string[]
  readonly builder: string
  readonly issuer: string
  readonly evaluation: {
    readonly questions: number
    readonly answered: number
    readonly falseAnswers: number
  }
  readonly notes: readonly string[]
  /** Contributions of its revisions that were withdrawn since; absent where the revisions are not kept here. */
  readonly withdrawn?: readonly string[]
  readonly publishedAtMs: number
}

export interface ServeTerms {
  readonly model: string
  readonly account: string
  readonly callWei: bigint
  readonly inputTokenWei: bigint
  readonly outputTokenWei: bigint
  /** How long one answer may take; 110 000 unless given, and at most. */
  readonly timeoutMs?: number
}

export interface OfferSummary {
  readonly offer: string
  readonly model: string
  readonly provider: string
  readonly callWei: bigint
  readonly inputTokenWei: bigint
  readonly outputTokenWei: bigint
  readonly openWei: bigint
  readonly maxChunkWei: bigint
  readonly royaltyPpm: number
  /** Of a model with an adapter: whether the provider had it in memory when it issued this. */
  readonly isWarm?: boolean
  readonly expiresAtMs: number
}

export interface ModelListing {
  readonly model: ModelSummary
  readonly offers: readonly OfferSummary[]
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  /** An earlier answer stands as it came, tool calls and all (see `readToolCalls`). */
  readonly content: string
  /** Of a tool's result: the call it answers. */
  readonly toolCallId?: string
}

export interface Question {
  /** A card CID or a model name met before; a name several issuers use needs the CID. */
  readonly model: string
  readonly messages: readonly ChatMessage[]
  /** The most this call may cost, everything included; the peer's own limits hold as well. */
  readonly maxWei?: bigint
  readonly maxOutputTokens?: number
  /** Tools it may call and the JSON it is to be, as `formText` writes them; counted like a message. */
  readonly form?: string
  readonly retry?: boolean
  /**
   * An account kept here. Says that the question, should the model abstain, may
   * be published in its name as an open bounty of the Datanets that the model was built from. Nothing
   * is published without it.
   */
  readonly publishAs?: string
}

/** What became of a question that was to be published. */
export interface Unanswered {
  /** Bounties that ask it: new ones, or those that asked nearly the same before. */
  readonly bounties: readonly string[]
  /** Why some Datanet has none. */
  readonly code?: string
}

export type AskEvent =
  | { readonly type: 'started'; readonly callId: string; readonly provider: string }
  | { readonly type: 'chunk'; readonly text: string; readonly costWei: bigint }
  /** `provider` failed with `code`; the next one is being asked. */
  | { readonly type: 'retrying'; readonly provider: string; readonly code: string }
  | {
      readonly type: 'done'
      readonly receipt: ReceiptSummary
      readonly citations: readonly Citation[]
      /** Of a question with `publishAs` that the model abstained from. */
      readonly unanswered?: Unanswered
    }

export interface Citation {
  /** The number in the answer text, from 1. */
  readonly mark: number
  readonly contribution: string
  readonly title: string
  readonly sourceUrl?: string
}
