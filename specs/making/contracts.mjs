// What is signed for the contracts alone: orders and closings (07), rotations (04), posts for silent
// operators, refutations and bonds (09).
import { domainOf, sortedTree } from './base.mjs'
import { channelId, DOMAIN } from './channel.mjs'
import { sumTree } from './drop.mjs'
import { CURATORS, chainKey } from './manifest.mjs'
import { OPERATOR, RECEIPT_SIGNER } from './model.mjs'
import { NOBODY } from './reward.mjs'
import {
  abi,
  account,
  CHAIN_ID,
  fill,
  flip,
  hashStruct,
  hex,
  json,
  keccak,
  POOL,
  REGISTRY,
  TOKEN,
  text,
  typedDigest,
  wei
} from './tools.mjs'

const PAYER = account(10)
const SALT = `0x${'5b'.repeat(32)}`
const DEADLINE = 1_800_003_600
const TYPES = {
  Fund: 'Fund(bytes32 channelId,uint256 amountWei,uint256 nonce,uint64 deadline)',
  VaultFund: 'VaultFund(bytes32 channelId,uint256 amountWei,uint256 nonce,uint64 deadline)',
  Close: 'Close(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 deadline)',
  Rotation:
    'Rotation(bytes32 datanet,uint64 seq,bytes32 prev,bytes32 manifest,address[] curators,uint8 threshold)',
  DropPost: 'DropPost(bytes32 pool,uint64 dropSeq,bytes32 root,uint256 totalWei,bytes32 drop)',
  Receipt: 'Receipt(bytes32 channelId,uint64 seq,bytes32 leaf)',
  ReceiptGroup: 'ReceiptGroup(bytes32 root)'
}

/** Amounts as wei in JSON, as numbers for the hash. */
const shown = (value) =>
  Object.fromEntries(
    Object.entries(value).map(([k, v]) => [k, typeof v === 'bigint' ? { $wei: `${v}` } : v])
  )

/** A value of `struct`, signed by `signer` in `domain`; `by` is who must have signed it. */
function signed(name, struct, domain, value, signer, by = signer, over = {}) {
  const digest = typedDigest(domain, TYPES[struct], value)
  const signature = signer.sign(digest)
  return {
    name,
    struct,
    domain,
    value: shown(value),
    digest: text(digest),
    signature: text(signature),
    account: by.address,
    ...over
  }
}

/** The good one in `valid`, and every way in which it is none in `invalid`. */
function cases(requirement, struct, domain, value, signer, changes, stranger) {
  const bad = { requirement, error: 'SIGNATURE_INVALID' }
  const good = signed(struct, struct, domain, value, signer)
  const other = (name, change) => ({
    ...signed(name, struct, domain, { ...value, ...change }, signer, signer, bad),
    value: good.value
  })
  const turned = { ...good, ...bad }
  return {
    valid: [good],
    invalid: [
      signed(`${struct} by another`, struct, domain, value, stranger, signer, bad),
      { ...turned, name: `${struct} with a bit turned`, signature: flipped(good.signature) },
      {
        ...signed(`${struct} on another chain`, struct, { ...domain, chainId: 1 }, value, signer),
        ...bad,
        domain: good.domain
      },
      ...changes.map(([name, change]) => other(`${struct} for ${name}`, change))
    ]
  }
}

const flipped = (signature) => text(flip(Uint8Array.from(Buffer.from(signature, 'hex')), 40))

const merged = (...parts) => ({
  valid: parts.flatMap(({ valid }) => valid),
  invalid: parts.flatMap(({ invalid }) => invalid)
})

export function orders() {
  const order = { channelId, amountWei: 10n ** 18n, nonce: 7n, deadline: DEADLINE }
  const close = {
    channelId,
    cumulativeWei: 4n * 10n ** 17n,
    royaltyWei: 10n ** 17n,
    deadline: DEADLINE
  }
  const others = [
    ['another channel', { channelId: SALT }],
    ['another amount', { amountWei: 10n ** 18n + 1n }],
    ['another nonce', { nonce: 8n }],
    ['another deadline', { deadline: DEADLINE + 1 }]
  ]
  // An order for the one way to fund is none for the other.
  const vault = signed('a VaultFund shown as a Fund', 'VaultFund', DOMAIN, order, PAYER)
  return {
    ...merged(
      cases('ORDER-R1', 'Fund', DOMAIN, order, PAYER, others, OPERATOR),
      cases('ORDER-R1', 'VaultFund', DOMAIN, order, PAYER, others, OPERATOR),
      {
        valid: [],
        invalid: [{ ...vault, struct: 'Fund', requirement: 'ORDER-R1', error: 'SIGNATURE_INVALID' }]
      },
      cases(
        'CLOSE-R1',
        'Close',
        DOMAIN,
        close,
        RECEIPT_SIGNER,
        [
          ['another channel', { channelId: SALT }],
          ['another amount', { cumulativeWei: 4n * 10n ** 17n - 1n }],
          ['another royalty', { royaltyWei: 0n }],
          ['another deadline', { deadline: DEADLINE + 1 }]
        ],
        PAYER
      )
    ),
    authorization: {
      channelId,
      amountWei: { $wei: `${10n ** 18n}` },
      salt: SALT,
      nonce: `0x${text(keccak(abi(['bytes32', 'uint256', 'bytes32'], [channelId, 10n ** 18n, SALT])))}`
    }
  }
}

export function rotation() {
  const [first] = CURATORS
  const value = {
    datanet: `0x${chainKey}`,
    seq: 1,
    prev: `0x${'a0'.repeat(32)}`,
    manifest: `0x${'a1'.repeat(32)}`,
    curators: [account(4), account(5)].map(({ address }) => address).sort(),
    threshold: 2
  }
  return cases(
    'ROTATION-R1',
    'Rotation',
    domainOf('DatanetRegistry', REGISTRY),
    value,
    first,
    [
      ['another Datanet', { datanet: SALT }],
      ['another number', { seq: 2 }],
      ['another manifest before', { prev: SALT }],
      ['another manifest', { manifest: SALT }],
      ['the curators in another order', { curators: [...value.curators].reverse() }],
      ['fewer curators', { curators: value.curators.slice(1) }],
      ['another threshold', { threshold: 1 }]
    ],
    account(9)
  )
}

export function refutation() {
  const accounts = [1, 2, 3, 4, 5].map((n) => account(n).address).sort()
  const leaves = (amounts, unassigned = 0) =>
    [[NOBODY, unassigned], ...accounts.map((who, i) => [who, amounts[i] ?? 0])]
      .filter(([, amount]) => amount > 0)
      .map(([who, amount]) => ({ account: hex(who), cumulativeWei: wei(amount) }))
  const final = leaves([10, 20, 0, 40, 50], 30)
  const one = (name, pending, total) => {
    const tree = sumTree(pending)
    return {
      name,
      final: json(final),
      pending: json(pending),
      totalWei: { $wei: `${total ?? tree.total}` },
      root: `0x${text(tree.root)}`
    }
  }
  const refuted = (kind, name, pending, total) => ({
    ...one(name, pending, total),
    kind,
    requirement: 'REFUTE-R1',
    error: 'DROP_INVALID'
  })
  const [a, b, ...rest] = leaves([10, 20, 30, 40, 50])
  const post = {
    pool: `0x${text(keccak(abi(['address', 'bytes32', 'address'], [OPERATOR.address, `0x${chainKey}`, TOKEN])))}`,
    dropSeq: 4,
    root: `0x${'c0'.repeat(32)}`,
    totalWei: 10n ** 18n,
    drop: `0x${'c1'.repeat(32)}`
  }
  return {
    valid: [
      one('every account grows', leaves([11, 21, 5, 41, 51], 21)),
      one('what was unassigned finds its owner', leaves([10, 20, 30, 40, 50])),
      one('nothing changes', final)
    ],
    invalid: [
      refuted('shrunk', 'an account gets less', leaves([10, 19, 31, 40, 50])),
      refuted('absent', 'the first account is left out', leaves([0, 30, 30, 40, 50])),
      refuted('absent', 'an account in the middle is left out', leaves([10, 0, 50, 40, 50])),
      refuted('absent', 'the last account is left out', leaves([10, 20, 30, 90, 0])),
      refuted('unordered', 'two leaves have changed places', [b, a, ...rest]),
      refuted('unordered', 'an account stands twice', [a, a, b, ...rest]),
      refuted('total', 'the total is higher than the leaves', leaves([10, 20, 30, 40, 50]), 151n)
    ],
    silence: cases(
      'SILENCE-R1',
      'DropPost',
      domainOf('RewardPool', POOL),
      post,
      CURATORS[0],
      [
        ['another pool', { pool: SALT }],
        ['another number', { dropSeq: 5 }],
        ['another root', { root: SALT }],
        ['another total', { totalWei: 1n }],
        ['another document', { drop: SALT }]
      ],
      account(9)
    )
  }
}

export function bond() {
  const leaf = (n) => `0x${text(fill(32, n))}`
  const signature = (id, seq, digest, signer) =>
    text(signer.sign(typedDigest(DOMAIN, TYPES.Receipt, { channelId: id, seq, leaf: digest })))
  const proof = (over = {}) => {
    const {
      id = channelId,
      seq = 3,
      a = 1,
      b = 2,
      byA = RECEIPT_SIGNER,
      byB = byA,
      seqB = seq
    } = over
    return {
      channelId: id,
      seq,
      a: { leaf: leaf(a), signature: { $bytes: signature(id, seq, leaf(a), byA) } },
      b: { leaf: leaf(b), signature: { $bytes: signature(id, seqB, leaf(b), byB) } }
    }
  }
  /** One side of a pair, signed together with two other receipts. */
  const inGroup = (n, at) => {
    const structs = [4, 5, 6].map((other, i) =>
      hashStruct(TYPES.Receipt, {
        channelId,
        seq: i === at ? 3 : 7 + i,
        leaf: i === at ? leaf(n) : leaf(other)
      })
    )
    const { root, proofs } = sortedTree(structs)
    const signed = RECEIPT_SIGNER.sign(typedDigest(DOMAIN, TYPES.ReceiptGroup, { root }))
    return {
      leaf: leaf(n),
      path: proofs[at].map((step) => ({ $bytes: text(step) })),
      signature: { $bytes: text(signed) }
    }
  }
  const alone = proof()
  const grouped = inGroup(2, 1)
  const free = `0x${'00'.repeat(32)}`
  const bad = (name, error, over) => ({ name, requirement: 'BOND-R1', proof: proof(over), error })
  return {
    chainId: CHAIN_ID,
    escrow: DOMAIN.verifyingContract,
    receiptSigner: RECEIPT_SIGNER.address,
    valid: [
      { name: 'two answers for one place', proof: alone },
      { name: 'the second signed in a group', proof: { ...alone, b: grouped } },
      { name: 'each in a group of its own', proof: { ...alone, a: inGroup(1, 0), b: grouped } }
    ],
    invalid: [
      bad('one receipt twice', 'RECEIPT_INVALID', { b: 1 }),
      bad('two free calls', 'RECEIPT_INVALID', { id: free, seq: 0 }),
      bad('two places', 'SIGNATURE_INVALID', { seqB: 4 }),
      bad('a first receipt by another', 'SIGNATURE_INVALID', {
        byA: OPERATOR,
        byB: RECEIPT_SIGNER
      }),
      bad('a second receipt by another', 'SIGNATURE_INVALID', { byB: OPERATOR }),
      {
        name: 'a path of another receipt',
        requirement: 'RECEIPT-R6',
        proof: { ...alone, b: { ...grouped, path: inGroup(2, 0).path } },
        error: 'SIGNATURE_INVALID'
      },
      {
        name: 'a receipt of a group without its path',
        requirement: 'RECEIPT-R6',
        proof: { ...alone, b: { leaf: grouped.leaf, signature: grouped.signature } },
        error: 'SIGNATURE_INVALID'
      }
    ]
  }
}
