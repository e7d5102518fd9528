// 04-datanet: contribution, review.

import {
  CONSENT,
  CURATORS,
  datanetId,
  foundingManifest,
  RECORDS,
  STRANGER,
  secrets,
  shown
} from './manifest.mjs'
import {
  account,
  cidOf,
  digestOf,
  encode,
  encodeInOrder,
  fill,
  hex,
  invalid,
  json,
  NOW_MS,
  sha256,
  someCid,
  text,
  typedDigest,
  utf8,
  without
} from './tools.mjs'

const TYPES = {
  contribution: 'Contribution(bytes32 datanet,bytes32 contribution,string licence,string origin)',
  review: 'Review(bytes32 datanet,bytes32 contribution,string verdict,bytes32 review)'
}
const CONTRIBUTOR = account(5)

export const contributionRecord = {
  version: 1,
  datanet: datanetId,
  schema: 'text/1',
  title: 'Bow',
  text: 'The bow is the front of a boat. “Bug” in German, «proue» in French.',
  language: 'en',
  licence: 'CC-BY-4.0',
  author: 'A. Sailor',
  sourceUrl: 'https://example.org/bow',
  origin: 'direct',
  contributor: hex(CONTRIBUTOR.address),
  consent: { digest: sha256(utf8(CONSENT)), atMs: NOW_MS },
  salt: fill(16, 0x5a),
  createdAtMs: NOW_MS
}

export function signedContribution(record = contributionRecord, signer = CONTRIBUTOR) {
  const body = encode(record)
  const digest = typedDigest(RECORDS, TYPES.contribution, {
    datanet: digestOf(record.datanet),
    contribution: digestOf(cidOf(body)),
    licence: record.licence,
    origin: record.origin
  })
  const signature = signer.sign(digest)
  return { record, body, digest, signature, data: encode({ body, signature }) }
}

export function contribution() {
  const plain = without(without(contributionRecord, 'author'), 'sourceUrl')
  const bare = signedContribution({ ...plain, origin: 'interaction', licence: 'CC0-1.0' })
  const full = signedContribution()
  const bad = (id, name, change, error) =>
    invalid(id, name, signedContribution({ ...contributionRecord, ...change }).data, error)
  const malformed = (name, change) => bad('CONTRIBUTION-R1', name, change, 'RECORD_MALFORMED')
  const refused = (requirement, name, change, error) => ({
    name,
    requirement,
    bytes: text(signedContribution({ ...contributionRecord, ...change }).data),
    error
  })
  return {
    accounts: secrets(5),
    valid: [
      { ...shown(full), name: 'with every field' },
      { ...shown(bare), name: 'with the required fields' },
      {
        ...shown(signedContribution({ ...contributionRecord, origin: 'interaction' })),
        name: 'typed into a form of who keeps the key',
        requirement: 'CONTRIBUTION-W2'
      }
    ],
    invalid: [
      malformed('another schema', { schema: 'image/1' }),
      malformed('an empty text', { text: '' }),
      malformed('another origin', { origin: 'scraped' }),
      malformed('a salt of 15 bytes', { salt: fill(15, 1) }),
      malformed('a source that is no URL', { sourceUrl: 'here' }),
      malformed('a date that is no integer', { createdAtMs: 'now' }),
      invalid(
        'CONTRIBUTION-R2',
        'another signer',
        signedContribution(contributionRecord, STRANGER).data,
        'SIGNATURE_INVALID'
      ),
      invalid(
        'CONTRIBUTION-R2',
        'one letter of the body changed',
        encode({
          body: encode({ ...contributionRecord, title: 'Bows' }),
          signature: full.signature
        }),
        'SIGNATURE_INVALID'
      ),
      invalid(
        'CONTRIBUTION-R2',
        'typed into a form, and called direct afterwards',
        encode({
          body: full.body,
          signature: signedContribution({ ...contributionRecord, origin: 'interaction' }).signature
        }),
        'SIGNATURE_INVALID'
      ),
      invalid(
        'CONTRIBUTION-R2',
        'the parity bit turned',
        encode({ body: full.body, signature: parityTurned(full.signature) }),
        'SIGNATURE_INVALID'
      ),
      invalid(
        'CODEC-R3',
        'a body with keys out of order',
        encode({
          body: encodeInOrder(Object.entries(contributionRecord)),
          signature: full.signature
        }),
        'RECORD_NOT_CANONICAL'
      )
    ],
    admission: {
      datanet: datanetId.toString(),
      manifest: json(foundingManifest),
      nowMs: NOW_MS,
      accepted: [
        { name: 'five minutes ahead', change: { createdAtMs: NOW_MS + 300_000 } },
        { name: 'now', change: {} }
      ].map(({ name, change }) => ({
        name,
        bytes: text(signedContribution({ ...contributionRecord, ...change }).data)
      })),
      refused: [
        refused(
          'CONTRIBUTION-R3',
          'another Datanet',
          { datanet: someCid(1) },
          'CONTRIBUTION_INVALID'
        ),
        refused(
          'CONTRIBUTION-R3',
          'more than five minutes ahead',
          { createdAtMs: NOW_MS + 300_001 },
          'CONTRIBUTION_INVALID'
        ),
        refused(
          'CONTRIBUTION-R3',
          'consent to other words',
          { consent: { digest: fill(32, 0), atMs: NOW_MS } },
          'CONTRIBUTION_INVALID'
        ),
        refused('CONTRIBUTION-R4', 'another licence', { licence: 'MIT' }, 'LICENCE_REFUSED')
      ]
    }
  }
}

function parityTurned(signature) {
  const out = Uint8Array.from(signature)
  out[32] ^= 0x80
  return out
}

export function signedReview(record, signer) {
  const body = encode(record)
  const digest = typedDigest(RECORDS, TYPES.review, {
    datanet: digestOf(record.datanet),
    contribution: digestOf(record.contribution),
    verdict: record.verdict,
    review: digestOf(cidOf(body))
  })
  const signature = signer.sign(digest)
  return { record, body, digest, signature, data: encode({ body, signature }) }
}

export function review() {
  const [first, second, third] = CURATORS
  const record = {
    version: 1,
    datanet: datanetId,
    contribution: cidOf(encode(contributionRecord)),
    verdict: 'approve',
    curator: hex(first.address),
    createdAtMs: NOW_MS
  }
  const reject = { ...record, verdict: 'reject', reason: 'It is in the Datanet already.' }
  const signed = signedReview(record, first)
  const bad = (name, change) =>
    invalid(
      'REVIEW-R1',
      name,
      signedReview({ ...record, ...change }, first).data,
      'RECORD_MALFORMED'
    )
  const word = (curator, verdict, createdAtMs = 1) => ({
    curator: curator.address,
    verdict,
    createdAtMs
  })
  const [yes, no] = ['approve', 'reject']
  return {
    accounts: secrets(1, 2, 3),
    valid: [
      { ...shown(signed), name: 'an approval' },
      { ...shown(signedReview(reject, first)), name: 'a rejection with its reason' }
    ],
    invalid: [
      bad('another verdict', { verdict: 'maybe' }),
      bad('an empty reason', { reason: '' }),
      bad('a reason of 1025 bytes', { reason: 'x'.repeat(1_025) }),
      invalid(
        'REVIEW-R2',
        'another signer',
        signedReview(record, second).data,
        'SIGNATURE_INVALID'
      ),
      invalid(
        'REVIEW-R2',
        'the verdict turned',
        encode({ body: encode(reject), signature: signed.signature }),
        'SIGNATURE_INVALID'
      )
    ],
    decisions: {
      manifest: json(foundingManifest),
      contributor: CONTRIBUTOR.address,
      cases: [
        { reviews: [], outcome: 'pending' },
        { reviews: [word(first, yes)], outcome: 'pending' },
        { reviews: [word(first, yes), word(second, yes)], outcome: 'accepted' },
        { reviews: [word(first, yes), word(first, yes, 2)], outcome: 'pending' },
        { reviews: [word(first, no), word(second, no)], outcome: 'rejected' },
        { reviews: [word(first, no), word(second, yes), word(third, yes)], outcome: 'accepted' },
        { reviews: [word(first, yes), word(second, yes), word(first, no, 2)], outcome: 'pending' },
        { reviews: [word(first, yes), word(second, yes), word(first, no)], outcome: 'pending' },
        { requirement: 'REVIEW-R3', reviews: [word(STRANGER, yes)], error: 'REVIEW_REFUSED' },
        {
          requirement: 'REVIEW-R3',
          contributor: first.address,
          reviews: [word(first, yes)],
          error: 'REVIEW_REFUSED'
        },
        { contributor: first.address, reviews: [word(second, no)], outcome: 'rejected' },
        {
          rule: { sharePpm: 700_000 },
          reviews: [word(first, yes), word(second, yes), word(third, no)],
          outcome: 'rejected'
        },
        {
          rule: { sharePpm: 700_000 },
          reviews: [word(first, yes), word(third, no)],
          outcome: 'rejected'
        },
        {
          rule: { sharePpm: 666_666 },
          reviews: [word(first, yes), word(second, yes), word(third, no)],
          outcome: 'accepted'
        },
        {
          rule: { sharePpm: 666_667 },
          reviews: [word(first, yes), word(second, yes), word(third, no)],
          outcome: 'rejected'
        },
        {
          rule: { approvals: 1, sharePpm: 600_000 },
          reviews: [word(first, yes), word(second, no)],
          outcome: 'pending'
        }
      ]
    }
  }
}
