import { resolve } from 'node:path'
import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { ModelSummary } from '../../api/models-api.ts'
import type { PeerApi, ProgressOptions } from '../../api/peer-api.ts'
import { ownAccount } from './resolve.ts'

/** Builds a model on the newest revision of `datanet` kept here; what is left out has a default. */
export async function buildModel(
  api: PeerApi,
  datanet: DatanetSummary,
  named: {
    readonly name?: string
    readonly description?: string
    readonly account?: string
    readonly upstream?: string
    readonly adapter?: string
  },
  options: ProgressOptions
): Promise<ModelSummary> {
  const recipe = {
    datanet: datanet.id,
    name: named.name ?? `${slug(datanet.name)}-answers`,
    description: named.description ?? `Answers questions from “${datanet.name}”.`,
    account: named.account ?? (await ownAccount(api, 'builder')),
    ...(named.upstream === undefined ? {} : { upstream: named.upstream }),
    ...(named.adapter === undefined ? {} : { adapter: resolve(named.adapter) })
  }
  return api.models.build(recipe, options)
}

function slug(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'model'
  )
}
