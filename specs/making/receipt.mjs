// 08-receipt: receipts and their accumulator.
import { sortedTree } from './base.mjs'
import { channelId, DOMAIN, domain, requestRecord, ZERO_HASH } from './channel.mjs'
import { datanetId } from './manifest.mjs'
import { BUILDER, OPERATOR, RECEIPT_SIGNER } from './model.mjs'
import {
  account,
  bytes,
  encode,
  fill,
  flip,
  hashStruct,
  hex,
  invalid,
  json,
  keccak,
  NOW_MS,
  OTHER,
  peer,
  sha256,
  someCid,
  text,
  typedDigest,
  utf8,
  wei,
  without
} from './tools.mjs'

const TYPE = 'Receipt(bytes32 channelId,uint64 seq,bytes32 leaf)'
const GROUP_TYPE = 'ReceiptGroup(bytes32 root)'
const answer = 'The bow is the front of a boat.'

export async function receiptRecord() {
  const { callId, model, offer, ...call } = await requestRecord()
  const priceWei = 10n ** 15n + 4n * 10n ** 12n + 9n * 2n * 10n ** 12n
  return {
    version: 1,
    callId,
    attempt: 0,
    channelId: hex(channelId),
    seq: 0,
    provider: (await peer(1)).id,
    model,
    offer,
    request: sha256(call.requestSalt, encode(await requestRecord())),
    answer: sha256(call.answerSalt, utf8(answer)),
    usage: { inputTokens: 4, outputTokens: 9 },
    priceWei: wei(priceWei),
    royaltyWei: wei((priceWei * 300_000n) / 1_000_000n),
    outcome: 'answered',
    method: 'span-coverage/1',
    evidence: sha256(call.answerSalt, utf8('evidence')),
    credits: [
      {
        contribution: someCid(40),
        account: hex(account(5).address),
        basis: 'retrieved',
        ppm: 600_000
      },
      {
        contribution: someCid(41),
        account: hex(account(4).address),
        basis: 'retrieved',
        ppm: 300_000
      },
      { basis: 'unattributed', ppm: 100_000 }
    ],
    builder: hex(BUILDER.address),
    startedAtMs: NOW_MS,
    finishedAtMs: NOW_MS + 40
  }
}

export function signedReceipt(record, signer = RECEIPT_SIGNER, body = encode(record)) {
  const leaf = sha256(body)
  const digest = typedDigest(DOMAIN, TYPE, {
    channelId: record.channelId.text,
    seq: record.seq,
    leaf
  })
  const signature = signer.sign(digest)
  return { body, leaf, digest, signature, data: encode({ body, signature }) }
}

/** Receipts under one signature: each with its path to the root that is signed. */
export function signedGroup(records, signer = RECEIPT_SIGNER) {
  const bodies = records.map((record) => encode(record))
  const leaves = bodies.map((body) => sha256(body))
  const hashes = leaves.map((leaf, i) =>
    hashStruct(TYPE, { channelId: records[i].channelId.text, seq: records[i].seq, leaf })
  )
  const { root, proofs } = sortedTree(hashes)
  const digest = typedDigest(DOMAIN, GROUP_TYPE, { root })
  const signature = signer.sign(digest)
  const made = bodies.map((body, i) => ({
    body,
    leaf: leaves[i],
    path: proofs[i],
    data: encode({ body, path: proofs[i], signature })
  }))
  return { root, digest, signature, hashes, made }
}

/** Three receipts that end at once, and what is refused of the second. */
function groups(record, free) {
  const records = [record, { ...record, callId: fill(16, 9), seq: 1 }, free]
  const { root, digest, signature, hashes, made } = signedGroup(records)
  const [, { body, path }] = made
  const again = (of) => encode({ body, path, signature, ...of })
  const bad = (name, data, error = 'SIGNATURE_INVALID') => invalid('RECEIPT-R6', name, data, error)
  const alone = signedReceipt(record)
  return {
    group: {
      root: text(root),
      digest: text(digest),
      signature: text(signature),
      receipts: made.map((one, i) => ({
        name: `receipt ${i + 1} of 3`,
        input: json(records[i]),
        body: text(one.body),
        leaf: text(one.leaf),
        struct: text(hashes[i]),
        path: one.path.map(text),
        bytes: text(one.data)
      }))
    },
    refused: [
      bad('a step of the path changed', again({ path: [flip(path[0], 0), path[1]] })),
      bad('the steps of the path exchanged', again({ path: [path[1], path[0]] })),
      bad('a path cut short', again({ path: path.slice(1) })),
      bad('a receipt of a group without its path', encode({ body, signature })),
      bad("another receipt's path", again({ path: made[2].path })),
      bad('a path beside a receipt that was signed alone', encode({ ...wrapped(alone), path })),
      bad('a path that goes on beyond the root', again({ path: [...path, root] })),
      bad('a group by another signer', signedGroup(records, OPERATOR).made[1].data),
      bad('a path without steps', again({ path: [] }), 'RECORD_MALFORMED'),
      bad('a step of 31 bytes', again({ path: [fill(31, 1)] }), 'RECORD_MALFORMED'),
      bad(
        'a path of 17 steps',
        again({ path: Array.from({ length: 17 }, (_, i) => fill(32, i)) }),
        'RECORD_MALFORMED'
      )
    ]
  }
}

const wrapped = ({ body, signature }) => ({ body, signature })

export async function receipt() {
  const record = await receiptRecord()
  const { builder, channelId: id, credits, ...rest } = record
  const free = {
    ...without(record, 'evidence'),
    channelId: hex(ZERO_HASH),
    priceWei: wei(0),
    royaltyWei: wei(0),
    outcome: 'abstained',
    credits: [{ basis: 'unattributed', ppm: 1_000_000 }]
  }
  const shown = (name, one) => {
    const made = signedReceipt(one)
    return {
      name,
      input: json(one),
      body: text(made.body),
      leaf: text(made.leaf),
      digest: text(made.digest),
      signature: text(made.signature),
      bytes: text(made.data)
    }
  }
  const bad = (name, change, requirement = 'RECEIPT-R1') =>
    invalid(requirement, name, signedReceipt({ ...record, ...change }).data, 'RECORD_MALFORMED')
  const creditsOf = (name, lines) => bad(name, { credits: lines }, 'CREDITS-R1')
  const [first, second, none] = credits
  const good = signedReceipt(record)
  const expected = {
    callId: rest.callId,
    attempt: 0,
    channelId: id,
    provider: rest.provider,
    model: rest.model,
    offer: rest.offer,
    builder,
    usage: rest.usage,
    priceWei: rest.priceWei,
    royaltyPpm: 300_000,
    requestSalt: fill(16, 0xa1),
    request: encode(await requestRecord()),
    answerSalt: fill(16, 0xa2),
    answer: utf8(answer)
  }
  const contradicts = (field, change) => ({
    name: field,
    requirement: 'RECEIPT-R3',
    bytes: text(good.data),
    field,
    expected: json({ ...expected, ...change }),
    error: 'RECEIPT_INVALID'
  })
  const { group, refused } = groups(record, free)
  return {
    domain,
    group,
    signer: { account: RECEIPT_SIGNER.address, secretKey: text(fill(32, 8)) },
    valid: [shown('paid', record), shown('free, an abstention', free)],
    invalid: [
      bad('another outcome', { outcome: 'fine' }),
      bad('a royalty above the price', { royaltyWei: wei(10n ** 16n) }),
      bad('an end before the start', { finishedAtMs: NOW_MS - 1 }),
      bad('a price without a channel', { channelId: hex(ZERO_HASH) }),
      bad('a builder that is nobody', { builder: fill(20, 0) }),
      bad('a short commitment to evidence', { evidence: fill(31, 1) }),
      bad('a count that is negative', { usage: { inputTokens: -1, outputTokens: 0 } }),
      creditsOf('no credits', []),
      creditsOf('credits of 999 999 ppm', [first, second, { ...none, ppm: 99_999 }]),
      creditsOf('a credit of 0 ppm', [first, second, none, { ...second, basis: 'span', ppm: 0 }]),
      creditsOf('a line twice', [
        { ...first, ppm: 300_000 },
        { ...first, ppm: 300_000 },
        second,
        none
      ]),
      creditsOf('a credit without an account', [without(first, 'account'), second, none]),
      creditsOf('an unattributed line with an account', [
        first,
        second,
        { ...none, account: hex(OTHER) }
      ]),
      invalid(
        'RECEIPT-R2',
        'another signer',
        signedReceipt(record, OPERATOR).data,
        'SIGNATURE_INVALID'
      ),
      invalid(
        'RECEIPT-R2',
        'a price changed',
        encode({
          body: encode({ ...record, priceWei: wei(10n ** 16n) }),
          signature: good.signature
        }),
        'SIGNATURE_INVALID'
      ),
      ...refused
    ],
    checks: {
      expected: json(expected),
      bytes: text(good.data),
      refused: [
        contradicts('callId', { callId: fill(16, 1) }),
        contradicts('attempt', { attempt: 1 }),
        contradicts('channelId', { channelId: hex(ZERO_HASH) }),
        contradicts('provider', { provider: (await peer(2)).id }),
        contradicts('model', { model: datanetId }),
        contradicts('offer', { offer: datanetId }),
        contradicts('builder', { builder: hex(OTHER) }),
        contradicts('request', { request: utf8('another question') }),
        contradicts('answer', { answer: utf8('another answer') }),
        contradicts('usage.inputTokens', { usage: { inputTokens: 5, outputTokens: 9 } }),
        contradicts('usage.outputTokens', { usage: { inputTokens: 4, outputTokens: 8 } }),
        contradicts('priceWei', { priceWei: wei(1) }),
        contradicts('royaltyWei', { royaltyPpm: 300_001 })
      ]
    },
    commitments: [
      { salt: text(fill(16, 0xa1)), bytes: '', commitment: text(sha256(fill(16, 0xa1))) },
      {
        salt: text(fill(16, 0xa2)),
        bytes: text(utf8(answer)),
        commitment: text(sha256(fill(16, 0xa2), utf8(answer)))
      }
    ]
  }
}

export function accumulator() {
  const leaves = Array.from({ length: 9 }, (_, i) => sha256(Uint8Array.of(i)))
  const states = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((count) => {
    const { peaks, paths } = mountains(leaves.slice(0, count))
    return { count, peaks, paths, root: count === 0 ? fill(32, 0) : rootOf(count, peaks) }
  })
  const seven = states[7]
  const proof = { leaf: leaves[2], index: 2, path: seven.paths[2], peaks: seven.peaks }
  const wrong = (name, change, of = {}) => ({
    name,
    requirement: 'ACCUMULATOR-R1',
    count: 7,
    root: text(seven.root),
    ...shownProof({ ...proof, ...change }),
    ...of
  })
  return {
    leaves: leaves.map(text),
    valid: states.map(({ count, peaks, paths, root }) => ({
      count,
      peaks: peaks.map(text),
      root: text(root),
      paths: paths.map((path) => path.map(text))
    })),
    invalid: [
      wrong('another leaf', { leaf: leaves[3] }),
      wrong('another index', { index: 3 }),
      wrong('an index beyond the count', { index: 7 }),
      wrong('another count', {}, { count: 6 }),
      wrong('a path cut short', { path: proof.path.slice(1) }),
      wrong('a step changed', { path: [flip(proof.path[0], 0), ...proof.path.slice(1)] }),
      wrong('a peak missing', { peaks: proof.peaks.slice(1) }),
      wrong('a peak changed', { peaks: proof.peaks.with(2, flip(proof.peaks[2], 0)) }),
      wrong('another root', {}, { root: text(flip(seven.root, 0)) })
    ]
  }
}

const shownProof = ({ leaf, index, path, peaks }) => ({
  leaf: text(leaf),
  index,
  path: path.map(text),
  peaks: peaks.map(text)
})

function rootOf(count, peaks) {
  return keccak(Uint8Array.of(2), bytes(count.toString(16).padStart(16, '0')), ...peaks)
}

/** By the definition: one perfect tree per set bit of the count, the largest first. */
function mountains(leaves) {
  const peaks = []
  const paths = []
  let start = 0
  for (let width = 2 ** 40; width >= 1; width /= 2) {
    if (Math.floor(leaves.length / width) % 2 === 0) continue
    const { hash, below } = perfect(leaves.slice(start, start + width))
    peaks.push(hash)
    paths.push(...below)
    start += width
  }
  return { peaks, paths }
}

function perfect(leaves) {
  if (leaves.length === 1) return { hash: keccak(Uint8Array.of(0), leaves[0]), below: [[]] }
  const left = perfect(leaves.slice(0, leaves.length / 2))
  const right = perfect(leaves.slice(leaves.length / 2))
  return {
    hash: keccak(Uint8Array.of(1), left.hash, right.hash),
    below: [
      ...left.below.map((path) => [...path, right.hash]),
      ...right.below.map((path) => [...path, left.hash])
    ]
  }
}

/** The root over `leaves` as 0x text: zero when there are none. */
export function mountainsRoot(leaves) {
  if (leaves.length === 0) return ZERO_HASH
  return `0x${text(rootOf(leaves.length, mountains(leaves).peaks))}`
}
