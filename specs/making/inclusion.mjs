// 04-inclusion: a revision holds a contribution, shown to who has its digest alone.
import { sortedTree } from './base.mjs'
import { datanetId } from './manifest.mjs'
import {
  abi,
  cidOf,
  digestOf,
  encode,
  encodeInOrder,
  fill,
  invalid,
  json,
  keccak,
  NOW_MS,
  sha256,
  someCid,
  text,
  utf8
} from './tools.mjs'

const ROWS = Array.from({ length: 5 }, (_, i) => someCid(20 + i))
const leaves = ROWS.map((cid, row) =>
  keccak(keccak(abi(['bytes32', 'uint256'], [digestOf(cid), row])))
)
const { root, proofs } = sortedTree(leaves)

const revision = encode({
  version: 1,
  datanet: datanetId,
  manifest: datanetId,
  ordinal: 1,
  contributionsRoot: root,
  rows: ROWS.length,
  content: cidOf(utf8('a UnixFS directory'), 0x70),
  createdAtMs: NOW_MS
})

const proofOf = (row, change = {}) => ({
  version: 1,
  revision,
  contribution: ROWS[row],
  row,
  siblings: proofs[row],
  ...change
})

export function inclusion() {
  const anchor = text(sha256(revision))
  const bad = (id, name, record, error) => ({
    ...invalid(id, name, encode(record), error),
    anchor
  })
  const malformed = (name, change) =>
    bad('INCLUSION-R1', name, proofOf(0, change), 'RECORD_MALFORMED')
  const forged = (name, record) => bad('INCLUSION-R3', name, record, 'REVISION_INVALID')
  return {
    valid: [0, 3, 4].map((row) => ({
      name: `row ${row}`,
      input: json(proofOf(row)),
      bytes: text(encode(proofOf(row))),
      anchor
    })),
    invalid: [
      malformed('a field too many', { anchor: fill(32, 1) }),
      malformed('a sibling of 31 bytes', { siblings: [fill(31, 1)] }),
      malformed('21 siblings', { siblings: Array.from({ length: 21 }, () => fill(32, 1)) }),
      malformed('a revision that is no record', { revision: utf8('revision') }),
      {
        ...invalid('INCLUSION-R2', 'another anchor', encode(proofOf(0)), 'CID_MISMATCH'),
        anchor: text(fill(32, 9))
      },
      forged('another row', proofOf(0, { row: 1 })),
      forged('another contribution', proofOf(0, { contribution: someCid(1) })),
      forged('a proof cut short', proofOf(0, { siblings: proofs[0].slice(1) })),
      forged('the proof of another', proofOf(0, { siblings: proofs[3] })),
      forged('a row that there is not', proofOf(4, { row: 5 })),
      {
        ...invalid(
          'CODEC-R3',
          'keys out of order',
          encodeInOrder(Object.entries(proofOf(0))),
          'RECORD_NOT_CANONICAL'
        ),
        anchor
      }
    ]
  }
}
