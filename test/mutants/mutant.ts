/** One defence taken out of the code, and the tests that must notice. */
export interface Mutant {
  /** Short, unique: `escrow-signature`. */
  readonly name: string
  readonly file: string
  /** Stands exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** Test files that must fail, and a part of the names of the tests to run there; all without it. */
  readonly tests: readonly string[]
  readonly only?: string
}
