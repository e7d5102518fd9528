// 04-standing: a host's receipt for a contribution, and an account's question for where it stands.
import { contributionRecord } from './contribution.mjs'
import { datanetId, RECORDS, secrets, shown } from './manifest.mjs'
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
  peer,
  seal,
  someCid,
  text,
  typedDigest,
  without
} from './tools.mjs'

const TYPE = 'SubmissionQuery(bytes32 datanet,address account,bytes32 query)'
const DOMAIN = 'datanet/submission/1'
const CONTRIBUTOR = account(5)
const STRANGER = account(4)

const receiptRecord = {
  version: 1,
  datanet: datanetId,
  contribution: cidOf(encode(contributionRecord)),
  order: 17,
  cluster: someCid(2),
  takenAtMs: NOW_MS + 120
}

const queryRecord = {
  version: 1,
  datanet: datanetId,
  account: hex(CONTRIBUTOR.address),
  after: 0,
  askedAtMs: NOW_MS
}

function asked(change = {}, signer = CONTRIBUTOR) {
  const record = { ...queryRecord, ...change }
  const body = encode(record)
  const digest = typedDigest(RECORDS, TYPE, {
    datanet: digestOf(datanetId),
    account: json(record).account.$bytes ?? CONTRIBUTOR.address,
    query: digestOf(cidOf(body))
  })
  const signature = signer.sign(digest)
  return { record, body, digest, signature, data: encode({ body, signature }) }
}

/** The receipt that the intake host of the manifest's vectors gives. */
export async function taken(change = {}) {
  const host = await peer(1)
  return { host, data: await seal(DOMAIN, encode({ ...receiptRecord, ...change }), host) }
}

export async function standing() {
  const sealed = async (name, record) => {
    const { host } = await taken()
    const body = encode(record)
    const data = await seal(DOMAIN, body, host)
    return { name, input: json(record), body: text(body), bytes: text(data), host: host.id }
  }
  const malformed = async (name, record) =>
    invalid('TAKEN-R1', name, await seal(DOMAIN, encode(record), await peer(1)), 'RECORD_MALFORMED')
  const bad = (name, change) => invalid('STANDING-R1', name, asked(change).data, 'RECORD_MALFORMED')
  const plain = asked()
  return {
    accounts: secrets(4, 5),
    nowMs: NOW_MS,
    receipts: {
      valid: [
        await sealed('of a near-duplicate', receiptRecord),
        await sealed('of the first', without(receiptRecord, 'cluster'))
      ],
      invalid: [
        await malformed('no order', without(receiptRecord, 'order')),
        await malformed('an order of zero', { ...receiptRecord, order: 0 }),
        await malformed('a status', { ...receiptRecord, status: 'accepted' }),
        invalid(
          'ENVELOPE-R2',
          'sealed as another record',
          await seal('datanet/card/1', encode(receiptRecord), await peer(1)),
          'RECORD_MALFORMED'
        )
      ]
    },
    valid: [
      { ...shown(plain), name: 'of all' },
      { ...shown(asked({ contribution: receiptRecord.contribution })), name: 'of one' },
      { ...shown(asked({ after: 128, askedAtMs: NOW_MS - 300_000 })), name: 'asked long ago' },
      { ...shown(asked({ askedAtMs: NOW_MS + 300_000 })), name: 'asked ahead' }
    ],
    invalid: [
      bad('a field too many', { status: 'accepted' }),
      bad('no place to begin', { after: -1 }),
      bad('a contribution as text', { contribution: receiptRecord.contribution.toString() }),
      invalid('STANDING-R2', 'by a stranger', asked({}, STRANGER).data, 'SIGNATURE_INVALID'),
      invalid(
        'STANDING-R2',
        'for another contribution afterwards',
        encode({
          body: encode({ ...queryRecord, contribution: someCid(2) }),
          signature: plain.signature
        }),
        'SIGNATURE_INVALID'
      ),
      invalid(
        'SIG-R1',
        'a signature of zeros',
        encode({ body: plain.body, signature: fill(64, 0) }),
        'SIGNATURE_INVALID'
      ),
      invalid(
        'CODEC-R3',
        'a body with keys out of order',
        encode({ body: encodeInOrder(Object.entries(queryRecord)), signature: plain.signature }),
        'RECORD_NOT_CANONICAL'
      ),
      invalid(
        'STANDING-R3',
        'asked too long ago',
        asked({ askedAtMs: NOW_MS - 300_001 }).data,
        'RECORD_EXPIRED'
      ),
      invalid(
        'STANDING-R3',
        'asked too far ahead',
        asked({ askedAtMs: NOW_MS + 300_001 }).data,
        'RECORD_FROM_FUTURE'
      )
    ]
  }
}
