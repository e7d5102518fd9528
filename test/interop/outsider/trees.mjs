// The three trees of chapters 02, 08 and 09, and the rendezvous keys of chapter 05.
import { keccak_256 } from '@noble/hashes/sha3.js'
import { AbiCoder, keccak256 } from 'ethers'
import { cidOf, concat, digestOf, hex, refuse, sha2, unhex, utf8 } from './codec.mjs'

const ZERO = new Uint8Array(32)
const abi = (types, values) => AbiCoder.defaultAbiCoder().encode(types, values)
const keccak = (...parts) => keccak_256(concat(...parts))
const prefix = (byte) => Uint8Array.of(byte)

function uint64(value) {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

/** Peaks of the accumulator over leaves (bytes), the largest tree first. */
export function peaksOf(leaves) {
  const peaks = []
  let at = 0
  for (let size = 2 ** Math.floor(Math.log2(leaves.length || 1)); size >= 1; size /= 2) {
    if (leaves.length - at < size) continue
    let level = leaves.slice(at, at + size).map((leaf) => keccak(prefix(0), leaf))
    while (level.length > 1) level = pairs(level, (a, b) => keccak(prefix(1), a, b))
    peaks.push(level[0])
    at += size
  }
  return peaks
}

const bagPeaks = (count, peaks) => (count === 0 ? ZERO : keccak(prefix(2), uint64(count), ...peaks))
export const accumulatorRoot = (leaves) => bagPeaks(leaves.length, peaksOf(leaves))

/** Whether `leaf` stands at `index` of `count` leaves under `root`. */
export function isAccumulated({ leaf, index, count, root, path, peaks }) {
  let first = 0
  let peak = 0
  for (let size = 2 ** 52; size >= 1; size /= 2) {
    if (Math.floor(count / size) % 2 === 0) continue
    if (index >= first + size) {
      first += size
      peak += 1
      continue
    }
    return climbs({ leaf, at: index - first, size, path, goal: peaks[peak] }) && bags()
  }
  return false

  function bags() {
    const ones = count.toString(2).replaceAll('0', '').length
    return peaks.length === ones && hex(bagPeaks(count, peaks)) === hex(root)
  }
}

function climbs({ leaf, at, size, path, goal }) {
  if (goal === undefined || 2 ** path.length !== size) return false
  let node = keccak(prefix(0), leaf)
  for (const sibling of path) {
    const [left, right] = at % 2 === 0 ? [node, sibling] : [sibling, node]
    node = keccak(prefix(1), left, right)
    at = Math.floor(at / 2)
  }
  return hex(node) === hex(goal)
}

function pairs(level, join) {
  const next = []
  for (let at = 0; at < level.length; at += 2) {
    next.push(at + 1 < level.length ? join(level[at], level[at + 1]) : level[at])
  }
  return next
}

const contributionLeaf = (cid, row) =>
  unhex(keccak256(keccak256(abi(['bytes32', 'uint256'], [digestOf(cid), row]))))

const sortedPair = (a, b) => (hex(a) < hex(b) ? keccak(a, b) : keccak(b, a))

export function contributionsRoot(cids) {
  let level = cids.map(contributionLeaf)
  while (level.length > 1) level = pairs(level, sortedPair)
  return level[0] ?? ZERO
}

/** Where a path leads to from a leaf, each pair in ascending order. */
export const rootOf = (leaf, path) => path.reduce(sortedPair, leaf)

export const isInRow = ({ contribution, row, root, proof }) =>
  hex(rootOf(contributionLeaf(contribution, row), proof)) === hex(root)

function dropLeaf({ account, cumulativeWei }) {
  const inner = keccak256(abi(['address', 'uint256'], [account, cumulativeWei]))
  return { hash: keccak256(inner), sumWei: cumulativeWei }
}

const half = ({ hash, sumWei }) => [
  unhex(sumWei.toString(16).padStart(24, '0')),
  unhex(hash).subarray(0, 24)
]

const sumPair = (left, right) => ({
  hash: `0x${hex(keccak(...half(left), ...half(right)))}`,
  sumWei: left.sumWei + right.sumWei
})

/** Root and total of the Merkle-sum tree over leaves in order. */
export function dropTree(leaves) {
  let level = leaves.map(dropLeaf)
  while (level.length > 1) level = pairs(level, sumPair)
  return level[0] ?? { hash: `0x${hex(ZERO)}`, sumWei: 0n }
}

/** Refuses a claim whose siblings do not lead to the root and the total. */
export function checkClaim({ leaf, proof, root, totalWei }) {
  const climb = (node, step) => (step.isLeft ? sumPair(step, node) : sumPair(node, step))
  const top = proof.reduce(climb, dropLeaf(leaf))
  const isNobody = BigInt(leaf.account) === 0n
  const leads = top.hash === root && top.sumWei === totalWei
  if (isNobody || !leads) refuse('DROP_INVALID', 'the proof leads elsewhere')
}

const BUCKETS = {
  datanet: 8,
  host: 2,
  model: 4,
  base: 8,
  topic: 8,
  task: 8,
  compute: 2,
  tower: 2,
  index: 2
}
const RAW = 0x55

export function rendezvousKey(kind, value, bucket) {
  const isThere = Number.isInteger(bucket) && bucket >= 0 && bucket < BUCKETS[kind]
  const bytes = utf8(value)
  if (!isThere || bytes.length === 0 || bytes.length > 256) refuse('INPUT_INVALID', kind)
  return cidOf(utf8(`datanet/1:${kind}:${value}:${bucket}`), RAW)
}

export function rendezvousKeys(kind, value) {
  return Array.from({ length: BUCKETS[kind] }, (_, bucket) => rendezvousKey(kind, value, bucket))
}

/** The buckets in which a peer announces itself today: its own, and the day's. */
export function bucketsOf(kind, peer, nowMs = Date.now()) {
  const day = Math.floor(nowMs / 86_400_000)
  const at = (text) => Buffer.from(sha2(utf8(text))).readUInt32BE() % BUCKETS[kind]
  return [...new Set([at(peer), at(`${peer}|${day}`)])]
}
