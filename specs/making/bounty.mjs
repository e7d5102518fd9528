// 04-bounty: the record, the lock that pays for it, and curators' words about what fills it; and how
// hosts are asked for them.
import { domainOf } from './base.mjs'
import { stream } from './exchanges.mjs'
import { CURATORS, chainKey, datanetId, RECORDS, STRANGER, secrets } from './manifest.mjs'
import {
  account,
  fill as bytesOf,
  CHAIN_ID,
  cidOf,
  digestOf,
  encode,
  encodeInOrder,
  hex,
  invalid,
  json,
  NOW_MS,
  OTHER,
  sha256,
  someCid,
  TOKEN,
  text,
  typedDigest,
  utf8,
  wei
} from './tools.mjs'

const TYPES = {
  bounty: 'Bounty(bytes32 datanet,string question,bytes32 bounty)',
  lock: 'Lock(bytes32 datanet,bytes32 question,address token,uint64 expiresAt)',
  fill: 'Fill(bytes32 lock,bytes32 contribution,address account)'
}
const CONSENT =
  'I agree that this question is published as it stands here, in the name of this account, for anyone to answer.'
const ESCROW = `0x${'e5'.repeat(20)}`
const DOMAIN = domainOf('BountyEscrow', ESCROW)
const REQUESTER = account(5)
const AUTHOR = account(6)
const [first, second] = CURATORS
const YEAR_MS = 31_536_000_000
const contribution = cidOf(utf8('a contribution'))

const record = {
  version: 1,
  datanet: datanetId,
  question: 'Which knot holds in a wet rope?',
  language: 'en',
  schemas: ['qa/1', 'text/1'],
  budget: {
    chainId: CHAIN_ID,
    escrow: hex(ESCROW),
    token: hex(TOKEN),
    amountWei: wei(5_000_000_000_000_000_000n)
  },
  abstained: someCid(3),
  requester: hex(REQUESTER.address),
  consent: { digest: sha256(utf8(CONSENT)), atMs: NOW_MS },
  salt: bytesOf(16, 0x5a),
  createdAtMs: NOW_MS,
  expiresAtMs: NOW_MS + 604_800_000
}
const { budget: _budget, abstained: _abstained, ...plain } = record

function signed(made, signer = REQUESTER) {
  const body = encode(made)
  const digest = typedDigest(RECORDS, TYPES.bounty, {
    datanet: digestOf(datanetId),
    question: `${made.question}`,
    bounty: digestOf(cidOf(body))
  })
  const signature = signer.sign(digest)
  return { made, body, digest, signature, data: encode({ body, signature }) }
}

function lockOf({ made, body }) {
  const value = {
    datanet: `0x${chainKey}`,
    question: `0x${text(digestOf(cidOf(body)))}`,
    token: TOKEN,
    expiresAt: made.expiresAtMs / 1_000
  }
  return { value, id: `0x${text(typedDigest(DOMAIN, TYPES.lock, value))}` }
}

const bounty = signed(record)
const lock = lockOf(bounty)

function filled(over = {}, signer = first, domain = DOMAIN) {
  const said = {
    version: 1,
    datanet: datanetId,
    bounty: cidOf(bounty.body),
    contribution,
    account: hex(AUTHOR.address),
    curator: hex(signer.address),
    ...over
  }
  const digest = typedDigest(domain, TYPES.fill, {
    lock: lock.id,
    contribution: digestOf(said.contribution),
    account: json(said.account).length === 42 ? json(said.account) : AUTHOR.address
  })
  const signature = signer.sign(digest)
  const made = { ...said, signature }
  return { made, digest, data: encode(made) }
}

function shown(name, one) {
  return {
    name,
    input: json(one.made),
    body: text(one.body),
    cid: cidOf(one.body).toString(),
    digest: text(one.digest),
    signature: text(one.signature),
    bytes: text(one.data),
    requirement: 'LOCK-R1',
    lock: { ...lockOf(one).value, id: lockOf(one).id }
  }
}

export function bountyRecord() {
  const bad = (requirement, error) => (name, change, signer) =>
    invalid(requirement, name, signed({ ...record, ...change }, signer).data, error)
  const malformed = bad('BOUNTY-R1', 'RECORD_MALFORMED')
  const unfit = bad('BOUNTY-R3', 'BOUNTY_REFUSED')
  const own = filled()
  const noFill = (requirement, name, error, one) => invalid(requirement, name, one.data, error)
  return {
    accounts: secrets(1, 2, 3, 4, 5, 6),
    nowMs: NOW_MS,
    consent: CONSENT,
    chainKey: `0x${chainKey}`,
    domain: DOMAIN,
    token: TOKEN,
    valid: [
      shown('with a budget, after a model abstained', bounty),
      shown('without either', signed(plain)),
      shown('for a year', signed({ ...plain, expiresAtMs: NOW_MS + YEAR_MS }))
    ],
    invalid: [
      malformed('a field too many', { note: 'please' }),
      malformed('another version', { version: 2 }),
      malformed('a question of 4 097 bytes', { question: `${'é'.repeat(2_048)}x` }),
      malformed('no schema', { schemas: [] }),
      malformed('no language', { language: 'english, please' }),
      malformed('an expiry between two seconds', { expiresAtMs: NOW_MS + 1_500 }),
      malformed('a budget without its token', {
        budget: { chainId: CHAIN_ID, escrow: hex(ESCROW), amountWei: wei(1n) }
      }),
      invalid(
        'CODEC-R3',
        'a body with keys out of order',
        encode({ body: encodeInOrder(Object.entries(plain)), signature: bounty.signature }),
        'RECORD_NOT_CANONICAL'
      ),
      bad('BOUNTY-R2', 'SIGNATURE_INVALID')('by a stranger in their name', {}, STRANGER),
      invalid(
        'BOUNTY-R2',
        'with another question afterwards',
        encode({
          body: encode({ ...record, question: 'Which knot slips?' }),
          signature: bounty.signature
        }),
        'SIGNATURE_INVALID'
      ),
      unfit('consent to other words', {
        consent: { digest: sha256(utf8('I agree.')), atMs: NOW_MS }
      }),
      unfit('an expiry at its making', { expiresAtMs: NOW_MS }),
      unfit('more than a year', { expiresAtMs: NOW_MS + YEAR_MS + 1_000 }),
      bad('BOUNTY-R4', 'RECORD_FROM_FUTURE')('more than five minutes ahead', {
        createdAtMs: NOW_MS + 300_001
      })
    ],
    fills: {
      bounty: text(bounty.data),
      lock: lock.id,
      valid: [
        {
          name: 'by a curator',
          input: json(own.made),
          digest: text(own.digest),
          bytes: text(own.data)
        }
      ],
      invalid: [
        noFill('FILL-R1', 'a field too many', 'RECORD_MALFORMED', filled({ salt: bytesOf(16, 1) })),
        noFill(
          'FILL-R1',
          'an address of 19 bytes',
          'RECORD_MALFORMED',
          filled({ account: bytesOf(19, 6) })
        ),
        noFill(
          'FILL-R2',
          'in the name of another curator',
          'SIGNATURE_INVALID',
          filled({ curator: hex(second.address) })
        ),
        noFill(
          'FILL-R2',
          'for another contract',
          'SIGNATURE_INVALID',
          filled({}, first, domainOf('BountyEscrow', OTHER))
        ),
        invalid(
          'FILL-R2',
          'of another account afterwards',
          encode({ ...own.made, account: hex(STRANGER.address) }),
          'SIGNATURE_INVALID'
        ),
        noFill(
          'FILL-R3',
          'that pays its curator',
          'BOUNTY_REFUSED',
          filled({ account: hex(first.address) })
        )
      ]
    }
  }
}

/** A bounty handed in, a fill, and what is listed then. */
export function bounties() {
  const cid = cidOf(bounty.body)
  const own = filled()
  const answers = [{ contribution, status: 'accepted' }]
  return {
    protocol: '/datanet/bounties/1',
    frames: stream([
      ['ask', 1, { datanet: datanetId, bounty: bounty.data }],
      ['end', 1, { bounty: cid, isListed: true }],
      ['ask', 2, { datanet: datanetId, fill: own.data }],
      ['end', 2, { bounty: cid, isListed: true }],
      ['ask', 3, { datanet: datanetId, list: true }],
      ['part', 3, { bounties: [{ bounty: bounty.data, fills: [own.data], answers }] }],
      ['end', 3, { bounties: 1 }]
    ])
  }
}
