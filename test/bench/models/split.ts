import { sha256 } from '../../../protocol/base/codec.ts'

/** Where an item belongs, by a hash of its id: in the Datanet or held out, in tuning or in the test. */
export function splitOf(
  datanet: string,
  id: string,
  heldOutPercent: number
): { readonly isHeldOut: boolean; readonly half: 'tune' | 'test' } {
  const [first = 0, second = 0] = sha256(Buffer.from(`${datanet}/${id}`))
  return { isHeldOut: first < heldOutPercent * 2.56, half: second % 2 === 0 ? 'tune' : 'test' }
}
