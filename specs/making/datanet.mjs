// 04-datanet: manifest, contribution, review.
import {
  abi,
  account,
  cidOf,
  digestOf,
  encode,
  encodeInOrder,
  fill,
  hex,
  invalid,
  json,
  keccak,
  NOW_MS,
  sha256,
  someCid,
  text,
  typedDigest,
  utf8,
  without
} from './tools.mjs'

const RECORDS = { name: 'datanet', version: '1' }
const TYPES = {
  manifest: 'ManifestApproval(bytes32 manifest,uint64 seq)',
  contribution: 'Contribution(bytes32 datanet,bytes32 contribution,string licence,string origin)',
  review: 'Review(bytes32 datanet,bytes32 contribution,string verdict,bytes32 review)'
}
/** Three curators by ascending address, a contributor and a stranger. */
export const CURATORS = [1, 2, 3].map(account).sort((a, b) => (a.address < b.address ? -1 : 1))
const CONTRIBUTOR = account(5)
const STRANGER = account(4)
const CONSENT = 'Use it to answer questions and to train models. Copies outside cannot be recalled.'
const ROYALTY = {
  royaltyPpm: 300_000,
  contributorsPpm: 700_000,
  builderPpm: 100_000,
  curatorsPpm: 50_000,
  treasuryPpm: 150_000
}

export const policy = ROYALTY

export const foundingManifest = {
  version: 1,
  name: 'Sea words',
  purpose: 'What sailors say, and what they mean by it.',
  topics: ['sailing', 'language'],
  schemas: ['text/1'],
  licences: ['CC-BY-4.0', 'CC0-1.0'],
  consent: CONSENT,
  curators: CURATORS.map(({ address }) => hex(address)),
  threshold: 2,
  intakeHost: '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5',
  review: { approvals: 2 },
  royalty: ROYALTY,
  treasury: hex(account(9).address),
  seq: 0,
  createdAtMs: NOW_MS
}
export const datanetId = cidOf(encode(foundingManifest))
export const chainKey = text(
  keccak(
    abi(
      ['bytes32', 'address[]', 'uint8'],
      [digestOf(datanetId), CURATORS.map(({ address }) => address), 2]
    )
  )
)

function approve(record, signers) {
  const body = encode(record)
  const digest = typedDigest(RECORDS, TYPES.manifest, {
    manifest: digestOf(cidOf(body)),
    seq: record.seq
  })
  const approvals = signers.map((signer) => signer.sign(digest))
  return { record, body, digest, approvals, data: encode({ body, approvals }) }
}

export function manifest() {
  const [first, second, third] = CURATORS
  const founding = approve(foundingManifest, [first, second])
  const nextRecord = {
    ...foundingManifest,
    name: 'Sea words, renamed',
    curators: [first, third].map(({ address }) => hex(address)),
    threshold: 1,
    review: { approvals: 1 },
    seq: 1,
    prev: datanetId
  }
  const next = approve(nextRecord, [second, third])
  const bad = (id, name, change, error, signers = [first, second]) =>
    invalid(id, name, approve({ ...foundingManifest, ...change }, signers).data, error)
  const malformed = (name, change) => bad('MANIFEST-R1', name, change, 'RECORD_MALFORMED')
  const after = (id, name, change, error, signers = [first, second]) => ({
    ...invalid(id, name, approve({ ...nextRecord, ...change }, signers).data, error),
    previous: text(founding.data)
  })
  const { body, approvals } = founding
  return {
    accounts: secrets(1, 2, 3),
    valid: [
      { ...shown(founding), name: 'founding', chainKey },
      { ...shown(next), name: 'the next one', previous: text(founding.data) }
    ],
    invalid: [
      malformed('a field too many', { extra: 1 }),
      invalid(
        'MANIFEST-R1',
        'a field missing',
        approve(without(foundingManifest, 'purpose'), [first, second]).data,
        'RECORD_MALFORMED'
      ),
      malformed('another version', { version: 2 }),
      malformed('a label of 257 bytes', { name: `${'é'.repeat(128)}x` }),
      malformed('curators out of order', { curators: [...foundingManifest.curators].reverse() }),
      malformed('a curator twice', { curators: [first, first].map((c) => hex(c.address)) }),
      malformed('an address of 19 bytes', { treasury: fill(19, 1) }),
      malformed('a threshold above the curators', { threshold: 4 }),
      malformed('more reviews than curators', { review: { approvals: 4 } }),
      malformed('shares that are not a whole', { royalty: { ...ROYALTY, builderPpm: 99_999 } }),
      malformed('a founding manifest with prev', { prev: someCid(1) }),
      invalid(
        'CODEC-R3',
        'a body with keys out of order',
        encode({ body: encodeInOrder(Object.entries(foundingManifest)), approvals }),
        'RECORD_NOT_CANONICAL'
      ),
      invalid(
        'CODEC-R3',
        'a wrapper with keys out of order',
        encodeInOrder([
          ['approvals', approvals],
          ['body', body]
        ]),
        'RECORD_NOT_CANONICAL'
      ),
      after('MANIFEST-R2', 'a gap in seq', { seq: 2 }, 'RECORD_SUPERSEDED'),
      after('MANIFEST-R2', 'another prev', { prev: someCid(1) }, 'RECORD_SUPERSEDED'),
      invalid('MANIFEST-R2', 'a later one as founding', next.data, 'RECORD_SUPERSEDED'),
      bad('MANIFEST-R3', 'one approval of two', {}, 'APPROVALS_MISSING', [first]),
      bad('MANIFEST-R3', 'one curator twice', {}, 'APPROVALS_MISSING', [first, first]),
      bad('MANIFEST-R3', 'a curator and a stranger', {}, 'APPROVALS_MISSING', [first, STRANGER]),
      after('MANIFEST-R3', 'only by itself', {}, 'APPROVALS_MISSING', [first]),
      invalid(
        'SIG-R1',
        'an approval that is no signature',
        encode({ body, approvals: [approvals[0], fill(64, 0)] }),
        'SIGNATURE_INVALID'
      )
    ]
  }
}

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
        { contributor: first.address, reviews: [word(second, no)], outcome: 'rejected' }
      ]
    }
  }
}

export function secrets(...numbers) {
  return numbers.map((n) => ({ account: account(n).address, secretKey: text(fill(32, n)) }))
}

function shown({ record, body, digest, approvals, signature, data }) {
  return {
    input: json(record),
    body: text(body),
    cid: cidOf(body).toString(),
    digest: text(digest),
    ...(approvals === undefined ? {} : { approvals: approvals.map(text) }),
    ...(signature === undefined ? {} : { signature: text(signature) }),
    bytes: text(data)
  }
}
