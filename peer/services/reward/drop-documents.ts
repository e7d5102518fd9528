import { cidOf, digestOf } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { decodeRecord } from '../../../protocol/base/schema.ts'
import { type Drop, dropSchema } from '../../../protocol/reward/drop.ts'
import { poolIdOf } from '../../../protocol/reward/veto.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { PoolKey } from '../../chain/pool.ts'
import type { DropStore } from '../../store/drops.ts'
import type { Parts } from '../parts.ts'

/** Finds the documents behind the digests that the chain holds, whoever shows them. */
export interface DropDocuments {
  /**
   * The bytes with this digest, whatever is in them: kept here, or shown by a peer that announces
   * `datanet`. Undefined when nobody has them.
   */
  find(
    where: { readonly key: PoolKey; readonly datanet: string; readonly digest: string },
    options?: CallOptions
  ): Promise<Uint8Array | undefined>
  /** Peers that show some drop of the pool, and then those that serve something on the Datanet. */
  showers(key: PoolKey, datanet: string, options?: CallOptions): Promise<readonly string[]>
}

/** Drop documents over the store and the network. specs/09-reward.md §Drop */
export function createDropDocuments(
  parts: Pick<Parts, 'publications' | 'documentStore'> & { readonly dropStore: DropStore }
): DropDocuments {
  const { publications, documentStore, dropStore } = parts

  const isDropOf =
    (key: PoolKey) =>
    ({ kind, id }: { readonly kind: string; readonly id: string }) =>
      kind === 'drop' && id === poolIdOf(key)

  async function* shown(
    datanet: string,
    isIt: (entry: { readonly kind: string; readonly id: string }) => boolean,
    options: CallOptions
  ) {
    try {
      yield* publications.discover('datanet', datanet, isIt, options)
    } catch (error) {
      // Without a DHT there is what is here.
      if (!isDatanetError(error) || error.code !== 'DISCOVERY_OFF') throw error
    }
  }

  return {
    async find({ key, datanet, digest }, options = {}) {
      const kept = dropStore.byDigest(digest)
      if (kept !== undefined) return kept
      const id = poolIdOf(key)
      const own = await documentStore.newest({ issuer: key.operator, kind: 'drop', id })
      if (own !== undefined && hexDigest(own) === digest) return own
      for await (const { peer, entry } of shown(datanet, isDropOf(key), options)) {
        try {
          const { issuer, kind } = entry
          const bytes = await publications.fetch(
            peer,
            { issuer, kind, id },
            async (value) => {
              if (hexDigest(value) !== digest) throw new DatanetError('CID_MISMATCH', { digest })
              return { seq: readDrop(value)?.createdAtMs ?? 0, value }
            },
            options
          )
          dropStore.see(digest, bytes)
          return bytes
        } catch (error) {
          if (!isDatanetError(error)) throw error
        }
      }
      return undefined
    },

    async showers(key, datanet, options = {}) {
      const [showers, others] = [new Set<string>(), new Set<string>()]
      const isIt = isDropOf(key)
      const mayKnow = (entry: { readonly kind: string; readonly id: string }) =>
        isIt(entry) || entry.kind === 'offer'
      for await (const { peer, entry } of shown(datanet, mayKnow, options)) {
        ;(isIt(entry) ? showers : others).add(peer)
      }
      return [...new Set([...showers, ...others])]
    }
  }
}

/** A drop as it stands in `bytes`, its sums and its order not looked at; undefined for what is none. */
export function readDrop(bytes: Uint8Array): Drop | undefined {
  try {
    return decodeRecord(dropSchema, bytes, LIMITS.dropBytes)
  } catch (error) {
    if (isDatanetError(error)) return undefined
    throw error
  }
}

/** The digest by which the chain names a document. */
export function hexDigest(bytes: Uint8Array): string {
  return `0x${Buffer.from(digestOf(cidOf(bytes))).toString('hex')}`
}
