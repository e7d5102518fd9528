import { DatanetError } from '../../../protocol/base/errors.ts'
import { priceWei } from '../../../protocol/model/price.ts'
import type { EngineChunk, EngineOutcome, EngineRequest } from '../../engines/engine.ts'
import type { LiveCall } from './live-call.ts'

/** How long an answer may take, unless its model is served otherwise; below the two minutes of a withdrawal. */
const ANSWER_MS = 110_000

/** An answer with a place at its engine. */
export interface Placed {
  readonly generation: AsyncGenerator<EngineChunk, EngineOutcome>
  /** Gives the place back; also where nobody reads the rest. */
  leave(): void
}

/**
 * The answer to `asked`, begun once there is a place for it and ended with ENGINE_TIMEOUT when its model's
 * time is over. Refuses as Lane.enter does. specs/06-model.md §Serving
 */
export function placed(
  { served, signed, inputTokens }: LiveCall,
  asked: EngineRequest & { readonly maxOutputTokens: number },
  { engine, left }: { readonly engine: AbortController; readonly left: readonly AbortSignal[] }
): Placed {
  const { lane, model, terms } = served
  let give: (() => void) | undefined
  let timer: NodeJS.Timeout | undefined
  let isOver = false

  function leave(): void {
    isOver = true
    clearTimeout(timer)
    give?.()
  }

  async function* answer(): AsyncGenerator<EngineChunk, EngineOutcome> {
    const most = { inputTokens, outputTokens: asked.maxOutputTokens }
    const { signal } = engine
    // Who leaves while it waits need not be waited for; later there is something to account for.
    const waiting = AbortSignal.any([signal, ...left])
    give = await lane.enter({ priceWei: priceWei(signed.offer.price, most), signal: waiting })
    // Who asked may have left in the moment that the place came.
    if (isOver) give()
    signal.throwIfAborted()
    const timeoutMs = terms.timeoutMs ?? ANSWER_MS
    timer = setTimeout(() => engine.abort(new DatanetError('ENGINE_TIMEOUT')), timeoutMs)
    try {
      return yield* model.engine.generate(asked, { signal })
    } finally {
      leave()
    }
  }

  return { generation: answer(), leave }
}
