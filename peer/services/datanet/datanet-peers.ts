import { isDatanetError } from '../../../protocol/base/errors.ts'
import type { CatalogueEntry } from '../../../protocol/net/documents.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Parts } from '../parts.ts'
import type { KnownDatanet } from './known-datanets.ts'

/** Peers that are asked beside those that manifests name. */
const ASKED = 8

/** Who can be asked about a Datanet. */
export interface DatanetPeers {
  /**
   * Other peers, each once: the intake host, the hosts that the manifest in force or an announced one
   * names, and, with `match`, up to eight that announce the Datanet and list an entry of it that
   * matches. Ends early where nothing can be found, and never refuses for that.
   */
  of(
    datanet: KnownDatanet,
    match?: (entry: CatalogueEntry) => boolean,
    options?: CallOptions
  ): AsyncGenerator<string, void, undefined>
}

/** The peers of Datanets by their manifests and the directory. specs/05-network.md §Finding a model */
export function createDatanetPeers(parts: Pick<Parts, 'publications' | 'peerId'>): DatanetPeers {
  const { publications, peerId } = parts
  return {
    async *of({ id, signed, next }, match, options = {}) {
      const named = [signed.manifest, ...(next === undefined ? [] : [next.manifest])]
      const asked = new Set(named.flatMap(({ intakeHost, hosts }) => [intakeHost, ...hosts]))
      asked.delete(peerId)
      yield* [...asked]
      if (match === undefined) return
      const issuer = id.toString()
      const isOfIt = (entry: CatalogueEntry) => entry.issuer === issuer && match(entry)
      let more = 0
      try {
        for await (const { peer } of publications.discover('datanet', issuer, isOfIt, options)) {
          if (peer === peerId || asked.has(peer)) continue
          asked.add(peer)
          yield peer
          more += 1
          if (more >= ASKED) return
        }
      } catch (error) {
        if (!isDatanetError(error)) throw error
      }
    }
  }
}
