// 04-hand-over: the record, who owns what after several, and the line in a revision's directory.
import { secrets } from './manifest.mjs'
import {
  account,
  cidOf,
  encode,
  encodeInOrder,
  fill,
  hex,
  invalid,
  json,
  NOW_MS,
  text,
  typedDigest
} from './tools.mjs'

const RECORDS = { name: 'datanet', version: '1' }
const TYPE = 'HandOver(address oldAccount,address newAccount,uint64 seq)'
/** A custodian's account for a person, the person's own, and a stranger. */
const OLD = account(5)
const NEW = account(6)
const STRANGER = account(4)

const record = {
  version: 1,
  oldAccount: hex(OLD.address),
  newAccount: hex(NEW.address),
  seq: NOW_MS
}

function signed(change = {}, [first, second] = [OLD, NEW]) {
  const made = { ...record, ...change }
  const body = encode(made)
  const { oldAccount, newAccount, seq } = json(made)
  // What cannot be hashed is refused before its signatures are looked at.
  const isTyped =
    [oldAccount, newAccount].every((one) => /^0x[0-9a-f]{40}$/.test(`${one}`)) &&
    Number.isInteger(seq)
  const digest = typedDigest(RECORDS, TYPE, isTyped ? { oldAccount, newAccount, seq } : DEFAULT)
  const oldSignature = first.sign(digest)
  const newSignature = second.sign(digest)
  const data = encode({ body, oldSignature, newSignature })
  return { made, body, digest, oldSignature, newSignature, data }
}

const DEFAULT = { oldAccount: OLD.address, newAccount: NEW.address, seq: NOW_MS }

/** The line of `data/hand-overs.jsonl`. */
function lineOf({ made, data }) {
  const { oldAccount, newAccount, seq } = json(made)
  const columns = { oldAccount, newAccount, seq, signed: Buffer.from(data).toString('base64') }
  return `${JSON.stringify(columns)}\n`
}

function shown(one) {
  return {
    input: json(one.made),
    body: text(one.body),
    cid: cidOf(one.body).toString(),
    digest: text(one.digest),
    oldSignature: text(one.oldSignature),
    newSignature: text(one.newSignature),
    bytes: text(one.data),
    row: lineOf(one)
  }
}

const step = (from, to) => ({ oldAccount: account(from).address, newAccount: account(to).address })
const row = (length) => Array.from({ length }, (_, i) => step(10 + i, 11 + i))

export function handOver() {
  const plain = signed()
  const { body, oldSignature, newSignature } = plain
  const malformed = (name, change) =>
    invalid('HANDOVER-R1', name, signed(change).data, 'RECORD_MALFORMED')
  const foreign = (name, signers, change = {}) =>
    invalid('HANDOVER-R2', name, signed(change, signers).data, 'SIGNATURE_INVALID')
  const turned = Uint8Array.from(newSignature)
  turned[32] ^= 0x80
  const owners = (name, handOvers, from, to) => ({
    name,
    handOvers,
    account: account(from).address,
    owner: account(to).address
  })
  const refused = (name, handOvers) => ({
    name,
    requirement: 'HANDOVER-R4',
    handOvers,
    error: 'HAND_OVER_REFUSED'
  })
  return {
    accounts: secrets(4, 5, 6),
    nowMs: NOW_MS,
    valid: [
      { ...shown(plain), name: 'from a custodian to a person' },
      { ...shown(signed({ seq: NOW_MS + 300_000 })), name: 'five minutes ahead' }
    ],
    invalid: [
      malformed('a field too many', { datanet: cidOf(body) }),
      malformed('another version', { version: 2 }),
      malformed('an address of 19 bytes', { newAccount: fill(19, 6) }),
      malformed('to itself', { newAccount: hex(OLD.address) }),
      malformed('a date that is no integer', { seq: 1.5 }),
      invalid(
        'HANDOVER-R1',
        'without the new signature',
        encode({ body, oldSignature }),
        'RECORD_MALFORMED'
      ),
      foreign('by the custodian alone', [OLD, OLD]),
      foreign('by the new account alone', [NEW, NEW]),
      foreign('the two signatures exchanged', [NEW, OLD]),
      foreign('by a stranger', [STRANGER, NEW]),
      invalid(
        'HANDOVER-R2',
        'to another account afterwards',
        encode({
          body: encode({ ...record, newAccount: hex(STRANGER.address) }),
          oldSignature,
          newSignature
        }),
        'SIGNATURE_INVALID'
      ),
      invalid(
        'HANDOVER-R2',
        'the parity bit turned',
        encode({ body, oldSignature, newSignature: turned }),
        'SIGNATURE_INVALID'
      ),
      invalid(
        'CODEC-R3',
        'a body with keys out of order',
        encode({ body: encodeInOrder(Object.entries(record)), oldSignature, newSignature }),
        'RECORD_NOT_CANONICAL'
      ),
      invalid(
        'HANDOVER-R3',
        'more than five minutes ahead',
        signed({ seq: NOW_MS + 300_001 }).data,
        'RECORD_FROM_FUTURE'
      )
    ],
    owners: [
      owners('nobody handed over', [], 10, 10),
      owners('once', [step(10, 11)], 10, 11),
      owners('of another account', [step(10, 11)], 12, 12),
      owners('on and on', [step(11, 12), step(10, 11)], 10, 12),
      owners('two to one', [step(10, 12), step(11, 12)], 11, 12),
      owners('sixteen in a row', row(16), 10, 26)
    ],
    refused: [
      refused('twice', [step(10, 11), step(10, 12)]),
      refused('twice to the same', [step(10, 11), step(10, 11)]),
      refused('there and back', [step(10, 11), step(11, 10)]),
      refused('a circle of three', [step(10, 11), step(11, 12), step(12, 10)]),
      refused('seventeen in a row', row(17))
    ],
    rows: [
      {
        name: 'columns that differ from the signed record',
        requirement: 'ROW-R1',
        row: lineOf({ ...plain, made: { ...record, newAccount: hex(STRANGER.address) } }),
        error: 'REVISION_INVALID'
      },
      {
        name: 'a line that is not JSON',
        requirement: 'ROW-R1',
        row: 'handed over\n',
        error: 'REVISION_INVALID'
      }
    ]
  }
}
