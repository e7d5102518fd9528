import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import type { DatanetSummary, RevisionSummary } from '../../api/datanets-api.ts'
import { SAMPLE_LICENCE_URL, type SampleDraft } from '../sample.ts'
import { accountOf } from './account-of.ts'
import type { Scene } from './role.ts'

const CURATORS = ['curator one', 'curator two', 'curator three']
const TREASURY = 'treasury'
const SAMPLE_LICENCE: SampleDraft['licence'] = 'LicenseRef-CWE-Terms-of-Use'

/** The community host: it founds the Datanet, reviews what comes in and publishes revisions. */
export const hostRole = {
  /** Founds the Datanet, or shows the one founded before. */
  async found({
    peer,
    network,
    signal
  }: Scene): Promise<{ datanet: DatanetSummary; isNew: boolean }> {
    const founded = (await peer.api.datanets.list()).find((d) => d.intakeHost === peer.peerId)
    if (founded !== undefined) return { datanet: founded, isNew: false }
    const curators: string[] = []
    for (const label of CURATORS) curators.push(await accountOf(peer, label))
    const treasury = await accountOf(peer, TREASURY)
    const datanet = await peer.api.datanets.create(
      {
        name: 'Software weaknesses',
        purpose:
          'What goes wrong in software and hardware, how it is found and how it is prevented: ' +
          'entries of the Common Weakness Enumeration, each by the group that first submitted it.',
        topics: [network.topic],
        licences: [SAMPLE_LICENCE],
        consent:
          'I may give this text under the licence named on it, and I agree that it is published in ' +
          'revisions of this Datanet and used by models built on it. I can withdraw it; copies that ' +
          `others hold by then cannot be recalled. Terms of the sample texts: ${SAMPLE_LICENCE_URL}`,
        curators,
        threshold: 2,
        reviewApprovals: 1,
        changeDelayMs: 10_000,
        royalty: {
          royaltyPpm: 300_000,
          contributorsPpm: 700_000,
          builderPpm: 100_000,
          curatorsPpm: 100_000,
          treasuryPpm: 100_000
        },
        treasury
      },
      { signal }
    )
    return { datanet, isNew: true }
  },

  /** Reviews everything that waits: what is long enough to be of use is approved. */
  async review({ peer, progress }: Scene): Promise<{ approved: number; rejected: number }> {
    const datanet = await own(peer)
    const curators = (await peer.api.accounts.list()).filter((a) => CURATORS.includes(a.label))
    const seen = new Set<string>()
    let approved = 0
    for (;;) {
      // A host shows so many at once; those that were decided about make room for the next.
      const waiting = await peer.api.datanets.pending({ datanet: datanet.id })
      const fresh = waiting.filter(({ contribution }) => !seen.has(contribution))
      if (fresh.length === 0) return { approved, rejected: seen.size - approved }
      for (const { contribution, text } of fresh) {
        const isUseful = text.split(/\s+/).length >= 8
        const account = curators[seen.size % curators.length]?.address ?? peer.account
        seen.add(contribution)
        const { status } = await peer.api.datanets.review({
          datanet: datanet.id,
          contribution,
          verdict: isUseful ? 'approve' : 'reject',
          ...(isUseful ? {} : { reason: 'too short to answer anything' }),
          account
        })
        if (status === 'accepted') approved += 1
        if (seen.size % 50 === 0) {
          progress({ text: 'reviewing', done: seen.size, total: waiting.length })
        }
      }
    }
  },

  /** Publishes and anchors what is accepted; without anything new, the revision that stands. */
  async publish({ peer, progress, signal }: Scene): Promise<RevisionSummary> {
    const datanet = await own(peer)
    try {
      return await peer.api.datanets.publish(datanet.id, { signal, onProgress: progress })
    } catch (error) {
      if (!isDatanetError(error) || error.code !== 'NOTHING_TO_PUBLISH') throw error
      return peer.api.datanets.head(datanet.id)
    }
  },

  /** The accounts the community itself earns on. */
  async accounts({ peer }: Scene): Promise<Array<{ label: string; address: string }>> {
    const accounts = await peer.api.accounts.list()
    return accounts
      .filter(({ label }) => CURATORS.includes(label) || label === TREASURY)
      .map(({ label, address }) => ({ label, address }))
  },

  /** Claims what the community's accounts are owed. */
  async claim(scene: Scene): Promise<bigint> {
    return claimAll(scene, await hostRole.accounts(scene))
  }
}

/** Claims for every one of `accounts` that is owed something; returns the sum in wei. */
export async function claimAll(
  { peer, signal }: Scene,
  accounts: ReadonlyArray<{ address: string }>
): Promise<bigint> {
  const claims = accounts.map(async ({ address }) => {
    try {
      return (await peer.api.rewards.claim(address, { signal })).claimedWei
    } catch (error) {
      if (isDatanetError(error) && error.code === 'NOTHING_TO_CLAIM') return 0n
      throw error
    }
  })
  return (await Promise.all(claims)).reduce((sum, wei) => sum + wei, 0n)
}

async function own(peer: Scene['peer']): Promise<DatanetSummary> {
  const datanet = (await peer.api.datanets.list()).find((d) => d.intakeHost === peer.peerId)
  if (datanet === undefined) throw new DatanetError('DATANET_UNKNOWN', { hosted: false })
  return datanet
}
