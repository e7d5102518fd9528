import { digestOf } from '../base/codec.ts'
import type { TypedStruct } from '../base/typed-data.ts'
import type { SignedManifest } from './manifest.ts'

/**
 * What the curators in force sign, in the registry's domain, to put the next manifest, its curators and
 * threshold in force. specs/04-datanet.md §Rotation
 */
export const ROTATION: TypedStruct = {
  name: 'Rotation',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'seq', type: 'uint64' },
    { name: 'prev', type: 'bytes32' },
    { name: 'manifest', type: 'bytes32' },
    { name: 'curators', type: 'address[]' },
    { name: 'threshold', type: 'uint8' }
  ]
}

/**
 * The value of Rotation that puts `next` in the place of `previous` on the chain, for the Datanet with
 * chain key `datanetKey`: with the curators and the threshold that `next` itself names.
 */
export function rotationTo(
  datanetKey: string,
  previous: Pick<SignedManifest, 'cid'>,
  next: Pick<SignedManifest, 'cid' | 'manifest'>
): Record<string, unknown> {
  return {
    datanet: datanetKey,
    seq: next.manifest.seq,
    prev: digestOf(previous.cid),
    manifest: digestOf(next.cid),
    curators: next.manifest.curators,
    threshold: next.manifest.threshold
  }
}
