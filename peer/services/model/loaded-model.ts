import type { Engine, EnginePassage } from '../../engines/engine.ts'

/** A model in memory, ready to answer. */
export interface LoadedModel {
  readonly engine: Engine
  /** The account of each contribution it may credit: after the hand-overs of its revision. */
  readonly owners: ReadonlyMap<string, string>
  /** Answers and credits without the contribution from now on. */
  drop(contribution: string): void
}

/**
 * A model over `passages`, whose engine `make` makes. What is dropped is out of memory at once; the
 * engine over what is left is made when the next question comes, once for all that were dropped.
 */
export function createLoadedModel(
  passages: readonly EnginePassage[],
  ownerOf: (account: string) => string,
  make: (passages: readonly EnginePassage[]) => Engine
): LoadedModel {
  const left = new Map(passages.map((passage) => [passage.contribution, passage]))
  const owners = new Map(passages.map((p) => [p.contribution, ownerOf(p.contributor)]))
  let engine: Engine | undefined = make(passages)
  const { kind } = engine
  const current = () => {
    engine ??= make([...left.values()])
    return engine
  }
  return {
    owners,
    engine: {
      kind,
      describe: () => current().describe(),
      generate: (request, options) => current().generate(request, options)
    },
    drop(contribution) {
      owners.delete(contribution)
      if (left.delete(contribution)) engine = undefined
    }
  }
}
