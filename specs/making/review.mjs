// 04-review: a curator's verdict, an appeal, what a curator asks, and what verdicts decide.
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

const APPEAL = 'Appeal(bytes32 datanet,bytes32 contribution,bytes32 appeal)'
const QUERY = 'ReviewQuery(bytes32 datanet,address curator,bytes32 query)'
const CONTRIBUTOR = account(5)
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

const appealRecord = {
  version: 1,
  datanet: datanetId,
  contribution: cidOf(encode(contributionRecord)),
  account: hex(CONTRIBUTOR.address),
  text: 'The knot is in the second edition.',
  createdAtMs: NOW_MS
}

function signedAppeal(change = {}, signer = CONTRIBUTOR) {
  const record = { ...appealRecord, ...change }
  const body = encode(record)
  const digest = typedDigest(RECORDS, APPEAL, {
    datanet: digestOf(record.datanet),
    contribution: digestOf(record.contribution),
    appeal: digestOf(cidOf(body))
  })
  const signature = signer.sign(digest)
  return { record, body, digest, signature, data: encode({ body, signature }) }
}

function asked(change = {}, signer = CURATORS[0]) {
  const record = {
    ...{ version: 1, datanet: datanetId, curator: hex(CURATORS[0].address) },
    ...{ want: 'next', most: 4, askedAtMs: NOW_MS },
    ...change
  }
  const body = encode(record)
  const digest = typedDigest(RECORDS, QUERY, {
    datanet: digestOf(datanetId),
    curator: CURATORS[0].address,
    query: digestOf(cidOf(body))
  })
  const signature = signer.sign(digest)
  return { record, body, digest, signature, data: encode({ body, signature }) }
}

function appeals() {
  const bad = (name, change) =>
    invalid('APPEAL-R1', name, signedAppeal(change).data, 'RECORD_MALFORMED')
  return {
    valid: [{ ...shown(signedAppeal()), name: 'an appeal' }],
    invalid: [
      bad('no words', { text: '' }),
      bad('1025 bytes of words', { text: 'x'.repeat(1_025) }),
      bad('a verdict', { verdict: 'approve' }),
      invalid('APPEAL-R2', 'another signer', signedAppeal({}, STRANGER).data, 'SIGNATURE_INVALID')
    ]
  }
}

function queries() {
  const bad = (name, change) => invalid('WORK-R1', name, asked(change).data, 'RECORD_MALFORMED')
  return {
    nowMs: NOW_MS,
    valid: [
      { ...shown(asked()), name: 'work' },
      {
        ...shown(asked({ want: 'give', contributions: [appealRecord.contribution] })),
        name: 'to give back'
      }
    ],
    invalid: [
      bad('another ask', { want: 'all' }),
      bad('no item', { most: 0 }),
      bad('17 items', { most: 17 }),
      invalid('WORK-R2', 'another signer', asked({}, CURATORS[1]).data, 'SIGNATURE_INVALID'),
      invalid('WORK-R3', 'too old', asked({ askedAtMs: NOW_MS - 300_001 }).data, 'RECORD_EXPIRED'),
      invalid(
        'WORK-R3',
        'too far ahead',
        asked({ askedAtMs: NOW_MS + 300_001 }).data,
        'RECORD_FROM_FUTURE'
      )
    ]
  }
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
  const said = { verdict: 'reject', code: 'duplicate', reason: 'It is in the Datanet already.' }
  const reject = { ...record, ...said }
  const heard = cidOf(signedAppeal().body)
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
  const [yes, no, flag, clear, unsure] = ['approve', 'reject', 'flag', 'clear', 'unsure']
  const again = (curator, verdict, createdAtMs = 2) => ({
    ...word(curator, verdict, createdAtMs),
    appeal: json(heard)
  })
  const handOver = (from, to, seq) => ({
    oldAccount: from.address,
    newAccount: to.address,
    seq
  })
  const alone = { approvals: 1 }
  return {
    accounts: secrets(1, 2, 3, 5),
    valid: [
      { ...shown(signed), name: 'an approval' },
      { ...shown(signedReview(reject, first)), name: 'a rejection with its reason' },
      {
        ...shown(signedReview({ ...record, verdict: 'flag', code: 'personal-data' }, first)),
        name: 'a flag'
      },
      { ...shown(signedReview({ ...record, verdict: 'unsure' }, first)), name: 'an unsure word' },
      {
        ...shown(signedReview({ ...record, verdict: 'clear', appeal: heard }, first)),
        name: 'a word on an appeal'
      }
    ],
    invalid: [
      bad('another verdict', { verdict: 'maybe' }),
      bad('an empty reason', { reason: '' }),
      bad('a reason that is none', { verdict: 'reject', code: 'dull' }),
      bad('an approval with a code', { code: 'spam' }),
      bad('a flag without a code', { verdict: 'flag' }),
      bad('a flag for a matter of taste', { verdict: 'flag', code: 'unclear' }),
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
    appeals: appeals(),
    queries: queries(),
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
          outcome: 'rejected'
        },
        { rule: alone, reviews: [word(first, no)], outcome: 'rejected' },
        { rule: alone, reviews: [word(first, unsure)], outcome: 'pending' },
        {
          reviews: [word(first, unsure), word(second, yes), word(third, yes)],
          outcome: 'accepted'
        },
        { reviews: [word(first, unsure), word(first, yes)], outcome: 'pending' },
        {
          rule: { approvals: 2, sharePpm: 500_000 },
          reviews: [word(first, no), word(second, no), word(third, yes)],
          outcome: 'rejected'
        },
        // Flags.
        { reviews: [word(first, flag)], outcome: 'pending', isHeld: true },
        { reviews: [word(first, flag), word(second, flag)], outcome: 'rejected' },
        {
          reviews: [word(first, flag), word(second, yes), word(third, yes)],
          outcome: 'pending',
          isHeld: true
        },
        {
          reviews: [word(first, flag), word(second, clear)],
          outcome: 'pending',
          isHeld: true
        },
        {
          reviews: [word(first, flag), word(second, clear), word(third, clear)],
          outcome: 'pending'
        },
        { reviews: [word(first, flag), word(first, clear, 2)], outcome: 'pending' },
        {
          contributor: first.address,
          reviews: [word(second, flag), word(third, clear)],
          outcome: 'pending'
        },
        {
          reviews: [
            ...[word(first, flag), word(second, clear), word(third, clear)],
            ...[word(second, yes, 2), word(third, yes, 2)]
          ],
          outcome: 'accepted'
        },
        // People.
        {
          handOvers: [handOver(first, second, 1)],
          reviews: [word(first, yes), word(second, yes)],
          outcome: 'pending'
        },
        {
          handOvers: [handOver(first, second, 2)],
          reviews: [word(first, yes), word(second, yes)],
          outcome: 'accepted'
        },
        {
          handOvers: [handOver(CONTRIBUTOR, first, 1)],
          reviews: [word(first, yes), word(second, yes)],
          outcome: 'pending'
        },
        // Appeals.
        {
          rule: alone,
          appeal: json(heard),
          reviews: [word(first, no)],
          outcome: 'pending'
        },
        {
          rule: alone,
          appeal: json(heard),
          reviews: [word(first, no), again(second, yes)],
          outcome: 'accepted',
          isFinal: true
        },
        {
          rule: alone,
          appeal: json(heard),
          reviews: [word(first, no), again(second, no)],
          outcome: 'rejected',
          isFinal: true
        },
        {
          rule: alone,
          appeal: json(heard),
          reviews: [word(first, no), again(first, yes)],
          outcome: 'pending'
        }
      ]
    }
  }
}
