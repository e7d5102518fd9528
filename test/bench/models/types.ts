/** A passage of a benchmark Datanet: a contribution before anyone signed it. */
export interface BenchPassage {
  readonly id: string
  readonly title: string
  readonly text: string
}

/** A question with what answers it. */
export interface BenchQuestion {
  readonly datanet: string
  /** Tuning sees one half; the other is frozen by hash and only measured. */
  readonly half: 'tune' | 'test'
  /** How it was made; `hand` was written by a person. */
  readonly kind: string
  /** What the person said, earlier turns first; the last is the question. */
  readonly turns: readonly string[]
  /** Ids of the passages that answer it; none when the Datanet does not know. */
  readonly gold: readonly string[]
  /** Words that a good answer holds, as they stand in the passage. */
  readonly span?: string
  /** The sentence of the passage that holds them. */
  readonly sentence?: string
}

/** A Datanet with its questions. */
export interface BenchSet {
  readonly name: string
  readonly passages: readonly BenchPassage[]
  readonly questions: readonly BenchQuestion[]
}
