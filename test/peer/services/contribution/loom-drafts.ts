import type {
  ContributionDraft,
  DatanetDraft,
  DatanetSummary
} from '../../../../peer/api/datanets-api.ts'
import type { Peer } from '../../../../peer/peer.ts'
import { LICENCE, ROYALTY } from '../../../fixtures/world.ts'

/** Founds a Datanet about looms at `host`, whose only curator is `curator`. */
export function foundLooms(
  host: Peer,
  { curator, topic }: { readonly curator: string; readonly topic: string },
  change: Partial<DatanetDraft> = {}
): Promise<DatanetSummary> {
  return host.api.datanets.create({
    ...{ name: 'Looms', purpose: 'What weavers know.', topics: [topic] },
    ...{ licences: [LICENCE], consent: 'I give this away.', curators: [curator], threshold: 1 },
    ...{ reviewApprovals: 1, royalty: ROYALTY, treasury: curator },
    ...change
  })
}

/** A text that is four sentences long. */
export const WEIGHT =
  'A loom weight of clay keeps the warp taut. It hangs from a bundle of threads. Potters made ' +
  'them by the dozen and fired them in the kitchen hearth. Where a loom once stood they still lie ' +
  'in two rows on the floor.'

let texts = 0

/** A contribution that no other is like, but for what is changed. */
export function loomDraft(
  datanet: string,
  account: string,
  change: Partial<ContributionDraft> = {}
): ContributionDraft {
  const content = { title: 'Shuttles', text: `Shuttle number ${++texts} is of ${texts * 7} woods.` }
  return {
    ...{ datanet, account, schema: 'text/1', content, language: 'en' },
    ...{ licence: LICENCE, ...change }
  }
}
