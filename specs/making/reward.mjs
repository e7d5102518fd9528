// 08-receipt (credits) and 09-reward: coverage credits, split, fold.

import { channelId } from './channel.mjs'
import { policy } from './manifest.mjs'
import { BUILDER } from './model.mjs'
import { mountainsRoot, receiptRecord, signedReceipt } from './receipt.mjs'
import { account, fill, hex, json, OTHER, someCid, text, wei } from './tools.mjs'

export const NOBODY = `0x${'00'.repeat(20)}`
const OTHER_CHANNEL = `0x${'01'.repeat(32)}`
const PPM = 1_000_000n
const EQUAL_SHARES = 144_403_552_893_600n
const UNITS = PPM * PPM * EQUAL_SHARES
const CURATORS = [1, 2, 3].map((n) => account(n).address).sort()
const TREASURY = account(9).address

/** Shapley by its definition: the mean marginal over every order of the players, as a fraction. */
function shapley(sentences, thresholdPpm) {
  const players = [
    ...new Set(sentences.flatMap(({ supports }) => supports.map((s) => s.contribution)))
  ]
  const worth = (coalition) =>
    sentences.reduce((sum, { weight, supports }) => {
      const sims = supports
        .filter(({ contribution, simPpm }) => coalition.has(contribution) && simPpm >= thresholdPpm)
        .map(({ simPpm }) => simPpm)
      return sum + BigInt(weight) * BigInt(Math.max(0, ...sims))
    }, 0n)
  const total = new Map(players.map((player) => [player, 0n]))
  const orders = permutations(players)
  for (const order of orders) {
    const coalition = new Set()
    for (const player of order) {
      const before = worth(coalition)
      coalition.add(player)
      total.set(player, total.get(player) + worth(coalition) - before)
    }
  }
  return { values: total, orders: BigInt(orders.length) }
}

function permutations(items) {
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) =>
    permutations(items.filter((_, k) => k !== i)).map((rest) => [item, ...rest])
  )
}

function coverage({ sentences, thresholdPpm }) {
  const { values } = shapley(sentences, thresholdPpm)
  const isSupported = ({ supports }) =>
    supports.some(({ simPpm }) => simPpm >= thresholdPpm && simPpm > 0)
  const sum = (list) => list.reduce((all, { weight }) => all + BigInt(weight), 0n)
  const [supported, all] = [sum(sentences.filter(isSupported)), sum(sentences)]
  const whole = [...values.values()].reduce((a, b) => a + b, 0n)
  if (whole === 0n) return [{ basis: 'unattributed', ppm: 1_000_000 }]
  const ranked = [...values]
    .filter(([, value]) => value > 0n)
    .sort(([idA, a], [idB, b]) => (a === b ? (idA < idB ? -1 : 1) : a > b ? -1 : 1))
  const denominator = whole * all
  const shares = ranked.map(([id, value]) => ({ id, n: value * supported * PPM }))
  const rest = denominator * PPM - shares.reduce((left, { n }) => left + n, 0n)
  const lines = [...shares, { n: rest }].map(({ id, n }) => ({
    id,
    ppm: n / denominator,
    fraction: n % denominator
  }))
  let left = PPM - lines.reduce((given, { ppm }) => given + ppm, 0n)
  const byFraction = lines.map((_, i) => i)
  byFraction.sort((a, b) =>
    lines[a].fraction === lines[b].fraction ? a - b : lines[a].fraction > lines[b].fraction ? -1 : 1
  )
  for (const i of byFraction) if (left-- > 0n) lines[i].ppm += 1n
  return lines
    .filter(({ ppm }) => ppm > 0n)
    .map(({ id, ppm }) =>
      id === undefined
        ? { basis: 'unattributed', ppm: Number(ppm) }
        : { contribution: id, account: ownerOf(id), basis: 'retrieved', ppm: Number(ppm) }
    )
}

const IDS = [40, 41, 42].map((n) => someCid(n).toString())
const ownerOf = (id) => account(20 + IDS.indexOf(id)).address

export function credits() {
  const [a, b, c] = IDS
  const supports = (...pairs) => pairs.map(([contribution, simPpm]) => ({ contribution, simPpm }))
  const cases = {
    'nobody supports anything': [{ weight: 10, supports: [] }],
    'one contribution supports everything': [{ weight: 10, supports: supports([a, 800_000]) }],
    'a support below the threshold': [{ weight: 10, supports: supports([a, 299_999]) }],
    'two alike share equally': [{ weight: 10, supports: supports([a, 900_000], [b, 900_000]) }],
    'the better one gets the rise': [
      { weight: 10, supports: supports([a, 900_000], [b, 500_000]) }
    ],
    'three share a remainder': [
      { weight: 7, supports: supports([a, 700_000], [b, 700_000], [c, 700_000]) }
    ],
    'one sentence is unsupported': [
      { weight: 30, supports: supports([a, 900_000], [b, 400_000]) },
      { weight: 11, supports: supports([b, 650_000], [c, 310_001]) },
      { weight: 19, supports: [] }
    ],
    'two passages of one contribution are one player': [
      { weight: 5, supports: supports([a, 500_000], [a, 800_000], [b, 800_000]) }
    ]
  }
  return {
    thresholdPpm: 300_000,
    owners: Object.fromEntries(IDS.map((id) => [id, ownerOf(id)])),
    valid: Object.entries(cases).map(([name, sentences]) => ({
      name,
      sentences,
      credits: coverage({ sentences, thresholdPpm: 300_000 })
    })),
    invalid: [
      { name: 'no credits', credits: [] },
      { name: 'less than the whole', credits: [{ basis: 'unattributed', ppm: 999_999 }] },
      { name: 'more than the whole', credits: [{ basis: 'unattributed', ppm: 1_000_001 }] },
      {
        name: 'a negative line',
        credits: [
          { contribution: a, account: ownerOf(a), basis: 'retrieved', ppm: -1 },
          { basis: 'unattributed', ppm: 1_000_001 }
        ]
      },
      {
        name: 'a line without an account',
        credits: [{ contribution: a, basis: 'span', ppm: 1_000_000 }]
      },
      {
        name: 'an unattributed line with an account',
        credits: [{ account: ownerOf(a), basis: 'unattributed', ppm: 1_000_000 }]
      },
      {
        name: 'a line twice',
        credits: [0, 1].map(() => ({
          contribution: a,
          account: ownerOf(a),
          basis: 'retrieved',
          ppm: 500_000
        }))
      }
    ].map((one) => ({ requirement: 'CREDITS-R1', ...one, error: 'ATTRIBUTION_INVALID' }))
  }
}

function splitOf(royalty, lines, { curators, treasuries }) {
  const shares = new Map()
  const add = (who, units) => {
    if (units > 0n) shares.set(who, (shares.get(who) ?? 0n) + units)
  }
  const part = (ppm) => royalty * BigInt(ppm) * PPM * EQUAL_SHARES
  let treasury = part(policy.treasuryPpm)
  for (const line of lines) {
    const units = (part(policy.contributorsPpm) * BigInt(line.ppm)) / PPM
    if (line.account === undefined) treasury += units
    else add(line.account, units)
  }
  add(BUILDER.address, part(policy.builderPpm))
  if (curators.length === 0) treasury += part(policy.curatorsPpm)
  for (const who of curators) add(who, part(policy.curatorsPpm) / BigInt(curators.length))
  if (treasuries.length === 0) add(NOBODY, treasury)
  for (const who of treasuries) add(who, treasury / BigInt(treasuries.length))
  return shares
}

const byAccount = (shares) => Object.fromEntries([...shares].sort().map(([k, v]) => [k, `${v}`]))

export function split() {
  const lines = [
    { contribution: IDS[0], account: ownerOf(IDS[0]), basis: 'retrieved', ppm: 333_333 },
    { contribution: IDS[1], account: ownerOf(IDS[1]), basis: 'retrieved', ppm: 333_333 },
    { basis: 'unattributed', ppm: 333_334 }
  ]
  const cases = [
    { name: 'every party', royaltyWei: 1_000_003n, curators: CURATORS, treasuries: [TREASURY] },
    { name: 'no curators', royaltyWei: 7n, curators: [], treasuries: [TREASURY] },
    { name: 'no treasury', royaltyWei: 7n, curators: CURATORS, treasuries: [] },
    { name: 'the least', royaltyWei: 1n, curators: CURATORS, treasuries: [TREASURY, OTHER] }
  ]
  return {
    unitsPerWei: UNITS.toString(),
    policy,
    builder: BUILDER.address,
    credits: lines,
    valid: cases.map(({ royaltyWei, ...one }) => ({
      ...one,
      royaltyWei: { $wei: `${royaltyWei}` },
      shares: byAccount(splitOf(royaltyWei, lines, one))
    }))
  }
}

async function poolReceipts() {
  const base = await receiptRecord()
  return [
    base,
    { ...base, callId: fill(16, 9), seq: 1, usage: { inputTokens: 5, outputTokens: 1 } }
  ]
}

function leavesOf(shares, poolWei) {
  let rest = poolWei
  const leaves = []
  for (const [who, units] of [...shares].sort()) {
    const amount = units / UNITS
    if (who === NOBODY || amount === 0n) continue
    leaves.push({ account: hex(who), cumulativeWei: wei(amount) })
    rest -= amount
  }
  return rest === 0n ? leaves : [{ account: hex(NOBODY), cumulativeWei: wei(rest) }, ...leaves]
}

export async function fold() {
  const receipts = await poolReceipts()
  const parties = { policy, curators: CURATORS, treasuries: [TREASURY] }
  const signed = receipts.map((record) => signedReceipt(record))
  const royalty = receipts[0].royaltyWei.amount
  const cases = [
    { name: 'everything captured', committed: 2, capturedWei: 2n * royalty, isClosed: false },
    { name: 'the last receipt in part', committed: 2, capturedWei: royalty + 10n, isClosed: false },
    {
      name: 'more than the receipts explain',
      committed: 1,
      capturedWei: 2n * royalty,
      isClosed: false
    },
    {
      name: 'closed with one uncommitted',
      committed: 1,
      capturedWei: 2n * royalty,
      isClosed: true
    },
    { name: 'nothing committed', committed: 0, capturedWei: 5n, isClosed: false }
  ]
  const valid = cases.map(({ name, committed, capturedWei, isClosed }) => {
    const shares = new Map()
    const give = (more) => {
      for (const [who, units] of more) shares.set(who, (shares.get(who) ?? 0n) + units)
    }
    let left = capturedWei
    for (const [i, record] of receipts.entries()) {
      if (i >= committed && !isClosed) continue
      const taken = left < royalty ? left : royalty
      left -= taken
      const lines = record.credits.map((c) => ({ account: c.account?.text, ppm: c.ppm }))
      give(
        i < committed
          ? splitOf(taken, lines, parties)
          : [[TREASURY, taken * UNITS]].filter(([, units]) => units > 0n)
      )
    }
    if (left > 0n) give([[NOBODY, left * UNITS]])
    return {
      name,
      capturedWei: { $wei: `${capturedWei}` },
      isClosed,
      channelId,
      voucher: {
        receipts: committed,
        receiptsRoot: mountainsRoot(signed.slice(0, committed).map(({ leaf }) => leaf))
      },
      receipts: signed.map(({ data }) => text(data)),
      leaves: json(leavesOf(shares, capturedWei))
    }
  })
  const [whole] = valid
  const refused = (requirement, name, change, error) => ({
    ...whole,
    leaves: undefined,
    name,
    requirement,
    ...change,
    error
  })
  const [first, second] = whole.receipts
  const other = signedReceipt({ ...receipts[1], method: 'another/1' })
  return {
    parties,
    valid,
    invalid: [
      refused('FOLD-R1', 'the last receipt is missing', { receipts: [first] }, 'DROP_INVALID'),
      refused('FOLD-R1', 'the first receipt is missing', { receipts: [second] }, 'DROP_INVALID'),
      refused(
        'FOLD-R1',
        'another receipt than the committed one',
        { receipts: [first, text(other.data)] },
        'DROP_INVALID'
      ),
      refused(
        'FOLD-R1',
        'receipts of another channel',
        { channelId: OTHER_CHANNEL },
        'DROP_INVALID'
      ),
      refused(
        'FOLD-R2',
        'two receipts of one place',
        { receipts: [first, second, text(other.data)] },
        'RECORD_EQUIVOCATES'
      )
    ]
  }
}
