// Chapter 09: who earned what of a royalty, a channel's fold, and the drop that pays it.
import { AbiCoder, keccak256 } from 'ethers'
import { cidOf, decode, hex, refuse, same, sha2, unhex } from './codec.mjs'
import {
  address,
  atMs,
  bool,
  bytes,
  cid,
  hash,
  int,
  is,
  list,
  map,
  optional,
  record,
  wei
} from './fields.mjs'
import { unwrapReceipt } from './receipt.mjs'
import { receipt } from './records.mjs'
import { accumulatorRoot } from './trees.mjs'

const DROP_LEAVES = 100_000
const DROP_BYTES = 8_388_608
const EQUAL = 144_403_552_893_600n
export const UNITS_PER_WEI = 10n ** 12n * EQUAL
const NOBODY = `0x${'0'.repeat(40)}`

/** Exact shares of a royalty, in units of which a wei has UNITS_PER_WEI. */
export function split({ royaltyWei, policy, credits, builder, curators, curation, treasuries }) {
  const shares = new Map()
  const give = (account, units) => {
    if (units > 0n) shares.set(account, (shares.get(account) ?? 0n) + units)
  }
  const giveAll = (accounts, units, orElse) => {
    if (accounts.length === 0) return orElse(units)
    for (const account of accounts) give(account, units / BigInt(accounts.length))
  }
  const part = (ppm) => royaltyWei * BigInt(ppm) * 10n ** 6n * EQUAL
  const toTreasuries = (units) => giveAll(treasuries, units, (rest) => give(NOBODY, rest))

  for (const { account, ppm } of credits) {
    const units = (part(policy.contributorsPpm) * BigInt(ppm)) / 10n ** 6n
    if (account === undefined) toTreasuries(units)
    else give(account, units)
  }
  give(builder, part(policy.builderPpm))
  if (curation === undefined) giveAll(curators, part(policy.curatorsPpm), toTreasuries)
  for (const { account, ppm } of (curation ?? []).flat()) {
    const whole = part(policy.curatorsPpm) * BigInt(ppm)
    give(account, whole / (10n ** 6n * BigInt(curation.length)))
  }
  toTreasuries(part(policy.treasuryPpm))
  return shares
}

function readReceipts(channelId, all) {
  const bySeq = new Map()
  for (const bytesOfIt of all) {
    const { body } = unwrapReceipt(bytesOfIt)
    const value = receipt.decode(body)
    if (value.channelId !== channelId) refuse('DROP_INVALID', 'a receipt of another channel')
    const before = bySeq.get(value.seq)
    if (before && !same(before.body, body)) refuse('RECORD_EQUIVOCATES', `seq ${value.seq}`)
    bySeq.set(value.seq, { body, value })
  }
  return [...bySeq.values()].sort((a, b) => a.value.seq - b.value.seq)
}

/** What one channel's captured royalty pays to whom, in units. */
export function fold({ channelId, voucher, capturedWei, isClosed, receipts, parties }) {
  const known = readReceipts(channelId, receipts)
  const committed = known.slice(0, voucher.receipts)
  const isRun = committed.every(({ value }, index) => value.seq === index)
  const root = accumulatorRoot(committed.map(({ body }) => sha2(body)))
  const isAll = committed.length === voucher.receipts && isRun
  if (!isAll || `0x${hex(root)}` !== voucher.receiptsRoot) {
    refuse('DROP_INVALID', 'not the receipts that the voucher commits to')
  }
  const shares = new Map()
  const addAll = (more) => {
    for (const [account, units] of more) shares.set(account, (shares.get(account) ?? 0n) + units)
  }
  let leftWei = capturedWei
  const take = (wanted) => {
    const paid = wanted < leftWei ? wanted : leftWei
    leftWei -= paid
    return paid
  }
  for (const { value } of committed) {
    const { credits, builder } = value
    addAll(split({ ...parties, credits, builder, royaltyWei: take(value.royaltyWei) }))
  }
  const treasuryOnly = { contributorsPpm: 0, builderPpm: 0, curatorsPpm: 0, treasuryPpm: 1_000_000 }
  for (const { value } of isClosed ? known.slice(voucher.receipts) : []) {
    const royaltyWei = take(value.royaltyWei)
    addAll(split({ ...parties, policy: treasuryOnly, credits: [], builder: NOBODY, royaltyWei }))
  }
  addAll([[NOBODY, leftWei * UNITS_PER_WEI]])
  return shares
}

/** Leaves of a drop: rounded down per account; fractions are nobody's. */
export function leavesOf(shares) {
  let restUnits = shares.get(NOBODY) ?? 0n
  const leaves = []
  for (const [account, units] of shares) {
    if (account === NOBODY) continue
    restUnits += units % UNITS_PER_WEI
    leaves.push({ account, cumulativeWei: units / UNITS_PER_WEI })
  }
  leaves.push({ account: NOBODY, cumulativeWei: restUnits / UNITS_PER_WEI })
  const byAccount = (a, b) => (a.account < b.account ? -1 : 1)
  return leaves.filter(({ cumulativeWei }) => cumulativeWei > 0n).sort(byAccount)
}

export const drop = record({
  version: is(1),
  pool: map({
    chainId: int(1),
    contract: address,
    operator: address,
    auditor: hash,
    token: address
  }),
  leaves: list(map({ account: address, cumulativeWei: wei }), 0, DROP_LEAVES),
  totalWei: wei,
  channels: list(map({ channelId: hash, voucher: bytes(168), capturedWei: wei, isClosed: bool })),
  previous: optional(cid),
  createdAtMs: atMs
})

const invalid = (what) => refuse('DROP_INVALID', what)
const sumOf = (items, of) => items.reduce((total, item) => total + of(item), 0n)

export function readDrop(bytesOfIt) {
  const value = drop.type.read(decode(bytesOfIt, DROP_BYTES))
  const { leaves, channels, totalWei } = value
  const isOrdered = leaves.every((leaf, at) => at === 0 || leaves[at - 1].account < leaf.account)
  if (!isOrdered || leaves.some((leaf) => leaf.cumulativeWei === 0n)) invalid('its leaves')
  const paid = sumOf(leaves, (leaf) => leaf.cumulativeWei)
  const captured = sumOf(channels, (channel) => channel.capturedWei)
  if (paid !== totalWei || captured !== totalWei) invalid('its total')
  if (new Set(channels.map((c) => c.channelId)).size < channels.length) invalid('a channel twice')
  const isOwn = ({ channelId, voucher }) => same(unhex(channelId), voucher.subarray(0, 32))
  if (!channels.every(isOwn)) invalid('a voucher of another channel')
  return { value, cid: cidOf(bytesOfIt) }
}

/** Refuses a drop that takes from anyone, or that does not follow the one before. */
export function checkFollows(next, before) {
  const [now, then] = [next.value, before.value]
  const isSamePool = Object.keys(then.pool).every((key) => now.pool[key] === then.pool[key])
  if (!isSamePool || now.previous !== before.cid) invalid('it does not follow')
  const has = new Map(now.leaves.map(({ account, cumulativeWei }) => [account, cumulativeWei]))
  const shrank = ({ account, cumulativeWei }) =>
    account !== NOBODY && (has.get(account) ?? 0n) < cumulativeWei
  if (now.totalWei < then.totalWei || then.leaves.some(shrank)) invalid('something shrank')
}

export const poolId = ({ operator, auditor, token }) =>
  keccak256(
    AbiCoder.defaultAbiCoder().encode(['address', 'bytes32', 'address'], [operator, auditor, token])
  )
