import type { CID } from 'multiformats/cid'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import {
  datanetKey,
  type SignedManifest,
  verifyManifest
} from '../../../protocol/datanet/manifest.ts'
import type { Parts } from '../parts.ts'

/** A Datanet as this peer knows it, every manifest verified under the one before. */
export interface KnownDatanet {
  readonly id: CID
  /** Its key on chain, which the founding manifest gives for ever. */
  readonly key: string
  readonly founding: SignedManifest
  /** The manifest in force. */
  readonly signed: SignedManifest
  /** All that were in force, the founding one first, the one in force last. */
  readonly history: readonly SignedManifest[]
  /** The next one, once it is approved: announced, and not in force yet. */
  readonly next?: AnnouncedManifest
  /** Whether this peer keeps the key of a curator in force. */
  readonly decides: boolean
  /** Whether this peer takes in for it: it is the intake host in force, and agreed to be. */
  readonly hosted: boolean
}

/** An approved manifest, and whether the chain has put it in the place of the one before. */
export interface AnnouncedManifest extends SignedManifest {
  readonly isRotated: boolean
}

/** The Datanets that this peer founded or met, across restarts. */
export interface KnownDatanets {
  /** Refuses ids never met (DATANET_UNKNOWN). */
  known(id: string): KnownDatanet
  all(): readonly KnownDatanet[]
  has(id: string): boolean
  /** Keeps a Datanet by its founding manifest; `agrees` when this peer is willing to take in for it. */
  meet(founding: SignedManifest, agrees: boolean): KnownDatanet
  /** Keeps the next manifest, approved; once it is rotated and its time has come it is in force. */
  keep(id: string, next: SignedManifest, isRotated: boolean): KnownDatanet
}

/** What is kept in the Datanet and governance stores, with what time has put in force. */
export function createKnownDatanets(
  parts: Pick<Parts, 'datanetStore' | 'governanceStore' | 'wallet' | 'peerId' | 'now' | 'log'>
): KnownDatanets {
  const { datanetStore, governanceStore, wallet, peerId, now, log } = parts
  const met = new Map<string, { founding: SignedManifest; key: string; agrees: boolean }>()
  const later = new Map<string, AnnouncedManifest[]>()
  for (const { datanet, bytes, hosted } of datanetStore.manifests()) {
    try {
      const founding = verifyManifest(bytes)
      met.set(datanet, { founding, key: datanetKey(founding), agrees: hosted })
    } catch (error) {
      if (!isDatanetError(error)) throw error
      // Of an earlier version: the rest of the peer must not be lost with it.
      log('datanet', { datanet, error: error.code, hint: 'its manifest is of another version' })
    }
  }

  /** The manifests after the founding one that are kept, as far as each follows the one before. */
  function laterOf(id: string, founding: SignedManifest): AnnouncedManifest[] {
    const kept = later.get(id)
    if (kept !== undefined) return kept
    const found: AnnouncedManifest[] = []
    for (const { bytes, isRotated } of governanceStore.manifests(id)) {
      try {
        found.push({ ...verifyManifest(bytes, found.at(-1) ?? founding), isRotated })
      } catch (error) {
        if (!isDatanetError(error)) throw error
        log('datanet', {
          datanet: id,
          error: error.code,
          hint: 'a later manifest is fetched again'
        })
        break
      }
    }
    later.set(id, found)
    return found
  }

  function known(id: string): KnownDatanet {
    const one = met.get(id)
    if (one === undefined) throw new DatanetError('DATANET_UNKNOWN', { id })
    const { founding, key, agrees } = one
    const all = laterOf(id, founding)
    const isInForce = (m: AnnouncedManifest) => m.isRotated && m.manifest.effectiveAtMs <= now()
    const upTo = all.findIndex((m) => !isInForce(m))
    const history = [founding, ...(upTo < 0 ? all : all.slice(0, upTo))]
    const signed = history.at(-1) as SignedManifest
    const next = upTo < 0 ? undefined : all[upTo]
    const { manifest } = signed
    const decides = manifest.curators.some((one) => wallet.find(one) !== undefined)
    return {
      ...{ id: founding.cid, key, founding, signed, history },
      ...(next === undefined ? {} : { next }),
      // A stranger may write any peer into a manifest: it takes the word of who runs it.
      hosted: manifest.intakeHost === peerId && (agrees || decides),
      decides
    }
  }

  return {
    known,
    has: (id) => met.has(id),
    all: () => [...met.keys()].map(known),
    meet(founding, agrees) {
      const id = founding.cid.toString()
      datanetStore.putManifest(id, founding.bytes, agrees)
      const key = datanetKey(founding)
      met.set(id, { founding, key, agrees: agrees || (met.get(id)?.agrees ?? false) })
      return known(id)
    },
    keep(id, next, isRotated) {
      const { founding } = known(id)
      const all = laterOf(id, founding)
      const { cid, bytes } = next
      const { seq } = next.manifest
      const before = all[seq - 1]
      const stays = before?.isRotated === true && before.cid.equals(cid)
      governanceStore.putManifest({ ...{ datanet: id, seq, bytes }, cid: `${cid}`, isRotated })
      later.set(id, [...all.slice(0, seq - 1), { ...next, isRotated: isRotated || stays }])
      return known(id)
    }
  }
}
