import { isDatanetError } from '../../../protocol/base/errors.ts'
import { sampleContributions } from '../sample.ts'
import { claimAll } from './host.ts'
import type { Scene } from './role.ts'

/** What the group handed in: each contribution by the title it has in the sample. */
export interface Submitted {
  readonly datanet: string
  readonly contributors: Array<{ label: string; address: string; contributions: number }>
  /** Title → contribution, for telling whose text an answer came from. */
  readonly byTitle: Map<string, string>
  /** How many were handed in now; the rest the Datanet held already. */
  readonly added: number
}

const NOT_PEOPLE = 'own'

/** A group of contributors: one account for each real author of the sample. */
export const contributorsRole = {
  /** Finds the Datanet by topic and hands in the sample, each text signed by its author's account. */
  async contribute(
    { peer, network, progress, signal }: Scene,
    { seed, count }: { seed: number; count: number }
  ): Promise<Submitted> {
    const [datanet] = await peer.api.datanets.find(
      { topic: network.topic, waitMs: 15_000 },
      { signal }
    )
    const accounts = new Map(
      (await peer.api.accounts.list()).map(({ label, address }) => [label, address])
    )
    const byTitle = new Map<string, string>()
    const perAuthor = new Map<string, number>()
    let added = 0
    const drafts = sampleContributions({ seed, count })
    for (const [index, draft] of drafts.entries()) {
      const { author, title, text, language, licence, sourceUrl } = draft
      const account = accounts.get(author) ?? (await peer.api.accounts.create(author)).address
      accounts.set(author, account)
      perAuthor.set(author, (perAuthor.get(author) ?? 0) + 1)
      const id = datanet?.id ?? ''
      try {
        const { contribution } = await peer.api.datanets.contribute(
          {
            datanet: id,
            account,
            schema: 'text/1',
            content: { title, text },
            language,
            licence,
            author,
            sourceUrl
          },
          { signal }
        )
        byTitle.set(title, contribution)
        added += 1
      } catch (error) {
        if (!isDatanetError(error) || error.code !== 'CONTRIBUTION_DUPLICATE') throw error
        const said = error.details.said as { known?: string } | undefined
        byTitle.set(title, said?.known ?? '')
      }
      if (index % 20 === 19) {
        progress({ text: 'signing and submitting', done: index + 1, total: drafts.length })
      }
    }
    const contributors = [...perAuthor].map(([label, contributions]) => ({
      label,
      address: accounts.get(label) ?? '',
      contributions
    }))
    return { datanet: datanet?.id ?? '', contributors, byTitle, added }
  },

  /** Claims what each contributor is owed. */
  async claim(scene: Scene): Promise<bigint> {
    const accounts = await scene.peer.api.accounts.list()
    return claimAll(
      scene,
      accounts.filter(({ label }) => label !== NOT_PEOPLE)
    )
  }
}
