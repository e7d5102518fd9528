// 04-review: a curator's verdict, and what verdicts decide.
import { contributionRecord } from './contribution.mjs'
import {
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
  hex,
  invalid,
  json,
  NOW_MS,
  typedDigest
} from './tools.mjs'

const TYPE = 'Review(bytes32 datanet,bytes32 contribution,string verdict,bytes32 review)'

export function signedReview(record, signer) {
  const body = encode(record)
  const digest = typedDigest(RECORDS, TYPE, {
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
      contributor: account(5).address,
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
