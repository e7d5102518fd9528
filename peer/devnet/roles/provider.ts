import { LIMITS } from '../../../protocol/base/limits.ts'
import type { FetchedRevision } from '../../api/datanets-api.ts'
import type { ModelSummary, OfferSummary } from '../../api/models-api.ts'
import type { ClaimSummary, DropSummary } from '../../api/money-api.ts'
import { accountOf } from './account-of.ts'
import { claimAll } from './host.ts'
import type { Scene } from './role.ts'

const BUILDER = 'builder'
/** 0.01 of the devnet's token a call and 0.0001 a token of the answer. */
const CALL_WEI = 10_000_000_000_000_000n
const OUTPUT_TOKEN_WEI = 100_000_000_000_000n

/** A model provider: it builds a model on what it finds under the topic, and serves it. */
export const providerRole = {
  /** Finds the Datanet by topic and fetches its newest revision, checked to the last row. */
  async fetch({ peer, network, progress, signal }: Scene): Promise<FetchedRevision> {
    const [datanet] = await peer.api.datanets.find(
      { topic: network.topic, waitMs: 15_000 },
      { signal }
    )
    return peer.api.datanets.fetch(datanet?.id ?? '', { signal, onProgress: progress })
  },

  /** Builds the model on the newest revision fetched, unless it has one not yet old, and offers it. */
  async serve({
    peer,
    network,
    progress,
    signal
  }: Scene): Promise<{ model: ModelSummary; offer: OfferSummary; isNew: boolean }> {
    const [datanet] = await peer.api.datanets.find(
      { topic: network.topic, waitMs: 15_000 },
      { signal }
    )
    const account = await accountOf(peer, BUILDER)
    const { revision } = await peer.api.datanets.head(datanet?.id ?? '')
    const built = await peer.api.models.built()
    const standing = built.findLast(
      ({ revisions, publishedAtMs }) =>
        revisions.includes(revision) && publishedAtMs + LIMITS.cardLifeMs / 2 > Date.now()
    )
    const model =
      standing ??
      (await peer.api.models.build(
        {
          datanet: datanet?.id ?? '',
          name: 'weakness-answers',
          description: `Answers questions from the Datanet “${datanet?.name}” in its contributors’ own sentences.`,
          account
        },
        { signal, onProgress: progress }
      ))
    const offer = await peer.api.models.serve({
      model: model.model,
      account,
      callWei: CALL_WEI,
      inputTokenWei: 0n,
      outputTokenWei: OUTPUT_TOKEN_WEI
    })
    return { model, offer, isNew: standing === undefined }
  },

  /** Claims every voucher on chain and posts who is owed what of the royalties. */
  async settle({
    peer,
    progress,
    signal
  }: Scene): Promise<{ claim: ClaimSummary; drops: readonly DropSummary[] }> {
    const claim = await peer.api.channels.claim({ signal, onProgress: progress })
    const drops = await peer.api.rewards.post({ signal, onProgress: progress })
    return { claim, drops }
  },

  /** The accounts the provider earns royalties on. */
  async accounts({ peer }: Scene): Promise<Array<{ label: string; address: string }>> {
    const accounts = await peer.api.accounts.list()
    return accounts
      .filter(({ label }) => label === BUILDER)
      .map(({ label, address }) => ({ label, address }))
  },

  /** Claims the builder's own share. */
  async claim(scene: Scene): Promise<bigint> {
    return claimAll(scene, await providerRole.accounts(scene))
  }
}
