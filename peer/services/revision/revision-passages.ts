import { passageOf } from '../../../protocol/datanet/passage.ts'
import type { EnginePassage } from '../../engines/engine.ts'
import type { VerifiedRevision } from './revision-reading.ts'

/** What engines read of a revision: its contributions that have words, in row order. */
export function passagesOf({ contributions }: Pick<VerifiedRevision, 'contributions'>) {
  return contributions.flatMap(({ cid, contribution, order, cluster }): EnginePassage[] => {
    const { contributor, sourceUrl } = contribution
    const passage = passageOf(contribution)
    if (passage.text === '') return []
    const source = sourceUrl === undefined ? {} : { sourceUrl }
    const first = cluster === undefined ? {} : { cluster }
    return [{ contribution: cid.toString(), contributor, ...passage, ...source, order, ...first }]
  })
}
