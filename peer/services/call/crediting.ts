import { LIMITS } from '../../../protocol/base/limits.ts'
import {
  type Credit,
  coverageCredits,
  UNATTRIBUTED
} from '../../../protocol/receipt/attribution.ts'
import { encodeEvidence } from '../../../protocol/receipt/evidence.ts'
import type { Receipt } from '../../../protocol/receipt/receipt.ts'
import type { EngineOutcome } from '../../engines/engine.ts'
import type { Served } from '../model/offering.ts'
import type { Steps } from './steps.ts'

/** How long the model may take to say what its answer rests on, once the caller has left. */
export const ATTRIBUTION_MS = 250

/** Whose an answer is, and what that rests on. */
export interface Crediting {
  readonly credits: readonly Credit[]
  /** Canonical bytes; absent where nothing was measured. */
  readonly evidence?: Uint8Array
}

/** Nobody's, and nothing was measured: an abstention, or nothing that left. */
export const NOBODYS: Crediting = { credits: UNATTRIBUTED }

/**
 * The credits of what was delivered, whole or cut, by its own words. What was withdrawn while the
 * answer ran is nobody's.
 */
export function creditsOf(
  { served, text }: { readonly served: Served; readonly text: string },
  how: Receipt['outcome']
): Crediting {
  if (how === 'abstained' || text === '') return NOBODYS
  const { model } = served
  const evidence = model.attribute(text)
  const bytes = encodeEvidence(evidence)
  // What does not fit behind an answer cannot be checked by whoever pays for it.
  if (bytes.byteLength > LIMITS.evidenceBytes) return NOBODYS
  return { credits: coverageCredits(evidence, model.owners), evidence: bytes }
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
