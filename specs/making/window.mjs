// 07-channel: the window, played through by the words of the page for both sides.
import { ZERO_HASH } from './channel.mjs'
import { mountainsRoot } from './receipt.mjs'
import { keccak, utf8 } from './tools.mjs'

const parts = (amount, ppm) => {
  const royalty = (amount * BigInt(ppm)) / 1_000_000n
  return { operator: amount - royalty, royalty }
}
const sum = (list) =>
  list.reduce(
    (all, one) => ({ operator: all.operator + one.operator, royalty: all.royalty + one.royalty }),
    {
      operator: 0n,
      royalty: 0n
    }
  )
const larger = (a, b) => (a > b ? a : b)
const shown = (amount) => ({ $wei: `${amount}` })

/** What a payer signs next: of each part the greater of what it signed and what its calls come to. */
function payer() {
  const calls = new Map()
  let signed = { operator: 0n, royalty: 0n }
  let leaves = []
  return {
    begin: (id, ppm) => calls.set(id, { ppm, amount: 0n }),
    cover: (id, upto) => {
      calls.get(id).amount = larger(calls.get(id).amount, upto)
    },
    settle(id, price, leaf) {
      calls.get(id).amount = price
      leaves = [...leaves, leaf]
    },
    voucher() {
      const due = sum([...calls.values()].map(({ amount, ppm }) => parts(amount, ppm)))
      signed = {
        operator: larger(signed.operator, due.operator),
        royalty: larger(signed.royalty, due.royalty)
      }
      return {
        cumulativeWei: shown(signed.operator + signed.royalty),
        royaltyWei: shown(signed.royalty),
        receipts: leaves.length,
        receiptsRoot: mountainsRoot(leaves)
      }
    }
  }
}

/** Two calls at once, a surplus that a third one uses up, and every receipt committed. */
function story() {
  const side = payer()
  const steps = []
  const costs = new Map()
  const leaves = []
  let spent = 0n
  const say = (step) => steps.push({ ...step, spentWei: shown(spent) })
  const begin = (callId, maxWei, royaltyPpm) => {
    side.begin(callId, royaltyPpm)
    costs.set(callId, 0n)
    say({ do: 'begin', callId, maxWei: shown(maxWei), royaltyPpm })
  }
  const cover = (callId, upto) => {
    side.cover(callId, upto)
    say({ do: 'cover', callId, coveredWei: shown(upto), voucher: side.voucher() })
  }
  const deliver = (callId, cost) => {
    costs.set(callId, costs.get(callId) + cost)
    spent += cost
    say({ do: 'deliver', callId, costWei: shown(cost) })
  }
  const finish = (callId) => {
    const leaf = keccak(utf8(callId))
    leaves.push(leaf)
    side.settle(callId, costs.get(callId), leaf)
    say({
      do: 'finish',
      callId,
      priceWei: shown(costs.get(callId)),
      leaf: Buffer.from(leaf).toString('hex'),
      receiptsRoot: mountainsRoot(leaves)
    })
  }
  begin('a', 5_000n, 300_000)
  cover('a', 1_000n)
  deliver('a', 700n)
  begin('b', 5_000n, 333_333)
  cover('b', 1_001n)
  deliver('b', 901n)
  cover('a', 1_400n)
  deliver('a', 701n)
  finish('b')
  finish('a')
  begin('c', 5_000n, 300_000)
  cover('c', 99n)
  deliver('c', 99n)
  finish('c')
  say({ do: 'commit', voucher: side.voucher() })
  return { depositWei: shown(20_000n), steps }
}

/** One call of 1 000 wei at most so far, 700 of it delivered, and what is refused in that state. */
function refusals() {
  const opened = {
    depositWei: shown(6_000n),
    callId: 'a',
    maxWei: shown(5_000n),
    royaltyPpm: 300_000,
    coveredWei: shown(1_000n),
    deliveredWei: shown(700n)
  }
  const voucher = (cumulative, royalty, receipts = 0, receiptsRoot = ZERO_HASH) => ({
    cumulativeWei: shown(cumulative),
    royaltyWei: shown(royalty),
    receipts,
    receiptsRoot
  })
  const root = `0x${'11'.repeat(32)}`
  const more = (name, requirement, error, one, coveredWei) => ({
    name,
    requirement,
    error,
    voucher: one,
    ...(coveredWei === undefined ? {} : { coveredWei: shown(coveredWei) })
  })
  return {
    opened: { ...opened, voucher: voucher(1_000n, 300n) },
    vouchers: [
      more('above the deposit', 'VOUCHER-R4', 'VOUCHER_OVERFLOWS', voucher(6_001n, 1_801n)),
      more(
        'for a receipt that nobody issued',
        'VOUCHER-R5',
        'RECEIPT_UNKNOWN',
        voucher(1_000n, 300n, 1, root)
      ),
      more(
        'with too little royalty',
        'VOUCHER-R6',
        'VOUCHER_ROYALTY_LOW',
        voucher(1_200n, 359n),
        1_200n
      ),
      more(
        'with too little for the operator',
        'VOUCHER-R6',
        'VOUCHER_INSUFFICIENT',
        voucher(1_199n, 360n),
        1_200n
      ),
      more(
        'short of both parts',
        'VOUCHER-R6',
        'VOUCHER_ROYALTY_LOW',
        voucher(1_100n, 330n),
        1_200n
      ),
      more(
        'with more royalty and less for the operator',
        'VOUCHER-R3',
        'VOUCHER_STALE',
        voucher(1_000n, 301n)
      ),
      more(
        'that covers more than the call may cost',
        'WINDOW-R3',
        'SPENDING_LIMIT',
        voucher(5_001n, 1_500n),
        5_001n
      )
    ],
    calls: [
      {
        name: 'of the same id',
        requirement: 'CALL-R4',
        error: 'CALL_CONFLICT',
        callId: 'a',
        maxWei: shown(1n)
      },
      {
        name: 'of more than is left beside what is spent and reserved',
        requirement: 'WINDOW-R1',
        error: 'DEPOSIT_INSUFFICIENT',
        callId: 'b',
        maxWei: shown(1_001n)
      }
    ],
    chunks: [
      {
        name: 'beyond the voucher',
        requirement: 'WINDOW-W1',
        error: 'VOUCHER_INSUFFICIENT',
        costWei: shown(301n)
      }
    ],
    accepted: { call: { callId: 'b', maxWei: shown(1_000n) }, chunk: { costWei: shown(300n) } }
  }
}

export const window = () => ({ ...story(), refused: refusals() })
