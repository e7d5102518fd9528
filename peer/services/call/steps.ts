import type { EngineChunk, EngineOutcome } from '../../engines/engine.ts'

type Step = IteratorResult<EngineChunk, EngineOutcome>

/** An engine's answer, of which the next step is always under way: it works while a chunk is paid for. */
export interface Steps {
  /** The next step; the outcome again once it is reached. Rejects as the engine does. */
  next(): Promise<Step>
  /** What comes next, as far as it is known at this moment. */
  readonly following: Step | undefined
}

/** The steps of `generation`, one ahead of whoever takes them and never more. */
export function createSteps(generation: AsyncGenerator<EngineChunk, EngineOutcome>): Steps {
  let pending = start()

  function start() {
    const step: { promise: Promise<Step>; result?: Step } = { promise: generation.next() }
    step.promise.then(
      (result) => {
        step.result = result
      },
      // Whoever takes this step is told.
      () => {}
    )
    return step
  }

  return {
    async next() {
      const step = await pending.promise
      if (step.done !== true) pending = start()
      return step
    },
    get following() {
      return pending.result
    }
  }
}
