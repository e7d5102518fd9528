import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeRecord, fromWire, toWire } from '../../../../protocol/base/schema.ts'
import {
  channelIdOf,
  escrowDomain,
  type Terms,
  termsSchema
} from '../../../../protocol/channel/terms.ts'
import type { SignedOffer } from '../../../../protocol/model/offer.ts'
import { channelReceiptsSchema } from '../../../../protocol/net/channel-receipts.ts'
import type { ExchangePool } from '../../../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../../../protocol/net/ids.ts'
import {
  type CallRequest,
  encodeRequest,
  invokeAskSchema,
  invokeEndSchema,
  invokeMoreSchema,
  invokePartSchema
} from '../../../../protocol/net/invoke.ts'
import {
  accumulatorRoot,
  appendLeaves,
  EMPTY_ACCUMULATOR
} from '../../../../protocol/receipt/accumulator.ts'
import { decodeReceipt } from '../../../../protocol/receipt/receipt.ts'
import { receiptLeaf } from '../../../../protocol/receipt/receipt-signature.ts'
import { createOnlooker, type Onlooker } from '../../../fixtures/onlooker.ts'
import { createPaidWorld, type PaidWorld } from '../../../fixtures/paid-world.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

let paid: PaidWorld
let pool: ExchangePool
let signed: SignedOffer
let channel: Onlooker['channel']
let voucher: Onlooker['voucher']
let request: Onlooker['request']

beforeAll(async () => {
  paid = await createPaidWorld()
  ;({ pool, signed, channel, voucher, request } = await createOnlooker(paid))
})
afterAll(() => paid?.stop())

/** One ask by hand, with what its parts say; every need is met, or only as often as `payments` says. */
async function asked(
  terms: Terms,
  request: CallRequest,
  init: { from?: number; voucher?: Uint8Array; payments?: number } = {}
) {
  const { payments = Number.POSITIVE_INFINITY, ...ask } = init
  const value = { request: encodeRequest(request), terms: encodeRecord(termsSchema, terms), ...ask }
  const exchange = pool.ask(paid.provider.peerId, PROTOCOLS.invoke, toWire(invokeAskSchema, value))
  const chunks: string[] = []
  const hungry = Promise.withResolvers<void>()
  let met = 0
  const read = (async () => {
    for await (const value of exchange.parts) {
      const part = fromWire(invokePartSchema, value)
      if ('chunk' in part) chunks.push(part.chunk)
      else if (met === payments) hungry.resolve()
      else {
        met += 1
        const more = voucher(terms, { cumulativeWei: part.needWei })
        const { callId } = request
        const paying = { voucher: more, callId, coveredWei: part.needWei }
        await exchange.send(toWire(invokeMoreSchema, paying))
      }
    }
    const end = fromWire(invokeEndSchema, await exchange.end)
    return { chunks, end, receipt: decodeReceipt(end.receipt).receipt }
  })()
  read.catch(() => {})
  return { read, hungry: hungry.promise, chunks }
}

async function answered(...call: Parameters<typeof asked>) {
  return (await asked(...call)).read
}

async function receiptsOf(channelId: string, from = 0) {
  const ask = toWire(invokeAskSchema, { receipts: { channelId, from } })
  const exchange = pool.ask(paid.provider.peerId, PROTOCOLS.invoke, ask)
  const out: Uint8Array[] = []
  for await (const part of exchange.parts) {
    out.push(...fromWire(channelReceiptsSchema, part).receipts)
  }
  await exchange.end
  return out
}

const idOf = (terms: Terms) => {
  const { chainId, escrow } = signed.offer.payment
  return channelIdOf(escrowDomain(chainId, escrow), terms)
}

// REPLAY-W1, REPLAY-W2, REPLAY-R1
test('an ended call is shown again for nothing, until its receipt is committed', async () => {
  const terms = await channel()
  const own = request()
  const first = await answered(terms, own, { voucher: voucher(terms) })
  expect(first.receipt).toMatchObject({ outcome: 'answered', seq: 0 })
  for (const from of [0, 1, first.chunks.length, 99]) {
    const again = await answered(terms, own, { from })
    expect(again.chunks).toEqual(first.chunks.slice(from))
    expect(again.end).toEqual(first.end)
  }
  const other = { ...own, messages: [{ role: 'user' as const, content: 'Another?' }] }
  expect(await refusal(() => answered(terms, other, { from: 0 }))).toBe('CALL_CONFLICT')
  expect(await refusal(() => answered(terms, own, { voucher: voucher(terms) }))).toBe(
    'CALL_CONFLICT'
  )
  const leaf = receiptLeaf(decodeReceipt(first.end.receipt).body)
  const receiptsRoot = accumulatorRoot(appendLeaves(EMPTY_ACCUMULATOR, leaf))
  const { priceWei } = first.receipt
  const { openWei, maxChunkWei } = signed.offer
  const cumulativeWei = priceWei > openWei + maxChunkWei ? priceWei : openWei + maxChunkWei
  const commit = voucher(terms, { receipts: 1, receiptsRoot, cumulativeWei })
  await pool.request(
    paid.provider.peerId,
    PROTOCOLS.invoke,
    toWire(invokeAskSchema, { terms: encodeRecord(termsSchema, terms), commit })
  )
  await expect
    .poll(async () => (await answered(terms, own, { from: 0 })).end, { timeout: 5_000 })
    .toEqual({
      receipt: first.end.receipt,
      citations: [],
      isForgotten: true
    })
  expect(await refusal(() => answered(terms, other, { from: 0 }))).toBe('CALL_CONFLICT')
})

// REPLAY-R2
test('a call of which nothing was delivered cannot go on, and can begin once', async () => {
  const terms = await channel()
  const own = request()
  expect(await refusal(() => answered(terms, own, { from: 3, voucher: voucher(terms) }))).toBe(
    'CALL_UNKNOWN'
  )
  expect(await refusal(() => answered(terms, own, { from: 0 }))).toBe('CALL_UNKNOWN')
  const begun = await answered(terms, own, { from: 0, voucher: voucher(terms) })
  const again = await answered(terms, own, { from: 0, voucher: voucher(terms) })
  expect(again).toEqual(begun)
  expect(await receiptsOf(idOf(terms))).toHaveLength(1)
})

test('a call that still runs is taken over: both streams end with one receipt', async () => {
  const terms = await channel()
  const own = request()
  const held = await asked(terms, own, { voucher: voucher(terms), payments: 0 })
  await held.hungry
  const again = await answered(terms, own, { from: 0 })
  expect(again.chunks).toEqual(held.chunks)
  expect(again.receipt.outcome).toBe('cancelled')
  expect((await held.read).end).toEqual(again.end)
  expect(await receiptsOf(idOf(terms))).toHaveLength(1)
})

// RECEIPTS-W1, RECEIPTS-R1
test("a channel's receipts are shown to whoever knows its id, from any place on", async () => {
  const terms = await channel()
  const ends: Uint8Array[] = []
  let cumulativeWei = signed.offer.openWei + signed.offer.maxChunkWei
  for (let i = 0; i < 3; i++) {
    const opening = voucher(terms, { cumulativeWei })
    const { end } = await answered(terms, request(), { voucher: opening })
    ends.push(end.receipt)
    cumulativeWei += 10_000n
  }
  expect(await receiptsOf(idOf(terms))).toEqual(ends)
  expect(await receiptsOf(idOf(terms), 2)).toEqual(ends.slice(2))
  expect(await receiptsOf(idOf(terms), 3)).toEqual([])
  expect(await refusal(() => receiptsOf(`0x${'12'.repeat(32)}`))).toBe('CHANNEL_UNKNOWN')
  // And the offer that they were made under, by its own CID.
  const name = { issuer: paid.provider.peerId, kind: 'offer', id: signed.cid.toString() }
  const shown = await pool.request(paid.provider.peerId, PROTOCOLS.document, { name })
  expect((shown as { bytes: Uint8Array }).bytes).toEqual(signed.bytes)
})
