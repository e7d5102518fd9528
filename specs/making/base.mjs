// 02-encoding and 03-signatures: codec, amounts, frames, trees, envelopes.
import { CID } from 'multiformats/cid'
import {
  abi,
  account,
  bytes,
  CHAIN_ID,
  cidOf,
  concat,
  digestOf,
  ESCROW,
  encode,
  fill,
  flip,
  invalid,
  json,
  keccak,
  NOW_MS,
  POOL,
  peer,
  REGISTRY,
  seal,
  separatorOf,
  sha256,
  someCid,
  text,
  utf8,
  weiBytes
} from './tools.mjs'

export function codec() {
  const values = {
    zero: 0,
    'the largest integer': Number.MAX_SAFE_INTEGER,
    'the smallest integer': Number.MIN_SAFE_INTEGER,
    true: true,
    'an empty string': '',
    'text beyond ASCII': 'Grüße, 世界 🌊',
    bytes: bytes('00ff'),
    'a link': someCid(1),
    'an empty list': [],
    'a list': [1, 'a', [false]],
    'an empty map': {},
    'keys by length, then by bytes': { b: 1, aa: 2, a: 3, ab: 4 },
    'a map in a map': { outer: { inner: bytes('01') } }
  }
  const foreign = [
    ['CODEC-R2', 'nothing', '', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'a value cut short', 'a26161', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'bytes after the value', '0101', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'a fraction', 'fb3ff8000000000000', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'half precision', 'f93e00', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'not a number', 'f97e00', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'infinity', 'fb7ff0000000000000', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'null', 'f6', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'null in a list', '81f6', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'undefined', 'f7', 'RECORD_MALFORMED'],
    ['CODEC-R2', '2^53', '1b0020000000000000', 'RECORD_MALFORMED'],
    ['CODEC-R2', '-2^53', '3b001fffffffffffff', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'an integer in more bytes than needed', '1801', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'a list of indefinite length', '9fff', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'text of indefinite length', '7f6161ff', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'a repeated key', 'a2616101616102', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'a key that is an integer', 'a10101', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'a key outside ASCII', 'a162c3a901', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'a date tag', 'c11a514b67b0', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'a big number tag', 'c24101', 'RECORD_MALFORMED'],
    ['CODEC-R2', 'a link without its leading zero', 'd82a450155120001', 'RECORD_MALFORMED'],
    ['CODEC-R2', '65 lists inside each other', `${'81'.repeat(65)}01`, 'RECORD_MALFORMED'],
    ['CODEC-R3', 'keys out of order', 'a2616202616101', 'RECORD_NOT_CANONICAL'],
    ['CODEC-R3', 'a longer key first', 'a262616101616102', 'RECORD_NOT_CANONICAL'],
    ['CODEC-R3', 'an integer as a float', 'fb3ff0000000000000', 'RECORD_NOT_CANONICAL'],
    ['CODEC-R3', 'text that is not UTF-8', '61ff', 'RECORD_NOT_CANONICAL']
  ]
  return {
    valid: Object.entries(values).map(([name, value]) => {
      const data = encode(value)
      return { name, value: json(value), bytes: text(data), cid: cidOf(data).toString() }
    }),
    invalid: foreign.map(([id, name, data, error]) => invalid(id, name, bytes(data), error)),
    cids: {
      valid: [
        { name: 'of a record', bytes: '01', cid: cidOf(bytes('01')).toString() },
        { name: 'of a file', codec: 'raw', bytes: '01', cid: cidOf(bytes('01'), 0x55).toString() }
      ],
      invalid: [
        {
          requirement: 'CID-R1',
          bytes: '02',
          cid: cidOf(bytes('01')).toString(),
          error: 'CID_MISMATCH'
        }
      ],
      text: [
        { requirement: 'CID-R2', name: 'version 0', error: 'INPUT_INVALID' },
        { requirement: 'CID-R2', name: 'another hash', error: 'INPUT_INVALID' }
      ].map((one, i) => ({
        ...one,
        cid: (i === 0
          ? CID.createV0(cidOf(bytes('01'), 0x70).multihash)
          : CID.parse('bafkqaaik')
        ).toString()
      }))
    }
  }
}

export function amounts() {
  const valid = [0n, 1n, 255n, 256n, 10n ** 18n, (1n << 128n) - 1n]
  return {
    valid: valid.map((amount) => ({ wei: amount.toString(), bytes: text(weiBytes(amount)) })),
    invalid: [
      invalid('AMOUNT-R1', 'a zero byte for zero', bytes('00'), 'RECORD_NOT_CANONICAL'),
      invalid('AMOUNT-R1', 'a leading zero', bytes('0001'), 'RECORD_NOT_CANONICAL'),
      invalid('AMOUNT-R1', '17 bytes', fill(17, 1), 'RECORD_NOT_CANONICAL')
    ]
  }
}

export function frames() {
  const frame = (value) => {
    const data = encode(value)
    const prefix = []
    let rest = data.length
    for (; rest > 127; rest = Math.floor(rest / 128)) prefix.push((rest % 128) + 128)
    return concat(Uint8Array.from([...prefix, rest]), data)
  }
  const values = {
    'the shortest': 0,
    'a message': { t: 'ask', id: 0, v: { x: 1 } },
    'a length of two bytes': { t: 'part', id: 3, v: fill(200, 7) }
  }
  return {
    maxBytes: 1_024,
    valid: Object.entries(values).map(([name, value]) => ({
      name,
      value: json(value),
      bytes: text(frame(value))
    })),
    invalid: [
      invalid('FRAME-R1', 'a length over the limit', bytes('8108'), 'FRAME_TOO_LARGE'),
      invalid('FRAME-R1', 'a length of five bytes', bytes('8080808000'), 'FRAME_TOO_LARGE'),
      invalid('FRAME-R2', 'an empty frame', bytes('00'), 'FRAME_MALFORMED'),
      invalid('FRAME-R2', 'a length in more bytes than needed', bytes('810000'), 'FRAME_MALFORMED'),
      invalid('FRAME-R3', 'bytes that are not canonical', bytes('021801'), 'FRAME_MALFORMED'),
      invalid('FRAME-R4', 'an end inside a frame', bytes('0361'), 'FRAME_MALFORMED')
    ]
  }
}

export async function rendezvous() {
  const { id } = await peer(1)
  const places = ['topic', 'model', 'index'].flatMap((kind) =>
    [NOW_MS, NOW_MS + 86_400_000].map((nowMs) => {
      const count = { topic: 8, model: 4, index: 2 }[kind]
      const place = (words) => Buffer.from(sha256(utf8(words))).readUInt32BE(0) % count
      const day = Math.floor(nowMs / 86_400_000)
      return { kind, peer: id, nowMs, buckets: [...new Set([place(id), place(`${id}|${day}`)])] }
    })
  )
  const buckets = [
    ['datanet', someCid(1).toString(), 8],
    ['topic', 'sailing', 8],
    ['model', someCid(2).toString(), 4],
    ['index', '*', 2]
  ]
  return {
    keys: buckets.flatMap(([kind, value, count]) =>
      [0, count - 1].map((bucket) => ({
        kind,
        value,
        bucket,
        cid: cidOf(utf8(`datanet/1:${kind}:${value}:${bucket}`), 0x55).toString()
      }))
    ),
    places,
    invalid: [
      {
        requirement: 'RENDEZVOUS-R1',
        kind: 'model',
        value: 'x',
        bucket: 4,
        error: 'INPUT_INVALID'
      },
      { requirement: 'RENDEZVOUS-R1', kind: 'model', value: '', bucket: 0, error: 'INPUT_INVALID' }
    ]
  }
}

export function merkle() {
  const trees = [0, 1, 2, 3, 5, 8].map((count) => {
    const contributions = Array.from({ length: count }, (_, i) => someCid(i))
    const leaves = contributions.map((cid, row) =>
      keccak(keccak(abi(['bytes32', 'uint256'], [digestOf(cid), row])))
    )
    return { contributions, leaves, ...sortedTree(leaves) }
  })
  return {
    valid: trees.map(({ contributions, leaves, root, proofs }) => ({
      contributions: contributions.map(String),
      leaves: leaves.map(text),
      root: text(root),
      proofs: proofs.map((proof) => proof.map(text))
    })),
    invalid: [
      { requirement: 'MERKLE-R1', name: 'another row', row: 1, ...forged(trees[4], 0) },
      {
        requirement: 'MERKLE-R1',
        name: 'a proof cut short',
        row: 0,
        ...forged(trees[4], 0, (proof) => proof.slice(1))
      },
      {
        requirement: 'MERKLE-R1',
        name: 'a changed step',
        row: 0,
        ...forged(trees[4], 0, ([first, ...rest]) => [flip(first, 0), ...rest])
      }
    ]
  }
}

function forged({ contributions, root, proofs }, index, change = (proof) => proof) {
  return {
    contribution: contributions[index].toString(),
    root: text(root),
    proof: change(proofs[index]).map(text)
  }
}

/** The tree that OpenZeppelin’s MerkleProof checks, with the proof of each leaf. */
export function sortedTree(leaves) {
  const pair = (a, b) => (text(a) <= text(b) ? keccak(a, b) : keccak(b, a))
  const proofs = leaves.map(() => [])
  let level = leaves.map((hash, i) => ({ hash, below: [i] }))
  while (level.length > 1) {
    const next = []
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i], level[i + 1]]
      if (right === undefined) {
        next.push(left)
        continue
      }
      for (const leaf of left.below) proofs[leaf].push(right.hash)
      for (const leaf of right.below) proofs[leaf].push(left.hash)
      next.push({ hash: pair(left.hash, right.hash), below: [...left.below, ...right.below] })
    }
    level = next
  }
  return { root: level[0]?.hash ?? fill(32, 0), proofs }
}

export function signatures() {
  const digest = keccak(utf8('hello'))
  const signature = account(1).sign(digest)
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const word = (n) => bytes(n.toString(16).padStart(64, '0'))
  const r = signature.slice(0, 32)
  const refused = (name, data) =>
    invalid('SIG-R1', name, data, 'SIGNATURE_INVALID', { digest: text(digest) })
  return {
    valid: [1, 2, 3].map((n) => ({
      secretKey: text(fill(32, n)),
      account: account(n).address,
      digest: text(digest),
      signature: text(account(n).sign(digest))
    })),
    invalid: [
      refused('63 bytes', signature.slice(0, 63)),
      refused('65 bytes', concat(signature, bytes('1b'))),
      refused('s of zero', concat(r, fill(32, 0))),
      refused('s above half the order', concat(r, word((order >> 1n) + 1n))),
      refused('r of zero', concat(fill(32, 0), word(1n))),
      refused('r of the order', concat(word(order), word(1n))),
      refused('r that is no x of the curve', concat(word(5n), word(1n)))
    ],
    separators: {
      records: text(separatorOf({ name: 'datanet', version: '1' })),
      escrow: text(separatorOf(domainOf('ChannelEscrow', ESCROW))),
      registry: text(separatorOf(domainOf('DatanetRegistry', REGISTRY))),
      pool: text(separatorOf(domainOf('RewardPool', POOL)))
    },
    chain: { chainId: CHAIN_ID, escrow: ESCROW, registry: REGISTRY, pool: POOL }
  }
}

export function domainOf(contract, verifyingContract) {
  return { name: `datanet.${contract}`, version: '1', chainId: CHAIN_ID, verifyingContract }
}

export async function envelope() {
  const signer = await peer(1)
  const payload = encode({ any: 'record' })
  const domain = 'datanet/card/1'
  const sealed = await seal(domain, payload, signer)
  const swapped = bytes(text(sealed).replaceAll(text(utf8(domain)), text(utf8('datanet/carp/1'))))
  const refused = (id, name, data, error, under = domain) =>
    invalid(id, name, data, error, { domain: under })
  return {
    valid: [
      {
        domain,
        seed: text(fill(32, 1)),
        signer: signer.id,
        payload: text(payload),
        bytes: text(sealed)
      }
    ],
    invalid: [
      refused('ENVELOPE-R2', 'nothing', fill(0, 0), 'RECORD_MALFORMED'),
      refused('ENVELOPE-R2', 'no envelope', bytes('ffffff'), 'RECORD_MALFORMED'),
      refused('ENVELOPE-R2', 'another domain', sealed, 'RECORD_MALFORMED', 'datanet/offer/1'),
      refused(
        'ENVELOPE-R3',
        'a payload type changed',
        swapped,
        'SIGNATURE_INVALID',
        'datanet/carp/1'
      ),
      refused('ENVELOPE-R3', 'a signature changed', flip(sealed, -1), 'SIGNATURE_INVALID'),
      refused(
        'ENVELOPE-R3',
        'a signature under another domain',
        await seal('datanet/offer/1', payload, signer, domain),
        'SIGNATURE_INVALID'
      )
    ]
  }
}
