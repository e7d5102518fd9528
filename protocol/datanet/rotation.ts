import type { TypedStruct } from '../base/typed-data.ts'

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
