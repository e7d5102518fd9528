// The vectors of hosts: copies that are proven, tombstones that are handed in, and the index of rows.
import { createHash } from 'node:crypto'
import { refuse, unhex } from './codec.mjs'
import { exchangeChecks } from './vectors-exchanges.mjs'

/** What is said on a stream is written as every exchange is. */
const transcript = exchangeChecks['04-submission']
const ROW_BYTES = 52

/** Digest and contributor of each row. */
function rowsOf(bytes) {
  if (bytes.length === 0 || bytes.length % ROW_BYTES !== 0) {
    refuse('REVISION_INVALID', 'an index of whole rows')
  }
  return Array.from({ length: bytes.length / ROW_BYTES }, (_, n) => {
    const row = Buffer.from(bytes.subarray(n * ROW_BYTES, (n + 1) * ROW_BYTES))
    return [row.subarray(0, 32).toString('hex'), `0x${row.subarray(32).toString('hex')}`]
  })
}

export const hostingChecks = {
  '05-tombstones': transcript,

  '05-hosting': async (v, check) => {
    await transcript(v, check)
    for (const { name, rows, asked, nonce, proof } of v.proofs) {
      const hash = createHash('sha256').update(unhex(nonce))
      for (const row of asked) hash.update(unhex(rows[row]))
      check.equal(name, hash.digest('hex'), proof)
    }
  },

  '04-row-index': async (v, check) => {
    for (const { name, input, bytes } of v.valid) {
      const said = rowsOf(unhex(bytes))
      check.equal(
        name,
        said.map(([, contributor]) => contributor),
        input.map((row) => row.contributor)
      )
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => rowsOf(unhex(one.bytes)))
    }
  }
}
