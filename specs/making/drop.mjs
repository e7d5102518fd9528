// 09-reward: the Merkle-sum tree and the drop record.
import { domainOf } from './base.mjs'
import { channelId, signedVoucher } from './channel.mjs'
import { chainKey } from './manifest.mjs'
import { OPERATOR } from './model.mjs'
import { NOBODY } from './reward.mjs'
import {
  abi,
  account,
  CHAIN_ID,
  cidOf,
  encode,
  fill,
  hex,
  json,
  keccak,
  NOW_MS,
  OTHER,
  POOL,
  separatorOf,
  someCid,
  TOKEN,
  text,
  typedDigest,
  wei
} from './tools.mjs'

const VETO = 'DropVeto(bytes32 pool,uint64 dropSeq,bytes32 root)'

export function sumTree(leaves) {
  const node = (left, right) => ({
    hash: keccak(Buffer.concat([half(left), half(right)])),
    sum: left.sum + right.sum,
    below: [...left.below, ...right.below]
  })
  const proofs = leaves.map(() => [])
  let level = leaves.map(({ account: who, cumulativeWei }, i) => ({
    hash: keccak(keccak(abi(['address', 'uint256'], [who.text, cumulativeWei.amount]))),
    sum: cumulativeWei.amount,
    below: [i]
  }))
  while (level.length > 1) {
    const next = []
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i], level[i + 1]]
      if (right === undefined) {
        next.push(left)
        continue
      }
      for (const leaf of left.below) proofs[leaf].push(step(right, false))
      for (const leaf of right.below) proofs[leaf].push(step(left, true))
      next.push(node(left, right))
    }
    level = next
  }
  return { root: level[0]?.hash ?? fill(32, 0), total: level[0]?.sum ?? 0n, proofs }
}

// Its sum in 12 bytes, and 24 bytes of its hash.
const half = ({ hash, sum }) =>
  Buffer.concat([
    Buffer.from(sum.toString(16).padStart(24, '0'), 'hex'),
    Buffer.from(hash).subarray(0, 24)
  ])

const step = ({ hash, sum }, isLeft) => ({
  hash: `0x${text(hash)}`,
  sumWei: { $wei: `${sum}` },
  isLeft
})

function leafList(count, first = 0n) {
  const accounts = [NOBODY, ...[1, 2, 3, 4, 5].map((n) => account(n).address)].sort()
  return accounts.slice(0, count).map((who, i) => ({
    account: hex(who),
    cumulativeWei: wei(first + BigInt(i + 1) * 10n ** 15n)
  }))
}

export function dropTree() {
  const trees = [0, 1, 2, 3, 5, 6].map((count) => ({
    leaves: leafList(count),
    ...sumTree(leafList(count))
  }))
  const five = trees[4]
  const [leaf, proof] = [five.leaves[2], five.proofs[2]]
  const wrong = (name, change) => ({
    name,
    requirement: 'CLAIM-R1',
    root: `0x${text(five.root)}`,
    totalWei: { $wei: `${five.total}` },
    leaf: json(leaf),
    proof,
    error: 'DROP_INVALID',
    ...change
  })
  const [first, ...rest] = proof
  return {
    valid: trees.map(({ leaves, root, total, proofs }) => ({
      leaves: json(leaves),
      root: `0x${text(root)}`,
      totalWei: { $wei: `${total}` },
      proofs
    })),
    invalid: [
      wrong('a higher amount', { leaf: json({ ...leaf, cumulativeWei: wei(9n * 10n ** 15n) }) }),
      wrong('another account', { leaf: json({ ...leaf, account: hex(OTHER) }) }),
      wrong('a sibling on the other side', {
        proof: [{ ...first, isLeft: !first.isLeft }, ...rest]
      }),
      wrong('a sum changed', { proof: [{ ...first, sumWei: { $wei: '1' } }, ...rest] }),
      wrong('a proof cut short', { proof: rest }),
      wrong('another total', { totalWei: { $wei: `${five.total + 1n}` } }),
      wrong('the unassigned leaf', { leaf: json(five.leaves[0]), proof: five.proofs[0] })
    ]
  }
}

export const poolParts = {
  chainId: CHAIN_ID,
  contract: hex(POOL),
  operator: hex(OPERATOR.address),
  auditor: hex(`0x${chainKey}`),
  token: hex(TOKEN)
}

export function drop() {
  const make = (leaves, change = {}) => {
    const total = leaves.reduce((sum, leaf) => sum + leaf.cumulativeWei.amount, 0n)
    const top = {
      channelId,
      cumulativeWei: 10n ** 18n,
      royaltyWei: 3n * 10n ** 17n,
      receipts: 1,
      receiptsRoot: `0x${'77'.repeat(32)}`
    }
    return {
      version: 1,
      pool: poolParts,
      leaves,
      totalWei: wei(total),
      channels: [
        {
          channelId: hex(channelId),
          voucher: signedVoucher(top).data,
          capturedWei: wei(total),
          isClosed: false
        }
      ],
      createdAtMs: NOW_MS,
      ...change
    }
  }
  const first = make(leafList(3))
  const second = make(leafList(4, 5n), { previous: cidOf(encode(first)), createdAtMs: NOW_MS + 1 })
  const digest = typedDigest(domainOf('RewardPool', POOL), VETO, {
    pool: poolId(),
    dropSeq: 1,
    root: sumTree(first.leaves).root
  })
  const bad = (requirement, name, record, error) => ({
    name,
    requirement,
    bytes: text(encode(record)),
    error
  })
  const wrong = (name, record) => bad('DROP-R2', name, record, 'DROP_INVALID')
  const follows = (name, record) => bad('DROP-R3', name, record, 'DROP_INVALID')
  const shrunk = leafList(4, 5n).map((leaf, i) =>
    i === 2 ? { ...leaf, cumulativeWei: wei(1) } : leaf
  )
  const [channel] = first.channels
  return {
    valid: [
      ['the first', first],
      ['the second', second]
    ].map(([name, record]) => {
      const data = encode(record)
      return { name, input: json(record), bytes: text(data), cid: cidOf(data).toString() }
    }),
    invalid: [
      bad(
        'DROP-R1',
        'a chain id of zero',
        { ...first, pool: { ...poolParts, chainId: 0 } },
        'RECORD_MALFORMED'
      ),
      bad(
        'DROP-R1',
        'a voucher of 167 bytes',
        { ...first, channels: [{ ...channel, voucher: fill(167, 1) }] },
        'RECORD_MALFORMED'
      ),
      wrong('leaves out of order', { ...first, leaves: [...first.leaves].reverse() }),
      wrong('an account twice', {
        ...first,
        leaves: [first.leaves[0], first.leaves[0], first.leaves[2]]
      }),
      wrong('a leaf of nothing', {
        ...first,
        leaves: [...first.leaves, { account: hex(`0x${'ff'.repeat(20)}`), cumulativeWei: wei(0) }]
      }),
      wrong('a total that is not the sum', { ...first, totalWei: wei(1) }),
      wrong('a total that was not captured', {
        ...first,
        channels: [{ ...channel, capturedWei: wei(1) }]
      }),
      wrong('a channel twice', {
        ...first,
        channels: [channel, { ...channel, capturedWei: wei(0) }]
      }),
      wrong('a voucher of another channel', {
        ...first,
        channels: [{ ...channel, channelId: hex(`0x${'01'.repeat(32)}`) }]
      })
    ],
    followers: {
      previous: text(encode(first)),
      accepted: text(encode(second)),
      refused: [
        follows('another previous drop', { ...second, previous: someCid(1) }),
        follows('another pool', { ...second, pool: { ...poolParts, token: hex(OTHER) } }),
        follows('an account that shrank', make(shrunk, { previous: cidOf(encode(first)) })),
        follows(
          'an account that is gone',
          make(leafList(2, 10n ** 18n), { previous: cidOf(encode(first)) })
        )
      ]
    },
    pool: { parts: json(poolParts), id: poolId() },
    veto: {
      separator: text(separatorOf(domainOf('RewardPool', POOL))),
      value: { pool: poolId(), dropSeq: 1, root: `0x${text(sumTree(first.leaves).root)}` },
      digest: text(digest),
      account: account(1).address,
      signature: text(account(1).sign(digest))
    }
  }
}

export function poolId() {
  const words = abi(
    ['address', 'bytes32', 'address'],
    [poolParts.operator.text, poolParts.auditor.text, poolParts.token.text]
  )
  return `0x${text(keccak(words))}`
}
