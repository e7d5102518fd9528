import type { RevisionSummary } from '../../../peer/api/datanets-api.ts'
import type { Peer } from '../../../peer/peer.ts'

const AT_ONCE = 128
const ROYALTY = {
  ...{ royaltyPpm: 300_000, contributorsPpm: 700_000, builderPpm: 100_000 },
  ...{ curatorsPpm: 100_000, treasuryPpm: 100_000 }
}

/** The host, which is the only curator: every text needs one approval by its manifest. */
export function createCurator(peer: Peer, progress: (done: number, total: number) => void) {
  const { api } = peer
  let datanet = ''
  return {
    async found({ topic, each }: { topic: string; each: number }): Promise<string> {
      const own = peer.account
      const summary = await api.datanets.create({
        ...{ name: 'Glosses', purpose: 'What words mean.', topics: [topic] },
        ...{ licences: ['CC0-1.0'], consent: 'I give this away.', curators: [own], threshold: 1 },
        ...{ reviewApprovals: 1, royalty: ROYALTY, treasury: own },
        intake: { pendingPerAccount: each, perDayPerAccount: each }
      })
      datanet = summary.id
      return datanet
    },

    /** Looks at all that waits, page by page, and approves each by a signed review. */
    async approveAll({ count }: { count: number }): Promise<number> {
      let accepted = 0
      for (;;) {
        const page = await api.datanets.pending({ datanet })
        if (page.length === 0) return accepted
        const waiting = page.values()
        const work = async () => {
          for (const { contribution } of waiting) {
            const verdict = { verdict: 'approve' as const, account: peer.account }
            const { status } = await api.datanets.review({ datanet, contribution, ...verdict })
            if (status === 'accepted') accepted += 1
          }
        }
        await Promise.all(Array.from({ length: AT_ONCE }, work))
        progress(accepted, count)
      }
    },

    publish: (): Promise<RevisionSummary> =>
      api.datanets.publish(datanet, { onProgress: ({ done, total }) => progress(done, total) }),

    /** Reads the newest revision here again: every row, signature and place. */
    async verify(): Promise<number> {
      let rows = 0
      let from = 0
      for (;;) {
        const page = await api.datanets.rows({ datanet, from })
        rows += page.rows.length
        progress(rows, page.of)
        if (page.next === undefined) return rows
        from = page.next
      }
    }
  }
}
