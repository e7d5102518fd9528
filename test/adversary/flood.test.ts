import { randomBytes } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStanding } from '../../peer/net/standing.ts'
import type { Peer } from '../../peer/peer.ts'
import { parseCid } from '../../protocol/base/codec.ts'
import { LIMITS } from '../../protocol/base/limits.ts'
import { encodeRecord, toWire } from '../../protocol/base/schema.ts'
import { domainSeparator, keySigner } from '../../protocol/base/typed-data.ts'
import {
  channelIdOf,
  escrowDomain,
  type Terms,
  termsFromOffer,
  termsSchema
} from '../../protocol/channel/terms.ts'
import { createVoucherSigner, encodeVoucher } from '../../protocol/channel/voucher.ts'
import { type SignedOffer, verifyOffer } from '../../protocol/model/offer.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { encodeRequest, invokeAskSchema } from '../../protocol/net/invoke.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

/** What many peers, or one that never tires, cost a provider that is paid by none of them. */
let paid: PaidWorld
let signed: SignedOffer
let terms: Terms
/** Who pays; it found the model before the floods began. */
let agent: Peer

beforeAll(async () => {
  paid = await createPaidWorld()
  agent = await paid.agent('payer')
  const { pool } = await paid.world.node()
  const { peerId } = paid.provider
  const name = { issuer: peerId, kind: 'offer', id: paid.model }
  const shown = (await pool.request(peerId, PROTOCOLS.document, { name })) as { bytes: Uint8Array }
  signed = await verifyOffer(shown.bytes, Date.now())
  const own = keySigner(paid.world.chainKey).address
  const salt = `0x${randomBytes(32).toString('hex')}`
  terms = termsFromOffer(signed.offer.payment, { payer: own, signer: own, salt })
  await paid.world.chain.token.approve(signed.offer.payment.escrow, 10n ** 9n)
  await paid.world.chain.escrow.fund(terms, 100_000n)
})
afterAll(() => paid?.stop())

/** A call under the onlooker's channel, whose voucher is signed by `key`. */
function call(key: Uint8Array, spoil: (voucher: Uint8Array) => Uint8Array = (bytes) => bytes) {
  const { openWei, maxChunkWei, policy, payment } = signed.offer
  const domain = escrowDomain(payment.chainId, payment.escrow)
  const cumulativeWei = openWei + maxChunkWei
  const voucher = createVoucherSigner(domainSeparator(domain), key).sign({
    channelId: channelIdOf(domain, terms),
    cumulativeWei,
    royaltyWei: (cumulativeWei * BigInt(policy.royaltyPpm)) / 1_000_000n,
    receipts: 0,
    receiptsRoot: `0x${'0'.repeat(64)}`
  })
  return toWire(invokeAskSchema, {
    request: encodeRequest({
      version: 1,
      callId: new Uint8Array(randomBytes(16)),
      attempt: 0,
      model: parseCid(paid.model),
      offer: signed.cid,
      messages: [{ role: 'user', content: QUESTION }],
      maxWei: 5_000n,
      requestSalt: new Uint8Array(randomBytes(16)),
      answerSalt: new Uint8Array(randomBytes(16))
    }),
    terms: encodeRecord(termsSchema, terms),
    voucher: spoil(encodeVoucher(voucher))
  })
}

const stranger = () => new Uint8Array(randomBytes(32))

// JUNK-R1
test('the third voucher that nobody signed ends the connection, and the peer is not let in again', async () => {
  const { node, pool } = await paid.world.node()
  const addresses = paid.provider.addresses.map((address) => multiaddr(address))
  await node.dial(addresses)
  const send = (value: unknown) =>
    refusal(() => pool.request(paid.provider.peerId, PROTOCOLS.invoke, value))
  expect(await send(call(stranger()))).toBe('SIGNATURE_INVALID')
  expect(await send(call(stranger()))).toBe('SIGNATURE_INVALID')
  // Of no form at all: it costs nothing to see, and does not count.
  expect(await send(call(paid.world.chainKey, (bytes) => bytes.subarray(1)))).toBe(
    'VOUCHER_MALFORMED'
  )
  const dropped = new Promise((resolve) => node.addEventListener('peer:disconnect', resolve))
  await send(call(stranger()))
  await dropped
  // Also the right voucher is not looked at any more.
  await expect
    .poll(() => send(call(paid.world.chainKey)))
    .toMatch(/^(PEER_UNREACHABLE|PEER_GONE|PROVIDER_BUSY)$/)
  expect(await paid.provider.api.receipts.list()).toEqual([])
  pool.close()
})

test('who is refused for what a voucher says, and not for who signed it, is not dropped', async () => {
  const { node, pool } = await paid.world.node()
  await node.dial(paid.provider.addresses.map((address) => multiaddr(address)))
  const { chainKey } = paid.world
  for (let time = 0; time < 2 * LIMITS.junkVouchers; time++) {
    const other = {
      ...(call(chainKey) as object),
      terms: encodeRecord(termsSchema, { ...terms, salt: `0x${'02'.repeat(32)}` })
    }
    expect(await refusal(() => pool.request(paid.provider.peerId, PROTOCOLS.invoke, other))).toBe(
      'DEPOSIT_INSUFFICIENT'
    )
  }
  expect(node.getConnections().length).toBeGreaterThan(0)
  pool.close()
})

test('strikes are forgotten after their time, and so is the bar', () => {
  let nowMs = 0
  const dropped: string[] = []
  const standing = createStanding({ now: () => nowMs, drop: (peer) => dropped.push(peer) })
  for (let i = 1; i < LIMITS.junkVouchers; i++) standing.strike('a')
  nowMs += LIMITS.junkMs
  standing.strike('a')
  expect([standing.isBarred('a'), dropped]).toEqual([false, []])
  for (let i = 1; i < LIMITS.junkVouchers; i++) standing.strike('a')
  expect([standing.isBarred('a'), standing.isBarred('b'), dropped]).toEqual([true, false, ['a']])
  nowMs += LIMITS.junkMs
  expect(standing.isBarred('a')).toBe(false)
})

test('however many peers ask without paying, not one chunk leaves', async () => {
  const { world, provider } = paid
  const before = await provider.api.receipts.list()
  const codes = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const { node, pool } = await world.node()
      await node.dial(provider.addresses.map((address) => multiaddr(address)))
      const { voucher: _, ...unpaid } = call(stranger()) as Record<string, unknown>
      const chunks: unknown[] = []
      const code = await refusal(async () => {
        const exchange = pool.ask(provider.peerId, PROTOCOLS.invoke, unpaid)
        exchange.end.catch(() => {})
        for await (const part of exchange.parts) chunks.push(part)
        await exchange.end
      })
      pool.close()
      return [code, chunks.length]
    })
  )
  expect(new Set(codes.map(String))).toEqual(new Set(['VOUCHER_INSUFFICIENT,0']))
  expect(await provider.api.receipts.list()).toEqual(before)
})

test('after all of it who pays is answered', async () => {
  const { done } = await ask(agent, { model: paid.model, content: QUESTION })
  expect(done.receipt.outcome).toBe('answered')
})
