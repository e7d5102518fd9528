import { beforeAll, expect, test } from 'vitest'
import type { KnownDatanet } from '../../../../peer/services/datanet/known-datanets.ts'
import { createRevisionManifest } from '../../../../peer/services/revision/revision-manifest.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { type SignedManifest, signManifest } from '../../../../protocol/datanet/manifest.ts'
import {
  encodeRevision,
  type Revision,
  revisionCid
} from '../../../../protocol/datanet/revision.ts'
import { refusal } from '../../../protocol/base/refusal.ts'
import { CURATORS, manifest, person, someCid } from '../../../protocol/datanet/people.ts'

let founding: SignedManifest
let later: SignedManifest

beforeAll(async () => {
  founding = await signManifest(manifest(), CURATORS)
  const next = { seq: 1, prev: founding.cid, treasury: person(8).address }
  later = await signManifest(manifest(next), CURATORS)
})

function revision(under: SignedManifest['cid']): Revision {
  return {
    ...{ version: 1, datanet: founding.cid, manifest: under, ordinal: 1, rows: 1, createdAtMs: 1 },
    ...{ content: someCid(1), contributionsRoot: new Uint8Array(32) }
  }
}

/** A peer that keeps these revisions; `shown` is what each other peer gives for any CID. */
function under(kept: readonly Revision[], shown: Record<string, Uint8Array> = {}) {
  const asked: string[] = []
  const manifestOf = createRevisionManifest({
    peerId: 'own',
    datanetStore: {
      revision: (_: string, cid: string) => {
        const found = kept.find((one) => revisionCid(one).toString() === cid)
        return found && { bytes: encodeRevision(found) }
      }
    },
    pool: {
      async request(peer: string) {
        asked.push(peer)
        const bytes = shown[peer]
        if (bytes === undefined) throw new DatanetError('PEER_UNREACHABLE', { peer })
        return { bytes }
      }
    }
  } as never)
  return { asked, manifestOf }
}

const known = (...history: SignedManifest[]) =>
  ({
    id: founding.cid,
    ...{ founding, history, signed: history.at(-1) }
  }) as unknown as KnownDatanet

test('royalties go by the manifest that a revision was made under, also after a change', async () => {
  const [old, fresh] = [revision(founding.cid), revision(later.cid)]
  const { manifestOf } = under([old, fresh])
  const both = known(founding, later)
  expect((await manifestOf(both, revisionCid(old))).manifest.treasury).toBe(person(9).address)
  expect((await manifestOf(both, revisionCid(fresh))).manifest.treasury).toBe(person(8).address)
})

test('a revision that is not kept is asked by its CID, of whoever gives the right bytes', async () => {
  const old = revision(founding.cid)
  const shown = { liar: encodeRevision(revision(later.cid)), honest: encodeRevision(old) }
  const { asked, manifestOf } = under([], shown)
  const found = await manifestOf(known(founding, later), revisionCid(old), [
    'own',
    'liar',
    'honest'
  ])
  expect(found.manifest.treasury).toBe(person(9).address)
  expect(asked).toEqual(['liar', 'honest'])
  const nowhere = () => manifestOf(known(founding, later), someCid(7), ['liar'])
  expect(await refusal(nowhere)).toBe('ANCHOR_MISSING')
})

test('a manifest that was never in force shares nothing out', async () => {
  const old = revision(someCid(9))
  const { manifestOf } = under([old])
  const asked = () => manifestOf(known(founding, later), revisionCid(old))
  expect(await refusal(asked)).toBe('MANIFEST_BEHIND')
})

test('under the only manifest there is, nobody is asked', async () => {
  const { asked, manifestOf } = under([])
  expect((await manifestOf(known(founding), someCid(3), ['liar'])).manifest).toEqual(
    founding.manifest
  )
  expect(asked).toEqual([])
})
