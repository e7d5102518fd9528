import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseCid } from '../../../../protocol/base/codec.ts'
import { encodeRecord, fromWire, toWire } from '../../../../protocol/base/schema.ts'
import {
  channelIdOf,
  escrowDomain,
  type Terms,
  termsSchema
} from '../../../../protocol/channel/terms.ts'
import type { Voucher } from '../../../../protocol/channel/voucher.ts'
import type { SignedOffer } from '../../../../protocol/model/offer.ts'
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
import { decodeReceipt } from '../../../../protocol/receipt/receipt.ts'
import { createOnlooker, DEPOSIT, type Onlooker } from '../../../fixtures/onlooker.ts'
import { createPaidWorld, type PaidWorld } from '../../../fixtures/paid-world.ts'
import { ask } from '../../../fixtures/world.ts'
import { QUESTION } from '../../../fixtures/world-texts.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

let paid: PaidWorld
let pool: ExchangePool
let signed: SignedOffer
let channel: Onlooker['channel']
let voucher: Onlooker['voucher']
let request: Onlooker['request']

beforeAll(async () => {
  // What is sent here is bad on purpose, and more than a provider would bear of a peer.
  paid = await createPaidWorld({ junkVouchers: 10_000 })
  ;({ pool, signed, channel, voucher, request } = await createOnlooker(paid))
})
afterAll(() => paid?.stop())

/** A hand-made call; `pay` answers the demands for more, one voucher or none for each. */
async function call(
  terms: Terms | undefined,
  opening: Uint8Array | undefined,
  init: {
    request?: Partial<CallRequest>
    pay?: (needWei: bigint) => Partial<Voucher> & { bytes?: Uint8Array; coveredWei?: bigint }
  } = {}
) {
  const asked = request(init.request)
  const paying =
    terms === undefined || opening === undefined
      ? {}
      : { terms: encodeRecord(termsSchema, terms), voucher: opening }
  const exchange = pool.ask(
    paid.provider.peerId,
    PROTOCOLS.invoke,
    toWire(invokeAskSchema, { request: encodeRequest(asked), ...paying })
  )
  const chunks: string[] = []
  for await (const value of exchange.parts) {
    const part = fromWire(invokePartSchema, value)
    if ('chunk' in part) chunks.push(part.chunk)
    else if (init.pay !== undefined && terms !== undefined) {
      const { bytes, coveredWei = part.needWei, ...change } = init.pay(part.needWei)
      const more = bytes ?? voucher(terms, { cumulativeWei: part.needWei, ...change })
      await exchange.send(
        toWire(invokeMoreSchema, { voucher: more, callId: asked.callId, coveredWei })
      )
    } else exchange.stop()
  }
  const end = fromWire(invokeEndSchema, await exchange.end)
  return { chunks, receipt: decodeReceipt(end.receipt).receipt, asked }
}

const opened = async (terms: Terms, change: Partial<Voucher>) =>
  refusal(() => call(terms, voucher(terms, change)))

test('an honest call by hand is answered as it is paid for', async () => {
  const terms = await channel()
  const { chunks, receipt } = await call(terms, voucher(terms), { pay: () => ({}) })
  expect(chunks.join('')).toContain('sourdough starter')
  expect(receipt).toMatchObject({ outcome: 'answered', seq: 0 })
})

// CALL-R3, VOUCHER-R7
test('an opening voucher that is not right is refused by its own code', async () => {
  const terms = await channel()
  const { openWei, maxChunkWei } = signed.offer
  const short = { cumulativeWei: openWei + maxChunkWei - 1n, royaltyWei: 492n }
  expect(await opened(terms, short)).toBe('VOUCHER_INSUFFICIENT')
  expect(await opened(terms, { cumulativeWei: DEPOSIT + 1n })).toBe('VOUCHER_OVERFLOWS')
  expect(await opened(terms, { royaltyWei: 0n })).toBe('VOUCHER_ROYALTY_LOW')
  const other = await channel(0n)
  const otherId = channelIdOf(
    escrowDomain(signed.offer.payment.chainId, signed.offer.payment.escrow),
    other
  )
  expect(await opened(terms, { channelId: otherId })).toBe('TERMS_MISMATCH')
  const receiptsRoot = `0x${'11'.repeat(32)}`
  expect(await opened(terms, { receipts: 1, receiptsRoot })).toBe('RECEIPT_UNKNOWN')
  for (let at = 0; at < 168; at++) {
    const tampered = voucher(terms)
    tampered[at] = (tampered[at] ?? 0) ^ 1
    const code = await refusal(() => call(terms, tampered))
    expect(['SIGNATURE_INVALID', 'TERMS_MISMATCH', 'VOUCHER_MALFORMED']).toContain(code)
  }
  const { chainId, escrow } = signed.offer.payment
  const foreign = [
    voucher(terms, {}, escrowDomain(chainId + 1, escrow)),
    voucher(terms, {}, escrowDomain(chainId, `0x${'ee'.repeat(20)}`))
  ]
  for (const bytes of foreign) {
    expect(await refusal(() => call(terms, bytes))).toBe('SIGNATURE_INVALID')
  }
  expect(await refusal(() => call(terms, new Uint8Array(167)))).toBe('VOUCHER_MALFORMED')
  expect(await refusal(() => call(undefined, undefined))).toBe('VOUCHER_INSUFFICIENT')
  const { receipt } = await call(terms, voucher(terms), { pay: () => ({}) })
  expect(receipt).toMatchObject({ outcome: 'answered', seq: 0 })
})

// WINDOW-R1
// ORDER-R2
test('a channel without the money or with other terms is refused', async () => {
  const unfunded = await channel(0n)
  expect(await opened(unfunded, {})).toBe('DEPOSIT_INSUFFICIENT')
  const poor = await channel(5_000n)
  expect(await opened(poor, {})).toBe('DEPOSIT_INSUFFICIENT')
  for (const change of [
    { auditor: `0x${'22'.repeat(32)}` },
    { receiptSigner: `0x${'33'.repeat(20)}` },
    { operator: `0x${'33'.repeat(20)}` },
    { token: `0x${'33'.repeat(20)}` },
    { withdrawDelayS: 1 }
  ]) {
    expect(await opened(await channel(0n, change), {})).toBe('TERMS_MISMATCH')
  }
  const terms = await channel()
  const stranger = { ...terms, signer: `0x${'44'.repeat(20)}` }
  expect(await opened(stranger, {})).toBe('DEPOSIT_INSUFFICIENT')
})

// CALL-R1, CALL-R2, CALL-R9, CALL-R10, CALL-R4
test('a request the provider does not serve is refused, and costs nothing', async () => {
  const terms = await channel()
  const asking = (change: Partial<CallRequest>) =>
    refusal(() => call(terms, voucher(terms), { request: change }))
  expect(await asking({ model: signed.cid })).toBe('MODEL_UNKNOWN')
  expect(await asking({ offer: parseCid(paid.model) })).toBe('OFFER_UNKNOWN')
  expect(await asking({ maxWei: 1_000n })).toBe('VOUCHER_INSUFFICIENT')
  const large = [{ role: 'user' as const, content: 'how to weave '.repeat(5_200) }]
  expect(await asking({ messages: large })).toBe('REQUEST_TOO_LARGE')
  expect(await asking({ messages: [{ role: 'system', content: 'Be kind.' }] })).toBe(
    'INPUT_INVALID'
  )
  const { receipt, asked } = await call(terms, voucher(terms), { pay: () => ({}) })
  expect(receipt.seq).toBe(0)
  expect(await asking({ callId: asked.callId })).toBe('CALL_CONFLICT')
})

// WINDOW-W1
test('not one chunk leaves unpaid, whatever the caller sends instead of the next voucher', async () => {
  const { openWei, maxChunkWei } = signed.offer
  const upFrontWei = openWei + maxChunkWei
  const tampered = (needWei: bigint, terms: Terms) => {
    const bytes = voucher(terms, { cumulativeWei: needWei })
    bytes[167] = (bytes[167] ?? 0) ^ 1
    return { bytes }
  }
  const ways: Array<[string, (needWei: bigint, terms: Terms) => object]> = [
    ['SIGNATURE_INVALID', tampered],
    ['VOUCHER_OVERFLOWS', () => ({ cumulativeWei: DEPOSIT + 1n })],
    ['VOUCHER_STALE', (needWei) => ({ cumulativeWei: needWei, royaltyWei: 0n })],
    ['VOUCHER_ROYALTY_LOW', () => ({ cumulativeWei: upFrontWei })],
    [
      'VOUCHER_INSUFFICIENT',
      (needWei) => ({ cumulativeWei: needWei - 1n, royaltyWei: (needWei * 3n) / 10n })
    ],
    ['SPENDING_LIMIT', () => ({ cumulativeWei: 20_000n, coveredWei: 20_000n })],
    ['VOUCHER_MALFORMED', () => ({ bytes: new Uint8Array(10) })]
  ]
  for (const [code, pay] of ways) {
    const terms = await channel()
    const { callId } = request()
    const attempt = () =>
      call(terms, voucher(terms), { request: { callId }, pay: (need) => pay(need, terms) as never })
    expect([code, await refusal(attempt)]).toEqual([code, code])
    const id = Buffer.from(callId).toString('hex')
    const receipt = await paid.provider.api.receipts.show(id)
    expect(receipt.outcome).toBe('interrupted')
    expect(receipt.priceWei).toBeLessThanOrEqual(upFrontWei)
  }
})

test('a caller that stops instead of paying gets the receipt of what it got', async () => {
  const terms = await channel()
  const { receipt, chunks } = await call(terms, voucher(terms))
  expect(receipt.outcome).toBe('cancelled')
  expect(receipt.priceWei).toBeLessThanOrEqual(signed.offer.openWei + signed.offer.maxChunkWei)
  expect(chunks.length).toBeGreaterThan(0)
})

// CALL-R11
test('a commitment without a call counts only on a channel of ours', async () => {
  const terms = await channel()
  await call(terms, voucher(terms), { pay: () => ({}) })
  const commit = (of: Terms, bytes: Uint8Array) =>
    refusal(() => {
      const value = { terms: encodeRecord(termsSchema, of), commit: bytes }
      return pool.request(paid.provider.peerId, PROTOCOLS.invoke, toWire(invokeAskSchema, value))
    })
  const wrong = { cumulativeWei: 5_000n, receipts: 1, receiptsRoot: `0x${'11'.repeat(32)}` }
  expect(await commit(terms, voucher(terms, wrong))).toBe('RECEIPT_UNKNOWN')
  const other = await channel(0n, { auditor: `0x${'22'.repeat(32)}` })
  expect(await commit(other, voucher(other))).toBe('TERMS_MISMATCH')
})

test('malformed and oversized frames end a stream, and the next honest call is answered', async () => {
  const { node } = await paid.world.node()
  const [address] = paid.provider.addresses
  for (const bytes of [[0xff, 0xff, 0xff, 0x7f, 1], [3, 0xff, 0xff, 0xff], [0], [0x80, 0x00]]) {
    const stream = await node.dialProtocol(multiaddr(address as string), PROTOCOLS.invoke)
    const closed = new Promise((resolve) => stream.addEventListener('close', resolve))
    stream.send(Uint8Array.from(bytes))
    await closed
  }
  for (const value of [{}, { request: new Uint8Array(9) }, { request: 'text' }, [1, 2, 3]]) {
    const code = await refusal(() => pool.request(paid.provider.peerId, PROTOCOLS.invoke, value))
    expect(code).toBe('RECORD_MALFORMED')
  }
  const agent = await paid.agent('honest')
  const { done } = await ask(agent, { model: paid.model, content: QUESTION })
  expect(done.receipt.outcome).toBe('answered')
})
