// 05-hosting: a copy asked for, and proof that rows of it are there.
import { stream } from './exchanges.mjs'
import { datanetId } from './manifest.mjs'
import { fill, json, sha256, someCid, text, utf8 } from './tools.mjs'

const ROWS = ['{"one":"row"}\n', '{"another":"row"}\n', '{"a":"third"}\n'].map(utf8)

export function hosting() {
  const nonce = fill(16, 7)
  const asked = [2, 0, 2]
  const proof = sha256(nonce, ...asked.map((row) => ROWS[row]))
  const revision = someCid(1)
  const other = someCid(2)
  return {
    protocol: '/datanet/host/1',
    proofs: [
      {
        name: 'of three rows, one twice',
        rows: ROWS.map(text),
        asked,
        nonce: text(nonce),
        proof: text(proof)
      },
      {
        name: 'of one row',
        ...{ rows: ROWS.map(text), asked: [1], nonce: text(nonce) },
        proof: text(sha256(nonce, ROWS[1]))
      }
    ].map((one) => ({ ...one, requirement: 'HOSTING-R2', rows: json(one.rows) })),
    frames: stream([
      ['ask', 1, { datanet: datanetId }],
      ['end', 1, { ordinal: 3 }],
      ['ask', 2, { datanet: datanetId, revision, nonce, rows: asked }],
      ['end', 2, { ordinal: 3, proof }],
      ['ask', 3, { datanet: other }],
      [
        'error',
        3,
        {
          code: 108,
          text: 'the peer keeps no copy of this Datanet',
          details: { id: other.toString() }
        },
        { requirement: 'HOSTING-R1', error: 'REPLICA_DECLINED' }
      ]
    ])
  }
}
