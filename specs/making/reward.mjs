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

const LEAST = 500_000

/** Shapley by its definition: the mean marginal over every order of the players, as a fraction. */
function shapley(sentences) {
  const players = [...new Set(sentences.flatMap(({ supports }) => supports.map((s) => s.passage)))]
  const worth = (coalition) =>
    sentences.reduce((sum, { left, supports }) => {
      const sims = supports
        .filter(({ passage, simPpm }) => coalition.has(passage) && simPpm >= LEAST)
        .map(({ simPpm }) => simPpm)
      return sum + BigInt(left) * BigInt(Math.max(0, ...sims))
    }, 0n)
  const total = new Map(players.map((player) => [player, 0n]))
  for (const order of permutations(players)) {
    const coalition = new Set()
    for (const player of order) {
      const before = worth(coalition)
      coalition.add(player)
      total.set(player, total.get(player) + worth(coalition) - before)
    }
  }
  return total
}

function permutations(items) {
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) =>
    permutations(items.filter((_, k) => k !== i)).map((rest) => [item, ...rest])
  )
}

/** The lines of an answer: word by word, then the game over the words that no span has. */
export function coverage({ passages, spans, sentences }) {
  const all = sentences.reduce((sum, { words }) => sum + words, 0)
  const taken = new Array(all).fill(undefined)
  for (const { from, words, passage } of spans) taken.fill(passage, from, from + words)
  const open = sentences.map(({ words, supports }, i) => {
    const from = sentences.slice(0, i).reduce((sum, one) => sum + one.words, 0)
    const left = taken.slice(from, from + words).filter((one) => one === undefined).length
    return { left, supports: supports.filter(({ simPpm }) => simPpm >= LEAST) }
  })
  const played = open.filter(({ left, supports }) => left > 0 && supports.length > 0)
  const values = shapley(played)
  const supported = played.reduce((sum, { left }) => sum + BigInt(left), 0n)
  const whole = [...values.values()].reduce((a, b) => a + b, 0n) || 1n
  // Everything over one denominator, one PPM for each step that can be passed on.
  const steps = PPM ** BigInt(passages.length)
  const denominator = whole * BigInt(all || 1) * steps
  const held = (basis) =>
    passages.map((_, place) =>
      basis === 'span'
        ? BigInt(taken.filter((one) => one === place).length) * whole * steps
        : (values.get(place) ?? 0n) * supported * steps
    )
  const lines = ['span', 'retrieved'].flatMap((basis) => {
    const parts = held(basis)
    for (let place = passages.length - 1; place >= 0; place--) {
      const { upstream, upstreamPpm } = passages[place]
      if (upstream === undefined) continue
      const part = (parts[place] * BigInt(upstreamPpm)) / PPM
      parts[place] -= part
      parts[upstream] += part
    }
    return parts.map((n, place) => ({ basis, id: passages[place].contribution, n: n * PPM }))
  })
  const ranked = lines
    .filter(({ n }) => n > 0n)
    .sort((a, b) =>
      a.n !== b.n
        ? a.n > b.n
          ? -1
          : 1
        : a.id !== b.id
          ? a.id < b.id
            ? -1
            : 1
          : a.basis < b.basis
            ? -1
            : 1
    )
    .slice(0, 63)
  const rest = denominator * PPM - ranked.reduce((sum, { n }) => sum + n, 0n)
  const shares = [...ranked, { n: rest }].map((line) => ({
    ...line,
    ppm: line.n / denominator,
    fraction: line.n % denominator
  }))
  let left = PPM - shares.reduce((given, { ppm }) => given + ppm, 0n)
  const byFraction = [...shares].sort((a, b) =>
    a.fraction === b.fraction ? 0 : a.fraction > b.fraction ? -1 : 1
  )
  for (const share of byFraction) if (left-- > 0n) share.ppm += 1n
  return shares
    .filter(({ ppm }) => ppm > 0n)
    .map(({ id, basis, ppm }) =>
      id === undefined
        ? { basis: 'unattributed', ppm: Number(ppm) }
        : { contribution: id, account: ownerOf(id), basis, ppm: Number(ppm) }
    )
}

const IDS = [40, 41, 42].map((n) => someCid(n).toString())
const ownerOf = (id) => account(20 + IDS.indexOf(id)).address

export function credits() {
  const [a] = IDS
  const plain = IDS.map((contribution) => ({ contribution }))
  const chained = [
    { contribution: IDS[0] },
    { contribution: IDS[1], upstream: 0, upstreamPpm: 450_000 },
    { contribution: IDS[2], upstream: 1, upstreamPpm: 700_000 }
  ]
  const supports = (...pairs) => pairs.map(([passage, simPpm]) => ({ passage, simPpm }))
  const span = (from, words, passage) => ({ from, words, bits: 70_000, passage })
  const of = (sentences, spans = [], passages = plain) => ({
    ...{ compared: 12, passages, spans },
    sentences: sentences.map(([words, ...pairs]) => ({ words, supports: supports(...pairs) }))
  })
  const cases = {
    'nothing was said': of([]),
    'nobody supports anything': of([[10]]),
    'one contribution supports everything': of([[10, [0, 800_000]]]),
    'a support below the threshold': of([[10, [0, 499_999]]]),
    'two alike share equally': of([[10, [0, 900_000], [1, 900_000]]]),
    'the better one gets the rise': of([[10, [0, 900_000], [1, 500_000]]]),
    'three share a remainder': of([[7, [0, 700_000], [1, 700_000], [2, 700_000]]]),
    'one sentence is unsupported': of([
      [30, [0, 900_000], [1, 540_000]],
      [11, [1, 650_000], [2, 510_001]],
      [19]
    ]),
    'two supports by one passage are one player': of([
      [5, [0, 500_000], [0, 800_000], [1, 800_000]]
    ]),
    'a span is its passage’s alone': of([[12, [1, 900_000]]], [span(0, 12, 0)]),
    'the words beside a span are played for': of(
      [[12, [1, 900_000], [2, 600_000]], [7], [9, [2, 800_000]]],
      [span(2, 6, 0), span(10, 5, 1)]
    ),
    'a span over two sentences': of([[6], [8, [2, 1_000_000]]], [span(3, 8, 0)]),
    'a derivative hands on what it earns': of(
      [[10, [1, 900_000]], [10]],
      [span(10, 10, 2)],
      chained
    )
  }
  return {
    owners: Object.fromEntries(IDS.map((id) => [id, ownerOf(id)])),
    valid: Object.entries(cases).map(([name, evidence]) => ({
      name,
      evidence,
      credits: coverage(evidence)
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

function splitOf(royalty, lines, { curators, curation, treasuries }) {
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
  const curators_ = curation === undefined ? curators : []
  if (curation === undefined && curators.length === 0) treasury += part(policy.curatorsPpm)
  for (const who of curators_) add(who, part(policy.curatorsPpm) / BigInt(curators.length))
  for (const { account: who, ppm } of (curation ?? []).flat()) {
    add(who, (part(policy.curatorsPpm) * BigInt(ppm)) / PPM / BigInt(curation.length))
  }
  if (treasuries.length === 0) add(NOBODY, treasury)
  for (const who of treasuries) add(who, treasury / BigInt(treasuries.length))
  return shares
}

const byAccount = (shares) => Object.fromEntries([...shares].sort().map(([k, v]) => [k, `${v}`]))

export function split() {
  const share = (account, ppm) => ({ account, ppm })
  const lines = [
    { contribution: IDS[0], account: ownerOf(IDS[0]), basis: 'retrieved', ppm: 333_333 },
    { contribution: IDS[1], account: ownerOf(IDS[1]), basis: 'retrieved', ppm: 333_333 },
    { basis: 'unattributed', ppm: 333_334 }
  ]
  const cases = [
    { name: 'every party', royaltyWei: 1_000_003n, curators: CURATORS, treasuries: [TREASURY] },
    { name: 'no curators', royaltyWei: 7n, curators: [], treasuries: [TREASURY] },
    { name: 'no treasury', royaltyWei: 7n, curators: CURATORS, treasuries: [] },
    {
      name: 'curators by their reviews',
      royaltyWei: 1_000_003n,
      curators: CURATORS,
      curation: [[share(CURATORS[0], 700_001), share(CURATORS[1], 299_999)]],
      treasuries: [TREASURY]
    },
    {
      name: 'two Datanets, one of them by reviews',
      royaltyWei: 7n,
      curators: CURATORS,
      curation: [
        [share(CURATORS[1], 1_000_000)],
        [share(CURATORS[0], 500_000), share(CURATORS[1], 500_000)]
      ],
      treasuries: [TREASURY]
    },
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
