import type { ModelCard } from '../../../protocol/model/card.ts'
import { createLane, LANE, type Lane, type LaneLimits } from './lane.ts'

/** The lanes of one peer: models that share an engine share its places. */
export interface Lanes {
  /** The lane of a card's model; embedded models share one, a language model has its own. */
  of(card: Pick<ModelCard, 'engine' | 'base'>): Lane
}

/** Lanes, made as they are needed; `limitsOf` says what differs from the standard. */
export function createLanes(
  init: {
    readonly limitsOf: (card: Pick<ModelCard, 'engine' | 'base'>) => Partial<LaneLimits>
    readonly onBehind: (lane: Lane, isBehind: boolean) => void
  },
  { now }: { readonly now: () => number }
): Lanes {
  const lanes = new Map<string, Lane>()
  return {
    of(card) {
      const key = card.engine === 'retrieval' ? card.engine : `${card.engine} ${card.base}`
      const known = lanes.get(key)
      if (known !== undefined) return known
      const limits = { ...LANE, ...init.limitsOf(card) }
      const lane: Lane = createLane(limits, {
        now,
        onBehind: (isBehind) => init.onBehind(lane, isBehind)
      })
      lanes.set(key, lane)
      return lane
    }
  }
}
