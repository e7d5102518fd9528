// 07-channel: terms, vouchers and requests.
import { domainOf } from './base.mjs'
import { chainKey } from './manifest.mjs'
import { OPERATOR, offerRecord, payment, RECEIPT_SIGNER } from './model.mjs'
import {
  account,
  bytes,
  cidOf,
  concat,
  ESCROW,
  encode,
  fill,
  hex,
  invalid,
  json,
  keccak,
  OTHER,
  separatorOf,
  TOKEN,
  text,
  typedDigest,
  utf8,
  wei,
  without
} from './tools.mjs'

const PAYER = account(10)
const SESSION = account(11)
export const DOMAIN = domainOf('ChannelEscrow', ESCROW)
const TYPES = {
  terms:
    'Terms(address payer,address signer,address operator,address receiptSigner,bytes32 auditor,address token,uint32 withdrawDelayS,bytes32 salt)',
  voucher:
    'Voucher(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,bytes32 receiptsRoot)'
}
export const ZERO_HASH = `0x${'00'.repeat(32)}`

export const termsRecord = {
  payer: hex(PAYER.address),
  signer: hex(SESSION.address),
  operator: hex(OPERATOR.address),
  receiptSigner: hex(RECEIPT_SIGNER.address),
  auditor: hex(`0x${chainKey}`),
  token: hex(TOKEN),
  withdrawDelayS: 86_400,
  salt: hex(`0x${'5a'.repeat(32)}`)
}

function channelIdOf(record) {
  const plain = Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, value.text ?? value])
  )
  return `0x${text(typedDigest(DOMAIN, TYPES.terms, plain))}`
}

export const channelId = channelIdOf(termsRecord)
export const domain = {
  chainId: DOMAIN.chainId,
  escrow: ESCROW,
  separator: text(separatorOf(DOMAIN))
}

export function terms() {
  const own = { ...termsRecord, signer: hex(PAYER.address), salt: hex(ZERO_HASH) }
  const bad = (name, change) =>
    invalid('TERMS-R1', name, encode({ ...termsRecord, ...change }), 'RECORD_MALFORMED')
  const other = (name, change, chain = {}) => ({
    name,
    requirement: Object.keys(chain).length > 0 ? 'TERMS-R2' : 'TERMS-R3',
    terms: json({ ...termsRecord, ...change }),
    chain: { chainId: DOMAIN.chainId, escrow: ESCROW, ...chain },
    error: Object.keys(chain).length > 0 ? 'CHAIN_MISMATCH' : 'TERMS_MISMATCH'
  })
  return {
    domain,
    valid: [
      ['a session key signs', termsRecord],
      ['the payer signs', own]
    ].map(([name, record]) => ({
      name,
      input: json(record),
      bytes: text(encode(record)),
      channelId: channelIdOf(record)
    })),
    invalid: [
      bad('an address of 21 bytes', { payer: fill(21, 1) }),
      bad('no one who pays', { payer: fill(20, 0) }),
      bad('no one who is paid', { operator: fill(20, 0) }),
      bad('no delay', { withdrawDelayS: 0 }),
      bad('a delay over thirty days', { withdrawDelayS: 2_592_001 }),
      invalid('TERMS-R1', 'no salt', encode(without(termsRecord, 'salt')), 'RECORD_MALFORMED')
    ],
    payment: json(payment),
    mismatches: [
      other('another chain', {}, { chainId: 1 }),
      other('another escrow', {}, { escrow: OTHER }),
      other('another operator', { operator: hex(OTHER) }),
      other('another receipt signer', { receiptSigner: hex(OTHER) }),
      other('another auditor', { auditor: hex(ZERO_HASH) }),
      other('another token', { token: hex(OTHER) }),
      other('a shorter delay', { withdrawDelayS: 1 })
    ]
  }
}

function voucherBytes(
  { channelId: id, cumulativeWei, royaltyWei, receipts, receiptsRoot },
  signature
) {
  const integer = (n, length) =>
    bytes(
      BigInt(n)
        .toString(16)
        .padStart(length * 2, '0')
    )
  return concat(
    bytes(id),
    integer(cumulativeWei, 16),
    integer(royaltyWei, 16),
    integer(receipts, 8),
    bytes(receiptsRoot),
    signature
  )
}

export function signedVoucher(voucher, signer = SESSION) {
  const digest = typedDigest(DOMAIN, TYPES.voucher, voucher)
  const signature = signer.sign(digest)
  return { digest, signature, data: voucherBytes(voucher, signature) }
}

export function voucher() {
  const opening = {
    channelId,
    cumulativeWei: 2n * 10n ** 15n,
    royaltyWei: 6n * 10n ** 14n,
    receipts: 0,
    receiptsRoot: ZERO_HASH
  }
  const root = `0x${text(keccak(utf8('a root')))}`
  const later = { ...opening, cumulativeWei: 3n * 10n ** 15n, receipts: 3, receiptsRoot: root }
  const largest = {
    channelId,
    cumulativeWei: (1n << 128n) - 1n,
    royaltyWei: (1n << 128n) - 1n,
    receipts: Number.MAX_SAFE_INTEGER,
    receiptsRoot: root
  }
  const plain = (one) => ({
    ...one,
    cumulativeWei: { $wei: one.cumulativeWei.toString() },
    royaltyWei: { $wei: one.royaltyWei.toString() }
  })
  const { data, signature } = signedVoucher(opening)
  const bad = (name, change) =>
    invalid(
      'VOUCHER-R1',
      name,
      voucherBytes({ ...opening, ...change }, signature),
      'VOUCHER_MALFORMED'
    )
  const order = (name, last, next, outcome) => ({
    name,
    ...(outcome === 'VOUCHER_STALE' ? { requirement: 'VOUCHER-R3', error: outcome } : { outcome }),
    last: plain(last),
    next: plain(next)
  })
  return {
    domain,
    signer: { account: SESSION.address, secretKey: text(fill(32, 11)) },
    valid: [
      ['the opening one', opening],
      ['after three receipts', later],
      ['the largest', largest]
    ].map(([name, one]) => {
      const made = signedVoucher(one)
      return {
        name,
        input: plain(one),
        digest: text(made.digest),
        signature: text(made.signature),
        bytes: text(made.data)
      }
    }),
    invalid: [
      invalid('VOUCHER-R1', '167 bytes', data.slice(0, 167), 'VOUCHER_MALFORMED'),
      invalid('VOUCHER-R1', '169 bytes', concat(data, fill(1, 0)), 'VOUCHER_MALFORMED'),
      bad('a royalty above the amount', { royaltyWei: 2n * 10n ** 15n + 1n }),
      bad('a count beyond 2^53-1', { receipts: 2n ** 53n, receiptsRoot: root }),
      bad('a root without receipts', { receiptsRoot: root }),
      bad('receipts without a root', { receipts: 1 }),
      invalid(
        'VOUCHER-R2',
        'signed by the payer instead of the signer',
        signedVoucher(opening, PAYER).data,
        'SIGNATURE_INVALID'
      ),
      invalid(
        'VOUCHER-R2',
        'an amount raised',
        voucherBytes({ ...opening, cumulativeWei: 3n * 10n ** 15n }, signature),
        'SIGNATURE_INVALID'
      ),
      invalid('VOUCHER-R2', 'a parity bit turned', withParityTurned(data), 'SIGNATURE_INVALID'),
      invalid('VOUCHER-R2', 'no signature', voucherBytes(opening, fill(64, 0)), 'SIGNATURE_INVALID')
    ],
    order: [
      order('more money and receipts', opening, later, 'newer'),
      order('a repetition', later, later, 'known'),
      order('an old one', later, opening, 'known'),
      order('only a root', opening, { ...opening, receipts: 1, receiptsRoot: root }, 'newer'),
      order(
        'more money, fewer receipts',
        later,
        { ...opening, cumulativeWei: 4n * 10n ** 15n },
        'VOUCHER_STALE'
      ),
      order(
        'more royalty, less for the operator',
        later,
        { ...later, royaltyWei: later.royaltyWei + 1n },
        'VOUCHER_STALE'
      ),
      order(
        'another root over as many receipts',
        later,
        { ...later, receiptsRoot: channelId },
        'VOUCHER_STALE'
      )
    ]
  }
}

function withParityTurned(data) {
  const out = Uint8Array.from(data)
  out[104 + 32] ^= 0x80
  return out
}

export async function requestRecord() {
  const offer = await offerRecord()
  return {
    version: 1,
    callId: bytes('000102030405060708090a0b0c0d0e0f'),
    attempt: 0,
    model: offer.model,
    offer: cidOf(encode(offer)),
    messages: [{ role: 'user', content: 'What is a bow?' }],
    maxWei: wei(2n * 10n ** 15n),
    requestSalt: fill(16, 0xa1),
    answerSalt: fill(16, 0xa2)
  }
}

export async function request() {
  const record = await requestRecord()
  const bad = (name, change) =>
    invalid('REQUEST-R1', name, encode({ ...record, ...change }), 'RECORD_MALFORMED')
  return {
    valid: [
      ['the shortest', record],
      [
        'a conversation with a bound',
        {
          ...record,
          attempt: 1,
          messages: [
            { role: 'system', content: '' },
            { role: 'user', content: 'What is a bow?' },
            { role: 'assistant', content: 'The front of a boat.' },
            { role: 'user', content: 'And the back?' }
          ],
          maxOutputTokens: 64
        }
      ],
      [
        'a tool and its result',
        {
          ...record,
          messages: [
            { role: 'user', content: 'Is the tide out?' },
            { role: 'assistant', content: '\u001e{"id":"a","name":"tide","arguments":"{}"}\n' },
            { role: 'tool', content: 'out', toolCallId: 'a' }
          ],
          form: '{"tools":[{"name":"tide"}]}'
        }
      ]
    ].map(([name, one]) => ({ name, input: json(one), bytes: text(encode(one)) })),
    invalid: [
      bad('a call id of 15 bytes', { callId: fill(15, 1) }),
      bad('no message', { messages: [] }),
      bad('another role', { messages: [{ role: 'critic', content: '' }] }),
      bad('a tool call without an id', {
        messages: [{ role: 'tool', content: '', toolCallId: '' }]
      }),
      bad('a form of nothing', { form: '' }),
      bad('attempt 256', { attempt: 256 })
    ]
  }
}
