import {
  type Credit,
  coverageCredits,
  UNATTRIBUTED
} from '../../../protocol/receipt/attribution.ts'
import type { EngineOutcome } from '../../engines/engine.ts'
import type { Served } from '../model/offering.ts'
import type { Steps } from './steps.ts'

/** How long the model may take to say what its answer rests on, once the caller has left. */
export const ATTRIBUTION_MS = 250

/** The credits of what was delivered: of a cut answer, the sentences that left. */
export function creditsOf(
  { served, text }: { readonly served: Served; readonly text: string },
  outcome: EngineOutcome | undefined,
  sentences: number
): readonly Credit[] {
  if (outcome === undefined || text === '') return UNATTRIBUTED
  const { owners } = served.model
  // What was withdrawn while the answer ran is nobody's.
  const evidence = outcome.evidenceOf?.(text) ?? {
    ...outcome.evidence,
    sentences: outcome.evidence.sentences.slice(0, Math.max(1, sentences))
  }
  const spoken = evidence.sentences.map((sentence) => ({
    ...sentence,
    supports: sentence.supports.filter(({ contribution }) => owners.has(contribution))
  }))
  return coverageCredits({ ...evidence, sentences: spoken }, owners)
}

/** Lets the model finish silently, to know what its answer rests on; not for long. */
export async function rest(
  steps: Steps,
  engine: AbortController
): Promise<EngineOutcome | undefined> {
  const timer = setTimeout(() => engine.abort(), ATTRIBUTION_MS)
  try {
    for (;;) {
      const step = await steps.next()
      if (step.done === true) return step.value
    }
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
    engine.abort()
  }
}
