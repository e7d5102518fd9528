import type { PendingContribution } from '../../api/datanets-api.ts'
import type { CallOptions, PeerApi } from '../../api/peer-api.ts'

/**
 * What waits for a curator, each once: the host shows it in pages, and what was decided about leaves
 * room for the next.
 */
export async function* desk(
  api: PeerApi,
  datanet: string,
  options: CallOptions = {}
): AsyncGenerator<PendingContribution, void, undefined> {
  const seen = new Set<string>()
  for (;;) {
    const page = await api.datanets.pending(datanet, options)
    const fresh = page.filter(({ contribution }) => !seen.has(contribution))
    if (fresh.length === 0) return
    for (const one of fresh) {
      seen.add(one.contribution)
      yield one
    }
  }
}
