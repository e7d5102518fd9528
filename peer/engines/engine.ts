import type { AnswerForm } from '../../protocol/model/answer-form.ts'

/** One contribution as an engine reads it. */
export interface EnginePassage {
  /** CID text of the contribution. */
  readonly contribution: string
  /** The account that is credited, lowercase 0x. */
  readonly contributor: string
  readonly title: string
  readonly text: string
  readonly sourceUrl?: string
  /** Its number among all that the Datanet took in; where it is absent the place in a list counts. */
  readonly order?: number
  /** The contribution that its host took it for a near-duplicate of. */
  readonly cluster?: string
}

export interface EngineRequest {
  readonly messages: readonly {
    readonly role: 'system' | 'user' | 'assistant' | 'tool'
    readonly content: string
    /** Of a tool's result: the call it answers. */
    readonly toolCallId?: string | undefined
  }[]
  /** Tools it may call, and the form its answer must have; engines without refuse it (INPUT_INVALID). */
  readonly form?: AnswerForm
  /** Bound of the visible answer in tokens; an engine ends earlier rather than pass it. */
  readonly maxOutputTokens?: number
}

/** A piece of the visible answer; the pieces joined in order are the answer, to the byte. */
export interface EngineChunk {
  readonly text: string
}

/** What is known once the answer is complete. */
export interface EngineOutcome {
  readonly outcome: 'answered' | 'abstained'
  /** True when `maxOutputTokens` ended the answer. */
  readonly truncated: boolean
  /** In the order of the marks [1], [2]… in the answer; empty when it abstained. */
  readonly citations: readonly {
    readonly contribution: string
    readonly title: string
    /** The first sentence taken from it, as it stands there. */
    readonly quote: string
    readonly sourceUrl?: string
  }[]
}

/** What answers a call. Engines hold no money and no keys: they read passages and return text. */
export interface Engine {
  readonly kind: string
  /** What the model card says of it; `notes` are coded degradations such as EMBEDDINGS_MISSING. */
  describe(): {
    readonly kind: string
    readonly passages: number
    /** The pretrained model underneath, if there is one. */
    readonly base?: string
    readonly notes: readonly string[]
    /** Scores below this are answered with an abstention. */
    readonly abstainBelowPpm: number
    /** Counts measured when the model was built, under the names the model card gives them. */
    readonly evaluation?: Readonly<Record<string, number>>
  }
  /**
   * Streams the answer to the last user message and returns what it rests on. Refuses a request
   * without a user message (INPUT_INVALID); what breaks inside is ENGINE_FAILED, what takes too long
   * ENGINE_TIMEOUT; abort passes through, or ends the answer with what it rests on so far.
   */
  generate(
    request: EngineRequest,
    options: { readonly signal: AbortSignal }
  ): AsyncGenerator<EngineChunk, EngineOutcome>
}
