// Chapter 04: a contribution in a revision, shown by the digest on chain and nothing else.
import { getBytes, keccak256 } from 'ethers'
import { digestOf, hex, refuse, sha2 } from './codec.mjs'
import { bytes, cid, count, is, list, record } from './fields.mjs'
import { revision } from './records.mjs'

export const inclusion = record({
  version: is(1),
  revision: bytes(),
  contribution: cid,
  row: count,
  siblings: list(bytes(32), 0, 20)
})

const keccak = (...parts) => getBytes(keccak256(Buffer.concat(parts)))

/** What the proof shows, under the digest that the chain anchors. */
export function readInclusion(wire, anchor) {
  const value = inclusion.decode(wire)
  const held = revision.decode(value.revision)
  if (hex(sha2(value.revision)) !== hex(anchor)) refuse('CID_MISMATCH', 'another revision')
  const place = Buffer.from(value.row.toString(16).padStart(64, '0'), 'hex')
  let node = keccak(keccak(getBytes(digestOf(value.contribution)), place))
  for (const sibling of value.siblings) {
    node = keccak(...[node, sibling].sort(Buffer.compare))
  }
  const isRow = value.row < held.rows && hex(node) === hex(held.contributionsRoot)
  if (!isRow) refuse('REVISION_INVALID', 'no row of this revision')
  return value
}
