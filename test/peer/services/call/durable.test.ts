import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createPayerChannels } from '../../../../peer/services/channel/payer-channels.ts'
import { createProviderChannels } from '../../../../peer/services/channel/provider-channels.ts'
import { createChannelStore } from '../../../../peer/store/channels.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { openWallet } from '../../../../peer/wallet/wallet.ts'
import { cidOf } from '../../../../protocol/base/codec.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { encodeRecord } from '../../../../protocol/base/schema.ts'
import { secp256k1 } from '../../../../protocol/base/secp256k1.ts'
import { domainSeparator } from '../../../../protocol/base/typed-data.ts'
import { escrowDomain, termsFromOffer, termsSchema } from '../../../../protocol/channel/terms.ts'
import { decodeVoucher, verifyVoucher } from '../../../../protocol/channel/voucher.ts'
import type { Offer } from '../../../../protocol/model/offer.ts'
import { UNATTRIBUTED } from '../../../../protocol/receipt/attribution.ts'
import { address, CONTRACTS, createFundedChain } from '../../../fixtures/funded-chain.ts'
import { testFolder } from '../../../fixtures/network.ts'

const DEPOSIT = 1_000_000n
const FAILED = expect.objectContaining({ code: 'STORE_FAILED' })
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

/** Every deposit is there. */
const FUNDED = { at: async () => ({ depositWei: DEPOSIT, claimedWei: 0n, royaltyWei: 0n }) }

/** One side of a channel on a disk whose syncs end when they are told to, once `hold` was called. */
async function side() {
  const db = openDatabase(join(testFolder(), 'peer.sqlite'))
  onTestFinished(() => db.close())
  let held: PromiseWithResolvers<void>[] | undefined
  const sync = () => {
    const one = Promise.withResolvers<void>()
    if (held === undefined) one.resolve()
    held?.push(one)
    return one.promise
  }
  const wallet = await openWallet(db)
  const chain = createFundedChain(DEPOSIT)
  const limits = { maxCallWei: DEPOSIT, depositWei: DEPOSIT }
  const channelStore = createChannelStore({ ...db, sync })
  return {
    parts: {
      channelStore,
      chain,
      wallet,
      limits,
      now: Date.now,
      peerId: 'them',
      log: () => {}
    },
    syncs(): PromiseWithResolvers<void>[] {
      held = []
      return held
    }
  }
}

/** A payer's channel and the provider's, and the offer that both stand on. */
async function bothSides() {
  const payer = await side()
  const provider = await side()
  const operator = provider.parts.wallet.own.address
  const payment = {
    ...CONTRACTS,
    chainId: 31_337,
    operator,
    receiptSigner: operator,
    auditor: `0x${'ab'.repeat(32)}`,
    withdrawDelayS: 86_400
  }
  const offer = { provider: 'them', payment, policy: { royaltyPpm: 300_000 } } as unknown as Offer
  const channels = createPayerChannels(payer.parts)
  const ours = await channels.begin(offer, { id: 'a', maxWei: 1_000n })
  await channels.begin(offer, { id: 'b', maxWei: 1_000n })
  const theirs = await createProviderChannels(provider.parts, FUNDED).open(
    ours.terms,
    payment,
    'us'
  )
  for (const id of ['a', 'b']) await theirs.reserve(id, 1_000n, 300_000)
  return { payer, provider, ours, theirs, offer, channels }
}

const RECEIPT = {
  version: 1 as const,
  attempt: 0,
  provider: 'them',
  model: cidOf(Buffer.from('model')),
  offer: cidOf(Buffer.from('offer')),
  request: new Uint8Array(32),
  answer: new Uint8Array(32),
  usage: { inputTokens: 1, outputTokens: 1 },
  priceWei: 100n,
  royaltyWei: 30n,
  outcome: 'answered' as const,
  method: 'none/1',
  credits: [...UNATTRIBUTED],
  builder: address(9),
  startedAtMs: 1,
  finishedAtMs: 2
}

const body = () => ({ ...RECEIPT, callId: new Uint8Array(randomBytes(16)) })

test('a chunk does not leave before the voucher that pays for it is on the disk', async () => {
  const { provider, ours, theirs } = await bothSides()
  const voucher = await ours.cover('a', 500n)
  const syncs = provider.syncs()
  const { durable } = await theirs.accept(voucher, 'us', { callId: 'a', coveredWei: 500n })
  const done: string[] = []
  durable.then(() => done.push('voucher'))
  expect([theirs.isCovered('a', 500n), theirs.isCovered('a', 501n)]).toEqual([true, false])
  theirs.deliver('a', 500n).then(() => done.push('chunk'))
  await turn()
  expect([syncs.length, done]).toEqual([1, []])
  syncs[0]?.resolve()
  await turn()
  expect([syncs.length, done]).toEqual([2, ['voucher']])
  syncs[1]?.resolve()
  await turn()
  expect(done).toEqual(['voucher', 'chunk'])
})

test('two calls that bring one voucher are both paid by it, and by no more than it', async () => {
  const { ours, theirs } = await bothSides()
  const [first, second] = await Promise.all([ours.cover('a', 500n), ours.cover('b', 400n)])
  expect(second).toEqual(first)
  expect(decodeVoucher(first).cumulativeWei).toBe(900n)
  await theirs.accept(first, 'us', { callId: 'a', coveredWei: 500n })
  expect(theirs.isCovered('b', 1n)).toBe(false)
  await theirs.accept(second, 'us', { callId: 'b', coveredWei: 400n })
  expect([theirs.isCovered('a', 500n), theirs.isCovered('b', 400n)]).toEqual([true, true])
  expect(theirs.isCovered('b', 401n)).toBe(false)
})

test('calls that are covered at one moment share one signature and one write', async () => {
  const { payer, ours, offer, channels } = await bothSides()
  const ids = ['c', 'd', 'e', 'f', 'g', 'h']
  for (const id of ids) await channels.begin(offer, { id, maxWei: 1_000n })
  const sign = vi.spyOn(secp256k1, 'sign')
  const write = vi.spyOn(payer.parts.channelStore, 'setVoucher')
  onTestFinished(() => void vi.restoreAllMocks())
  const vouchers = await Promise.all(ids.map((id) => ours.cover(id, 100n)))
  expect(new Set(vouchers.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(1)
  expect(decodeVoucher(vouchers[0] as Uint8Array).cumulativeWei).toBe(600n)
  expect([sign.mock.calls.length, write.mock.calls.length]).toEqual([1, 1])
  expect(decodeVoucher(await ours.cover('c', 150n)).cumulativeWei).toBe(650n)
  expect(sign).toHaveBeenCalledTimes(2)
})

test('a voucher that comes again on another stream is neither checked nor written again', async () => {
  const { provider, ours, theirs } = await bothSides()
  const [voucher] = await Promise.all([ours.cover('a', 500n), ours.cover('b', 400n)])
  const check = vi.spyOn(secp256k1, 'recover')
  const write = vi.spyOn(provider.parts.channelStore, 'setVoucher')
  onTestFinished(() => void vi.restoreAllMocks())
  await Promise.all([
    theirs.accept(voucher, 'us', { callId: 'a', coveredWei: 500n }),
    theirs.accept(Uint8Array.from(voucher), 'us', { callId: 'b', coveredWei: 400n })
  ])
  expect([check.mock.calls.length, write.mock.calls.length]).toEqual([1, 1])
  const forged = Uint8Array.from(voucher).fill(7, 110, 120)
  await expect(theirs.accept(forged, 'us')).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' })
  expect(check).toHaveBeenCalledTimes(2)
})

test('a shared voucher covers no call of another peer, and no call for more than it holds', async () => {
  const { ours, theirs } = await bothSides()
  const [voucher] = await Promise.all([ours.cover('a', 500n), ours.cover('b', 400n)])
  await theirs.accept(voucher, 'us', { callId: 'a', coveredWei: 500n })
  const stolen = theirs.accept(voucher, 'a stranger', { callId: 'b', coveredWei: 400n })
  await expect(stolen).rejects.toMatchObject({ code: 'VOUCHER_STALE' })
  const greedy = theirs.accept(voucher, 'us', { callId: 'b', coveredWei: 401n })
  await expect(greedy).rejects.toMatchObject({ code: 'VOUCHER_INSUFFICIENT' })
  expect(theirs.isCovered('b', 1n)).toBe(false)
  await theirs.accept(voucher, 'us', { callId: 'b', coveredWei: 400n })
  expect(theirs.isCovered('b', 400n)).toBe(true)
})

test('a shared voucher that is refused for one call is looked at anew for the other', async () => {
  const { ours, theirs } = await bothSides()
  const [voucher] = await Promise.all([ours.cover('a', 500n), ours.cover('b', 400n)])
  const [first, second, third] = await Promise.allSettled([
    theirs.accept(voucher, 'us', { callId: 'a', coveredWei: 2_000n }),
    theirs.accept(voucher, 'us', { callId: 'b', coveredWei: 400n }),
    theirs.accept(voucher, 'us', { callId: 'a', coveredWei: 501n })
  ])
  expect(first).toMatchObject({ reason: { code: 'SPENDING_LIMIT' } })
  expect(second).toMatchObject({ status: 'fulfilled' })
  expect(third).toMatchObject({ reason: { code: 'VOUCHER_INSUFFICIENT' } })
  expect([theirs.isCovered('a', 1n), theirs.isCovered('b', 400n)]).toEqual([false, true])
})

test('a payer that ends after one voucher for two calls knows both covers, and signs none lower', async () => {
  const { payer, ours, offer } = await bothSides()
  const opening = { offer: 'cid', request: new Uint8Array(1), builder: address(9) }
  const [voucher] = await Promise.all([
    ours.cover('a', 500n, opening),
    ours.cover('b', 400n, opening)
  ])
  // Nothing but the disk is left of the first.
  const again = createPayerChannels(payer.parts).find(ours.channelId)
  const covers = again.lost.map(({ callId, coveredWei }) => [callId, coveredWei])
  expect(covers).toEqual([
    ['a', 500n],
    ['b', 400n]
  ])
  const { signature: _, ...totals } = decodeVoucher(voucher)
  expect(again.ledger.voucher).toEqual(totals)
  const channels = createPayerChannels(payer.parts)
  const next = await channels.begin(offer, { id: 'c', maxWei: 1_000n })
  expect(decodeVoucher(await next.cover('c', 10n)).cumulativeWei).toBe(910n)
})

test('a failed sync fails the chunk that waits for it, and all that come after', async () => {
  const { provider, ours, theirs } = await bothSides()
  const voucher = await ours.cover('a', 500n)
  const syncs = provider.syncs()
  const { durable } = await theirs.accept(voucher, 'us', { callId: 'a', coveredWei: 500n })
  const delivering = theirs.deliver('a', 500n)
  await turn()
  syncs[0]?.reject(new DatanetError('STORE_FAILED'))
  await expect(durable).rejects.toEqual(FAILED)
  await expect(delivering).rejects.toEqual(FAILED)
  await expect(theirs.finish('a', { body: body() })).rejects.toEqual(FAILED)
})

test('a voucher that the disk refuses pays for nothing, and a chunk is not owed', async () => {
  const { provider, ours, theirs } = await bothSides()
  const { setVoucher } = provider.parts.channelStore
  const refuse = () => {
    throw new DatanetError('STORE_FAILED')
  }
  const voucher = await ours.cover('a', 500n)
  Object.assign(provider.parts.channelStore, { setVoucher: refuse })
  const accepting = theirs.accept(voucher, 'us', { callId: 'a', coveredWei: 500n })
  await expect(accepting).rejects.toEqual(FAILED)
  expect(theirs.isCovered('a', 1n)).toBe(false)
  Object.assign(provider.parts.channelStore, { setVoucher })
  await theirs.accept(voucher, 'us', { callId: 'a', coveredWei: 500n })
  await expect(theirs.deliver('a', 500n, refuse)).rejects.toEqual(FAILED)
  expect(theirs.ledger.spentWei).toBe(0n)
  theirs.release('a')
})

test('a last chunk and its receipt are one commit', async () => {
  const { provider, ours, theirs } = await bothSides()
  await theirs.accept(await ours.cover('a', 500n), 'us', { callId: 'a', coveredWei: 500n })
  const syncs = provider.syncs()
  let kept = false
  const keep = () => {
    kept = true
  }
  const delivering = theirs.deliver('a', 100n, keep, () => ({ body: body() }))
  await turn()
  expect(syncs).toHaveLength(1)
  syncs[0]?.resolve()
  expect((await delivering)?.receipt).toMatchObject({ seq: 0, priceWei: 100n })
  expect(kept).toBe(false)
  expect(theirs.ledger).toMatchObject({ spentWei: 100n, uncommitted: [{ priceWei: 100n }] })
  expect(theirs.ledger.calls.has('a')).toBe(false)
})

test('a receipt is not given out before it is on the disk', async () => {
  const { provider, ours, theirs } = await bothSides()
  await theirs.accept(await ours.cover('a', 500n), 'us', { callId: 'a', coveredWei: 500n })
  await theirs.deliver('a', 100n)
  const syncs = provider.syncs()
  let given = false
  const finishing = theirs.finish('a', { body: body() })
  finishing.then(() => {
    given = true
  })
  await turn()
  expect([syncs.length, given]).toEqual([1, false])
  syncs[0]?.resolve()
  expect((await finishing).receipt.seq).toBe(0)
})

test('a payer sends no voucher before it is on the disk', async () => {
  const { payer, ours } = await bothSides()
  const syncs = payer.syncs()
  let sent = false
  const covering = ours.cover('a', 500n)
  covering.then(() => {
    sent = true
  })
  await turn()
  expect([syncs.length, sent]).toEqual([1, false])
  syncs[0]?.resolve()
  const voucher = decodeVoucher(await covering)
  const separator = domainSeparator(escrowDomain(CONTRACTS.chainId, CONTRACTS.escrow))
  verifyVoucher(separator, voucher, payer.parts.wallet.own.address)
})

test('a payer whose disk refuses a voucher promises no more than before', async () => {
  const { payer, ours } = await bothSides()
  const before = decodeVoucher(await ours.cover('a', 300n))
  const { setVoucher } = payer.parts.channelStore
  Object.assign(payer.parts.channelStore, {
    setVoucher() {
      throw new DatanetError('STORE_FAILED')
    }
  })
  await expect(ours.cover('b', 400n)).rejects.toEqual(FAILED)
  Object.assign(payer.parts.channelStore, { setVoucher })
  expect(ours.ledger.voucher).toMatchObject({ cumulativeWei: before.cumulativeWei })
  ours.drop('b')
  expect(decodeVoucher(await ours.cover('a', 310n)).cumulativeWei).toBe(310n)
})

test('terms are taken for a channel only under a payment that they fit', async () => {
  const { provider, ours, offer } = await bothSides()
  const channels = createProviderChannels(provider.parts, FUNDED)
  const terms = ours.terms
  await channels.open(terms, offer.payment, 'us')
  const other = { ...offer.payment, withdrawDelayS: 3_600 }
  expect(() => channels.open(terms, other, 'us')).toThrow(
    expect.objectContaining({ code: 'TERMS_MISMATCH' })
  )
  const salt = `0x${'cd'.repeat(32)}`
  const strange = termsFromOffer(other, { payer: address(5), signer: address(5), salt })
  expect(() => channels.open(encodeRecord(termsSchema, strange), offer.payment, 'us')).toThrow(
    expect.objectContaining({ code: 'TERMS_MISMATCH' })
  )
})
