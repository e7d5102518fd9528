import type { PendingContribution } from '../../api/datanets-api.ts'
import type { CallOptions, PeerApi } from '../../api/peer-api.ts'

/** What waits for a curator, in the order in which it came: the host shows it in pages. */
export async function* desk(
  api: PeerApi,
  datanet: string,
  options: CallOptions = {}
): AsyncGenerator<PendingContribution, void, undefined> {
  for (let after = 0; ; ) {
    const page = await api.datanets.pending({ datanet, after }, options)
    yield* page
    const last = page.at(-1)
    if (last === undefined) return
    after = last.order
  }
}
