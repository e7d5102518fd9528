import type { DatanetDraft } from '../../api/datanets-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { ownAccount } from './resolve.ts'

const CONSENT =
  'I may give this under the licence named on it, and I agree that it is published in revisions of ' +
  'this Datanet and used by models built on it. I can withdraw it; copies that others hold by then ' +
  'cannot be recalled.'
/** How the royalty is shared, in ppm: contributors first. */
const SHARES = {
  contributorsPpm: 700_000,
  builderPpm: 100_000,
  curatorsPpm: 100_000,
  treasuryPpm: 100_000
}
const ROYALTY_PPM = 300_000

/** What a founder says; the rest has a default. */
export interface Founding {
  readonly name: string
  readonly topics: readonly string[]
  readonly purpose?: string
  readonly licences?: readonly string[]
  readonly consent?: string
  /** Addresses; the account `curator` unless given: nobody reviews their own contributions. */
  readonly curators?: readonly string[]
  readonly threshold?: number
  readonly approvals?: number
  readonly royaltyPpm?: number
  /** An address; the account `treasury` unless given. */
  readonly treasury?: string
}

/** A Datanet to found, complete; accounts that it needs are made by `api`'s peer. */
export async function draftOf(api: PeerApi, founding: Founding): Promise<DatanetDraft> {
  const { name, topics, curators = [] } = founding
  return {
    name,
    purpose: founding.purpose ?? name,
    topics,
    licences: founding.licences ?? ['CC0-1.0'],
    consent: founding.consent ?? CONSENT,
    curators: curators.length > 0 ? curators : [await ownAccount(api, 'curator')],
    threshold: founding.threshold ?? 1,
    reviewApprovals: founding.approvals ?? 1,
    royalty: { royaltyPpm: founding.royaltyPpm ?? ROYALTY_PPM, ...SHARES },
    treasury: founding.treasury ?? (await ownAccount(api, 'treasury'))
  }
}
