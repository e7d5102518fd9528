import type { DatanetSummary } from '../peer/api/datanets-api.ts'
import type { ModelListing } from '../peer/api/models-api.ts'
import type { CallOptions, PeerApi } from '../peer/api/peer-api.ts'
import { toProblem } from '../peer/api/problem.ts'

/**
 * The models that the peer knows; when it knows none, those it finds under `topics` and the topics of
 * the Datanets it knows. Empty when there are none.
 */
export async function knownModels(
  api: PeerApi,
  topics: readonly string[],
  options: CallOptions = {}
): Promise<readonly ModelListing[]> {
  const known = await api.models.list(options)
  if (known.length > 0) return known
  const own = (await api.datanets.list(options)).flatMap((datanet) => datanet.topics)
  for (const topic of new Set([...topics, ...own])) {
    await quietly(() => api.models.search(topic, options))
  }
  return api.models.list(options)
}

/** The Datanets that the peer knows; when it knows none, those it finds under `topics`. */
export async function knownDatanets(
  api: PeerApi,
  topics: readonly string[],
  options: CallOptions = {}
): Promise<readonly DatanetSummary[]> {
  const known = await api.datanets.list(options)
  if (known.length > 0) return known
  for (const topic of topics) await quietly(() => api.datanets.find(topic, options))
  return api.datanets.list(options)
}

/** Nobody announcing a topic is an answer as well. */
async function quietly(search: () => Promise<unknown>): Promise<void> {
  try {
    await search()
  } catch (error) {
    if (toProblem(error).body.code !== 'DISCOVERY_EMPTY') throw error
  }
}
