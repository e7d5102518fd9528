// 04-tombstone: the record, who may withdraw what, and the log as it is asked for.
import { stream } from './exchanges.mjs'
import { CURATORS, datanetId, RECORDS, STRANGER, secrets } from './manifest.mjs'
import {
  account,
  bytes,
  cidOf,
  concat,
  digestOf,
  encode,
  encodeInOrder,
  fill,
  hex,
  invalid,
  json,
  NOW_MS,
  someCid,
  text,
  typedDigest,
  utf8
} from './tools.mjs'

const TYPE = 'Tombstone(bytes32 datanet,bytes32 contribution,address by,bytes32 tombstone)'
/** Who contributed, and whom that account was handed over to, and on. */
const CONTRIBUTOR = account(5)
const OWNER = account(6)
const LATER = account(7)
const [first, second, third] = CURATORS
const contribution = cidOf(utf8('a contribution'))

const record = {
  version: 1,
  datanet: datanetId,
  contribution,
  by: hex(CONTRIBUTOR.address),
  createdAtMs: NOW_MS
}
const takedown = {
  ...record,
  by: hex(first.address),
  manifest: datanetId,
  reason: 'It was not theirs to give.'
}

function signed(made, signers) {
  const body = encode(made)
  const { by } = json(made)
  // What cannot be hashed is refused before its signatures are looked at.
  const digest = typedDigest(RECORDS, TYPE, {
    datanet: digestOf(datanetId),
    contribution: digestOf(contribution),
    by: /^0x[0-9a-f]{40}$/.test(`${by}`) ? by : CONTRIBUTOR.address,
    tombstone: digestOf(cidOf(body))
  })
  const signatures = signers.map((one) => one.sign(digest))
  return { made, body, digest, signatures, signers, data: encode({ body, signatures }) }
}

function shown(name, one) {
  return {
    name,
    input: json(one.made),
    body: text(one.body),
    cid: cidOf(one.body).toString(),
    digest: text(one.digest),
    signatures: one.signers.map((signer, n) => ({
      account: signer.address,
      signature: text(one.signatures[n])
    })),
    bytes: text(one.data)
  }
}

const step = (from, to) => ({ oldAccount: from.address, newAccount: to.address })
/** What a reader knows: who contributed, the hand-overs, and the manifests with curators and threshold. */
const facts = {
  contributor: CONTRIBUTOR.address,
  handOvers: [step(CONTRIBUTOR, OWNER), step(OWNER, LATER)],
  manifests: [{ cid: datanetId.toString(), curators: CURATORS.map((c) => c.address), threshold: 2 }]
}

export function tombstone() {
  const own = signed(record, [CONTRIBUTOR])
  const down = signed(takedown, [first, second])
  const malformed = (name, change) =>
    invalid(
      'TOMBSTONE-R1',
      name,
      signed({ ...record, ...change }, [CONTRIBUTOR]).data,
      'RECORD_MALFORMED'
    )
  const foreign = (name, one) => invalid('TOMBSTONE-R2', name, one.data, 'SIGNATURE_INVALID')
  const counts = (name, one, more = {}) => ({ name, bytes: text(one.data), ...facts, ...more })
  const refused = (requirement, name, error, one, more) => ({
    ...counts(name, one, more),
    requirement,
    error
  })
  const by = (who) => signed({ ...record, by: hex(who.address) }, [who])
  return {
    accounts: secrets(1, 2, 3, 4, 5, 6, 7),
    nowMs: NOW_MS,
    valid: [shown('by the contributor', own), shown('a takedown by two of three curators', down)],
    invalid: [
      malformed('a field too many', { salt: fill(16, 1) }),
      malformed('another version', { version: 2 }),
      malformed('an address of 19 bytes', { by: fill(19, 5) }),
      malformed('a reason of 1 025 bytes', { reason: `${'é'.repeat(512)}x` }),
      malformed('a manifest that is no CID of ours', { manifest: datanetId.toString() }),
      invalid(
        'TOMBSTONE-R1',
        'without a signature',
        encode({ body: own.body, signatures: [] }),
        'RECORD_MALFORMED'
      ),
      invalid(
        'CODEC-R3',
        'a body with keys out of order',
        encode({ body: encodeInOrder(Object.entries(record)), signatures: own.signatures }),
        'RECORD_NOT_CANONICAL'
      ),
      foreign('by a stranger in their name', signed(record, [STRANGER])),
      foreign('by the contributor and a stranger', signed(record, [CONTRIBUTOR, STRANGER])),
      foreign('of another contribution afterwards', {
        data: encode({
          body: encode({ ...record, contribution: someCid(1) }),
          signatures: own.signatures
        })
      }),
      foreign('a takedown that its curator did not sign', signed(takedown, [second, third])),
      invalid(
        'TOMBSTONE-R3',
        'more than five minutes ahead',
        signed({ ...record, createdAtMs: NOW_MS + 300_001 }, [CONTRIBUTOR]).data,
        'RECORD_FROM_FUTURE'
      )
    ],
    authorised: [
      counts('the contributor', own),
      counts('the contributor, whom nothing was handed over', own, { handOvers: [] }),
      counts('whom it was handed over to', by(OWNER)),
      counts('whom it was handed on to', by(LATER)),
      counts('two of three curators', down),
      counts('two of three curators and a stranger', signed(takedown, [first, second, STRANGER]))
    ],
    refused: [
      refused('TOMBSTONE-R4', 'a stranger', 'WITHDRAWAL_REFUSED', by(STRANGER)),
      refused('TOMBSTONE-R4', 'a curator alone', 'WITHDRAWAL_REFUSED', by(first)),
      refused('TOMBSTONE-R4', 'whom it was not handed over to', 'WITHDRAWAL_REFUSED', by(LATER), {
        handOvers: [step(CONTRIBUTOR, OWNER)]
      }),
      refused(
        'TOMBSTONE-R5',
        'one of three curators',
        'APPROVALS_MISSING',
        signed(takedown, [first])
      ),
      refused(
        'TOMBSTONE-R5',
        'one curator twice',
        'APPROVALS_MISSING',
        signed(takedown, [first, first])
      ),
      refused(
        'TOMBSTONE-R5',
        'a curator and the contributor',
        'APPROVALS_MISSING',
        signed(takedown, [first, CONTRIBUTOR])
      ),
      refused(
        'TOMBSTONE-R5',
        'under a manifest that is not the Datanet’s',
        'APPROVALS_MISSING',
        signed({ ...takedown, manifest: someCid(1) }, [first, second])
      )
    ]
  }
}

/** The index of two rows: digest and contributor of each. */
export function rowIndex() {
  const rows = [
    { contribution, contributor: CONTRIBUTOR.address },
    { contribution: someCid(1), contributor: OWNER.address }
  ]
  const data = concat(
    ...rows.flatMap((row) => [digestOf(row.contribution), bytes(row.contributor)])
  )
  const bad = (name, index) => invalid('ROWINDEX-R1', name, index, 'REVISION_INVALID')
  return {
    valid: [{ name: 'two rows', input: json(rows), bytes: text(data) }],
    invalid: [
      bad('nothing', fill(0, 0)),
      bad('half a row', data.subarray(0, 78)),
      bad('a byte too many', concat(data, fill(1, 0)))
    ]
  }
}

/** A log asked for, something handed in, and what is refused. */
export function tombstones() {
  const own = signed(record, [CONTRIBUTOR])
  const other = signed({ ...record, by: hex(STRANGER.address) }, [STRANGER])
  return {
    protocol: '/datanet/tombstones/1',
    frames: stream([
      ['ask', 1, { datanet: datanetId, from: 0 }],
      ['end', 1, { next: 0 }],
      ['ask', 2, { datanet: datanetId, tombstone: own.data }],
      ['end', 2, { tombstone: cidOf(own.body), index: 0 }],
      ['ask', 3, { datanet: datanetId, from: 0 }],
      ['part', 3, { tombstones: [own.data] }],
      ['end', 3, { next: 1 }],
      ['ask', 4, { datanet: datanetId, tombstone: other.data }],
      [
        'error',
        4,
        {
          code: 39,
          text: 'this account may not withdraw the contribution',
          details: { tombstone: cidOf(other.body).toString(), by: STRANGER.address }
        },
        { requirement: 'TOMBSTONE-R4', error: 'WITHDRAWAL_REFUSED' }
      ]
    ])
  }
}
