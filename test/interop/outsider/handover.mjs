// Chapter 04, hand-overs: an account whose contributions are credited to another one from now on.
import { LIMITS, refuse } from './codec.mjs'
import { address, atMs, is, record } from './fields.mjs'
import { demandSigner, digest, RECORDS, unwrap } from './signing.mjs'

const CHAIN = 16

export const handOver = record(
  { version: is(1), oldAccount: address, newAccount: address, seq: atMs },
  (h) => h.oldAccount !== h.newAccount
)

export function readHandOver(bytes, nowMs = Date.now()) {
  const { body, signatures } = unwrap(bytes, 'newSignature', 'oldSignature')
  const value = handOver.decode(body)
  const { oldAccount, newAccount, seq } = value
  const said = digest(RECORDS, 'HandOver', { oldAccount, newAccount, seq })
  demandSigner(said, signatures[1], oldAccount)
  demandSigner(said, signatures[0], newAccount)
  if (seq > nowMs + LIMITS.clockSkewMs) refuse('RECORD_FROM_FUTURE', `issued at ${seq}`)
  return value
}

/** One line of `hand-overs.jsonl`; it must be what its record makes. */
export function readHandOverLine(line, nowMs) {
  let signed
  try {
    signed = Uint8Array.from(Buffer.from(JSON.parse(line).signed, 'base64'))
  } catch (error) {
    refuse('REVISION_INVALID', error.message)
  }
  const { oldAccount, newAccount, seq } = readHandOver(signed, nowMs)
  const base64 = Buffer.from(signed).toString('base64')
  if (`${JSON.stringify({ oldAccount, newAccount, seq, signed: base64 })}\n` !== line) {
    refuse('REVISION_INVALID', 'not what its record makes')
  }
  return { oldAccount, newAccount }
}

/** Who owns an account after these hand-overs; refuses those that contradict each other. */
export function ownersOf(handOvers) {
  const next = new Map()
  for (const { oldAccount, newAccount } of handOvers) {
    if (next.has(oldAccount)) refuse('HAND_OVER_REFUSED', `${oldAccount} was handed over already`)
    next.set(oldAccount, newAccount)
  }
  const follow = (account, steps = 0) => {
    if (steps > CHAIN) refuse('HAND_OVER_REFUSED', 'a circle, or too many in a row')
    return next.has(account) ? follow(next.get(account), steps + 1) : account
  }
  for (const account of next.keys()) follow(account)
  return (account) => follow(account)
}

/** Refuses a hand-over of an account that neither contributed nor took one over. */
export function demandKnown(handOvers, contributors) {
  const known = new Set(contributors)
  const left = new Set(handOvers)
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const one of left) {
      if (!known.has(one.oldAccount)) continue
      known.add(one.newAccount)
      left.delete(one)
    }
  }
  if (left.size > 0) refuse('REVISION_INVALID', 'a hand-over of an account without a row')
}
