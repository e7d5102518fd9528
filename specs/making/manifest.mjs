// 04-datanet: manifest.
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
  someCid,
  text,
  typedDigest,
  without
} from './tools.mjs'

/** The domain of records that no contract reads. */
export const RECORDS = { name: 'datanet', version: '1' }
const MANIFEST_APPROVAL = 'ManifestApproval(bytes32 manifest,uint64 seq)'
/** Three curators by ascending address, a contributor and a stranger. */
export const CURATORS = [1, 2, 3].map(account).sort((a, b) => (a.address < b.address ? -1 : 1))
export const STRANGER = account(4)
export const CONSENT =
  'Use it to answer questions and to train models. Copies outside cannot be recalled.'
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
  hosts: ['12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'],
  intake: { pendingPerAccount: 1_000, perDayPerAccount: 5_000 },
  review: { approvals: 2, sharePpm: 600_000, leaseMs: 900_000 },
  royalty: ROYALTY,
  treasury: hex(account(9).address),
  seq: 0,
  createdAtMs: NOW_MS,
  effectiveAtMs: NOW_MS,
  changeDelayMs: 86_400_000
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
  const digest = typedDigest(RECORDS, MANIFEST_APPROVAL, {
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
    schemas: [...foundingManifest.schemas, 'file/1'],
    languages: ['de', 'fr'],
    files: { mimes: ['image/png'], maxBytes: 1_048_576 },
    hosts: [],
    review: { ...foundingManifest.review, approvals: 1 },
    seq: 1,
    prev: datanetId,
    effectiveAtMs: NOW_MS + foundingManifest.changeDelayMs
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
      { ...shown(next), name: 'the next one', previous: text(founding.data) },
      {
        ...shown(
          approve(
            { ...foundingManifest, review: { ...foundingManifest.review, earns: 'reviews' } },
            [first, second]
          )
        ),
        name: 'with reviews that earn'
      }
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
      malformed('more reviews than curators', {
        review: { ...foundingManifest.review, approvals: 4 }
      }),
      malformed('a share above the whole', {
        review: { ...foundingManifest.review, sharePpm: 1_000_001 }
      }),
      malformed('a lease of a second', { review: { ...foundingManifest.review, leaseMs: 1_000 } }),
      malformed('reviews that earn otherwise', {
        review: { ...foundingManifest.review, earns: 'equally' }
      }),
      malformed('no item a day', { intake: { ...foundingManifest.intake, perDayPerAccount: 0 } }),
      malformed('files without their schema', { files: nextRecord.files }),
      malformed('the schema of files without their bounds', { schemas: ['file/1'] }),
      malformed('an empty list of languages', { languages: [] }),
      malformed('a host twice', { hosts: ['peer', 'peer'] }),
      malformed('17 hosts', {
        hosts: Array.from({ length: 17 }, (_, n) => `peer ${String.fromCharCode(97 + n)}`)
      }),
      malformed('its intake host as another one', { hosts: [foundingManifest.intakeHost] }),
      malformed('a founding manifest in force later', { effectiveAtMs: NOW_MS + 1 }),
      malformed('a delay above 30 days', { changeDelayMs: 2_592_000_001 }),
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
      after(
        'MANIFEST-R4',
        'in force a millisecond before the delay is over',
        { effectiveAtMs: nextRecord.effectiveAtMs - 1 },
        'CHANGE_TOO_SOON'
      ),
      after(
        'MANIFEST-R1',
        'in force before it was made',
        { effectiveAtMs: NOW_MS - 1 },
        'RECORD_MALFORMED'
      ),
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

/** The accounts with these numbers, and their keys. */
export function secrets(...numbers) {
  return numbers.map((n) => ({ account: account(n).address, secretKey: text(fill(32, n)) }))
}

/** A wrapped record as vectors show it. */
export function shown({ record, body, digest, approvals, signature, data }) {
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
