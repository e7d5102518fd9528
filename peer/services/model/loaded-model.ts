import type { Evidence } from '../../../protocol/receipt/attribution.ts'
import type { AttributionGround } from '../../engines/attribution/ground.ts'
import type { Engine, EnginePassage } from '../../engines/engine.ts'

/** A model in memory, ready to answer. */
export interface LoadedModel {
  readonly engine: Engine
  /** The account of each contribution it may credit: after the hand-overs of its revision. */
  readonly owners: ReadonlyMap<string, string>
  /** Whose an answer is, among the contributions that were not dropped. specs/08-receipt.md §Evidence */
  attribute(answer: string): Evidence
  /** Answers and credits without the contribution from now on. */
  drop(contribution: string): void
}

/** What a model is made of. */
export interface ModelParts {
  readonly engine: Engine
  readonly ground: Pick<AttributionGround, 'attribute'>
}

/**
 * A model over `passages`, whose engine `make` makes. What is dropped is out of memory at once; the
 * engine over what is left is made when the next question comes, once for all that were dropped.
 */
export function createLoadedModel(
  passages: readonly EnginePassage[],
  ownerOf: (account: string) => string,
  make: (passages: readonly EnginePassage[]) => ModelParts
): LoadedModel {
  const left = new Map(passages.map((passage) => [passage.contribution, passage]))
  const owners = new Map(passages.map((p) => [p.contribution, ownerOf(p.contributor)]))
  let made: ModelParts | undefined = make(passages)
  const { kind } = made.engine
  const current = () => {
    made ??= make([...left.values()])
    return made
  }
  return {
    owners,
    attribute: (answer) => current().ground.attribute(answer),
    engine: {
      kind,
      describe: () => current().engine.describe(),
      generate: (request, options) => current().engine.generate(request, options)
    },
    drop(contribution) {
      owners.delete(contribution)
      if (left.delete(contribution)) made = undefined
    }
  }
}
