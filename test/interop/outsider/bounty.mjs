// Chapter 04: questions that are asked in public, the locks that pay for them, and what fills them.
import { createHash } from 'node:crypto'
import { cidOf, digestOf, hex, LIMITS, refuse, utf8 } from './codec.mjs'
import {
  address,
  atMs,
  bytes,
  cid,
  int,
  is,
  label,
  list,
  map,
  matching,
  optional,
  record,
  text,
  wei
} from './fields.mjs'
import { demandSigner, digest, RECORDS, unwrap } from './signing.mjs'

/** What every requester agrees to, as the page has it. */
export const CONSENT =
  'I agree that this question is published as it stands here, in the name of this account, for anyone to answer.'
const consented = createHash('sha256').update(utf8(CONSENT)).digest('hex')

export const bounty = record(
  {
    version: is(1),
    datanet: cid,
    question: text(LIMITS.questionBytes),
    language: matching(/^(?=.{2,256}$)[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/),
    schemas: list(label, 1, LIMITS.labels),
    budget: optional(map({ chainId: int(1), escrow: address, token: address, amountWei: wei })),
    abstained: optional(cid),
    requester: address,
    consent: map({ digest: bytes(32), atMs }),
    salt: bytes(16),
    createdAtMs: atMs,
    expiresAtMs: atMs
  },
  ({ expiresAtMs }) => expiresAtMs % 1_000 === 0
)

export const fill = record({
  version: is(1),
  datanet: cid,
  bounty: cid,
  contribution: cid,
  account: address,
  curator: address,
  signature: bytes(64)
})

export const bountyDigest = (value, own) =>
  digest(RECORDS, 'Bounty', {
    datanet: digestOf(value.datanet),
    question: value.question,
    bounty: digestOf(own)
  })

/** A bounty with its CID, checked in the order of the page. */
export function readBounty(data, nowMs) {
  const { body, signatures } = unwrap(data, 'signature')
  const value = bounty.decode(body)
  const own = cidOf(body)
  demandSigner(bountyDigest(value, own), signatures[0], value.requester)
  const { consent, createdAtMs, expiresAtMs } = value
  if (hex(consent.digest) !== consented) refuse('BOUNTY_REFUSED', 'other words')
  const lifeMs = expiresAtMs - createdAtMs
  if (lifeMs <= 0 || lifeMs > LIMITS.bountyLifeMs) refuse('BOUNTY_REFUSED', 'another life')
  if (createdAtMs > nowMs + LIMITS.clockSkewMs) refuse('RECORD_FROM_FUTURE')
  return { value, cid: own }
}

/** The lock that pays for a bounty that was read: its terms and its id. */
export function lockOf({ value, cid: own }, { chainKey, token, domain }) {
  const question = digestOf(own)
  const terms = { datanet: chainKey, question, token, expiresAt: value.expiresAtMs / 1_000 }
  return { ...terms, id: digest(domain, 'Lock', terms) }
}

/** A curator's word about the lock `id`. */
export function readFill(data, { domain, lock }) {
  const value = fill.decode(data)
  const { contribution, account, curator, signature } = value
  const said = { lock, contribution: digestOf(contribution), account }
  demandSigner(digest(domain, 'Fill', said), signature, curator)
  if (account === curator) refuse('BOUNTY_REFUSED', 'it pays its own curator')
  return value
}
