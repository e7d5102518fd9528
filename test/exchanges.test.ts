import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { createEscrow } from '../peer/chain/ethers/escrow.ts'
import { createPool } from '../peer/chain/ethers/pool.ts'
import type { Sender } from '../peer/chain/ethers/sender.ts'
import type { Rpc } from '../peer/chain/rpc.ts'
import { decodeCanonical, digestOf, verifyCid } from '../protocol/base/codec.ts'
import { LIMITS } from '../protocol/base/limits.ts'
import { decodeRecord, fromWire, toWire } from '../protocol/base/schema.ts'
import { domainSeparator } from '../protocol/base/typed-data.ts'
import { weiToBytes } from '../protocol/base/units.ts'
import {
  acceptVoucher,
  finishCall,
  mayDeliver,
  openProviderLedger,
  recordDelivery,
  reserve
} from '../protocol/channel/provider-ledger.ts'
import { escrowDomain, termsSchema } from '../protocol/channel/terms.ts'
import { verifyTerms } from '../protocol/channel/verify-terms.ts'
import { decodeVoucher, encodeVoucher, verifyVoucher } from '../protocol/channel/voucher.ts'
import { verifyContribution } from '../protocol/datanet/contribution.ts'
import { openSubmission } from '../protocol/datanet/submission-receipt.ts'
import { verifyCard } from '../protocol/model/card.ts'
import { verifyOffer, verifyRoyaltyFloor } from '../protocol/model/offer.ts'
import { createOutputMeter, priceWei, tokensOf } from '../protocol/model/price.ts'
import { channelReceiptsSchema } from '../protocol/net/channel-receipts.ts'
import { contributeAskSchema, contributeEndSchema } from '../protocol/net/contribute.ts'
import { createFrameDecoder, encodeFrames } from '../protocol/net/frames.ts'
import { PROTOCOLS } from '../protocol/net/ids.ts'
import {
  decodeRequest,
  encodeRequest,
  invokeAskSchema,
  invokeEndSchema,
  invokeMoreSchema,
  invokePartSchema
} from '../protocol/net/invoke.ts'
import { asMessage, type Message } from '../protocol/net/message.ts'
import { fromWireError } from '../protocol/net/wire-error.ts'
import {
  accumulatorRoot,
  appendLeaves,
  EMPTY_ACCUMULATOR
} from '../protocol/receipt/accumulator.ts'
import { commitmentOf, decodeReceipt, encodeReceipt } from '../protocol/receipt/receipt.ts'
import { receiptLeaf } from '../protocol/receipt/receipt-signature.ts'
import { verifyReceipt } from '../protocol/receipt/verify-receipt.ts'
import { buildClaim, verifyClaim } from '../protocol/reward/claim.ts'
import { decodeDrop, encodeDrop, verifyDropLeaves } from '../protocol/reward/drop.ts'
import { buildDropTree } from '../protocol/reward/drop-tree.ts'
import { dropLeaves, foldRewards } from '../protocol/reward/fold.ts'
import { poolIdOf } from '../protocol/reward/veto.ts'
import { bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

/** The frames of a worked exchange, read as a peer reads them and written again to the same bytes. */
function read({ frames }: Vectors): Message[] {
  return frames.map((one: Vectors) => {
    const decoder = createFrameDecoder(LIMITS.frameBytes)
    const [inner, ...others] = decoder.feed(bytes(one.bytes))
    expect([others.length, decoder.inFrame]).toEqual([0, false])
    const message = asMessage(decodeCanonical(inner as Uint8Array))
    expect(message).toEqual(wire(one.message))
    expect(hex(encodeFrames([message], LIMITS.frameBytes))).toBe(one.bytes)
    return message
  })
}

/** Amounts as the bytes that they are in a frame. */
function wire(value: unknown): unknown {
  if (typeof value === 'bigint') return weiToBytes(value)
  if (Array.isArray(value)) return value.map(wire)
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(
    Object.entries(value as object).map(([key, inner]) => [key, wire(inner)])
  )
}

describe('a message', () => {
  const file = vectors('05-exchange')
  test.each<[string, Vectors]>(file.valid.map((one: Vectors) => [one.name, one]))(
    '%s',
    (_, one) => {
      expect(asMessage(decodeCanonical(bytes(one.bytes)))).toEqual(one.read)
    }
  )
  refuses(file.invalid, (one) => asMessage(decodeCanonical(bytes(one.bytes))))
  test.each<[string, Vectors]>(file.values.map((one: Vectors) => [one.name, one]))(
    'FRAME-R5 %s with a key that nobody knows',
    (_, one) => {
      const schema = one.of === 'part' ? invokePartSchema : contributeAskSchema
      const value = fromWire<z.ZodType>(schema, decodeCanonical(bytes(one.bytes)))
      expect(toWire<z.ZodType>(schema, value)).toEqual(one.read)
    }
  )
  test.each<[string, Vectors]>(file.errors.map((one: Vectors) => [one.name, one]))(
    'ERROR-R1 %s',
    (_, one) => {
      const { code, details } = fromWireError(one.value, 'peer')
      expect([code, details.text]).toEqual([one.error, one.text])
    }
  )
})

describe('a submission', () => {
  const file = vectors('04-submission')
  const [ask, end, wrong, error] = read(file) as [Message, Message, Message, Message]

  // SUBMISSION-W1
  test('is a contribution by its contributor, answered by its CID and a receipt', async () => {
    expect(file.protocol).toBe(PROTOCOLS.contribute)
    const asked = fromWire(contributeAskSchema, ask.v)
    const signed = verifyContribution(asked.contribution)
    expect(`${signed.contribution.datanet}`).toBe(`${asked.datanet}`)
    expect(toWire(contributeAskSchema, asked)).toEqual(ask.v)
    const answer = fromWire(contributeEndSchema, end.v)
    expect(`${answer.contribution}`).toBe(`${signed.cid}`)
    const { receipt } = await openSubmission(answer.receipt)
    expect(`${receipt.contribution}`).toBe(`${signed.cid}`)
  })

  test('to a peer that does not host the Datanet is refused by the number of the code', () => {
    expect(`${fromWire(contributeAskSchema, wrong.v).datanet}`).not.toBe(
      `${fromWire(contributeAskSchema, ask.v).datanet}`
    )
    expect(fromWireError(error.v, 'host').code).toBe('DATANET_UNKNOWN')
  })
})

test('documents are asked for by catalogue, by name and by the CID of their signed bytes', async () => {
  const file = vectors('05-document')
  expect(file.protocol).toBe(PROTOCOLS.document)
  const [, part, , named, offer, byCid, card, , error] = read(file).map(({ v }) => v as Vectors)
  const [listedOffer, listedCard] = part.entries
  expect(named.name).toEqual({ issuer: listedOffer.issuer, kind: 'offer', id: listedOffer.id })
  const verified = await verifyOffer(offer.bytes, 1_800_000_000_000)
  expect([verified.offer.provider, `${verified.offer.model}`]).toEqual([
    listedOffer.issuer,
    listedCard.id
  ])
  expect(byCid.cid).toEqual(listedCard.cid)
  verifyCid(byCid.cid, card.bytes)
  // The record's own CID is that of the payload, not of the envelope.
  expect(`${(await verifyCard(card.bytes, 1_800_000_000_000)).cid}`).toBe(listedCard.id)
  expect(fromWireError(error, 'peer').code).toBe('DOCUMENT_UNKNOWN')
})

// DOCUMENT-R7
test('the pieces of a document are put together in their order', () => {
  const frames = read(vectors('05-document'))
  const asked = frames.at(-4)?.v as Vectors
  const pieces = frames.slice(-3).map(({ v }) => (v as Vectors).bytes)
  verifyCid(asked.cid, Buffer.concat(pieces))
})

test('blocks come under their CIDs', () => {
  const file = vectors('05-blocks')
  expect(file.protocol).toBe(PROTOCOLS.blocks)
  const frames = read(file).map(({ v }) => v as Vectors)
  for (const [ask, part, end] of [frames.slice(0, 3), frames.slice(3)]) {
    const [block] = part.blocks
    expect(block.cid).toEqual(ask.root)
    for (const { cid, bytes: data } of part.blocks) verifyCid(cid, data)
    expect(end.blocks).toBe(part.blocks.length)
  }
})

describe('a paid call', () => {
  const file = vectors('07-call')
  const messages = read(file)
  const [ask, first, need, more, second, end, commit] = messages.map(({ v }) => v as Vectors)
  const separator = domainSeparator(escrowDomain(file.domain.chainId, file.domain.escrow))
  const terms = decodeRecord(termsSchema, ask.terms)
  const voucherIn = (data: Uint8Array) => {
    const voucher = decodeVoucher(data)
    expect(hex(encodeVoucher(voucher))).toBe(hex(data))
    verifyVoucher(separator, voucher, terms.signer)
    return voucher
  }

  test('is read and written again in the words of the exchange', () => {
    expect(file.protocol).toBe(PROTOCOLS.invoke)
    const schemas = {
      ask: invokeAskSchema,
      part: invokePartSchema,
      more: invokeMoreSchema,
      end: invokeEndSchema
    }
    for (const { t, v } of messages.filter(({ v: value }) => value !== undefined)) {
      const schema = schemas[t as keyof typeof schemas]
      expect(toWire(schema as never, fromWire(schema as never, v) as never)).toEqual(v)
    }
    expect(hex(encodeRequest(file.request))).toBe(hex(ask.request))
  })

  test('is covered, delivered and committed as the provider’s ledger demands', async () => {
    const { offer } = await verifyOffer(bytes(file.offer), file.nowMs)
    verifyRoyaltyFloor(offer, [file.manifest])
    expect(verifyTerms(terms, offer.payment)).toBe(file.channelId)
    const callId = hex(file.request.callId)
    const { royaltyPpm } = offer.policy
    const inputTokens = tokensOf(file.request.messages[0].content)
    const meter = createOutputMeter()
    const costOf = (chunk: string) =>
      priceWei(offer.price, { inputTokens, outputTokens: meter.push(chunk) })
    const chunk = (part: Vectors) => fromWire(invokePartSchema, part) as Vectors

    let ledger = openProviderLedger(file.depositWei)
    ledger = reserve(ledger, callId, { maxWei: file.request.maxWei, royaltyPpm })
    const coveredWei = offer.openWei + offer.maxChunkWei
    ledger = acceptVoucher(ledger, voucherIn(ask.voucher), { callId, coveredWei }).ledger
    expect(ledger.authorisedWei).toBe(coveredWei)

    const firstWei = costOf(chunk(first).chunk)
    expect(chunk(first).costWei).toBe(firstWei)
    ledger = recordDelivery(ledger, callId, firstWei)
    const secondWei = costOf(chunk(second).chunk) - firstWei
    expect(mayDeliver(ledger, secondWei)).toBe(false)
    const { needWei } = chunk(need)
    expect(needWei).toBe(firstWei + secondWei)
    const further = fromWire(invokeMoreSchema, more)
    expect([hex(further.callId), further.coveredWei]).toEqual([callId, needWei])
    ledger = acceptVoucher(ledger, voucherIn(more.voucher), { callId, coveredWei: needWei }).ledger
    ledger = recordDelivery(ledger, callId, secondWei)
    expect(chunk(second).costWei).toBe(needWei)

    const signed = decodeReceipt(end.receipt)
    const leaf = receiptLeaf(signed.body)
    const receiptsRoot = accumulatorRoot(appendLeaves(EMPTY_ACCUMULATOR, leaf))
    ledger = finishCall(ledger, callId, { receiptsRoot })
    expect(ledger.uncommitted).toHaveLength(1)
    expect(commit.terms).toEqual(ask.terms)
    const verdict = acceptVoucher(ledger, voucherIn(commit.commit))
    expect(verdict.outcome).toBe('accepted')
    expect([verdict.ledger.receipts, verdict.ledger.uncommitted.length]).toEqual([1, 0])
  })

  test('ends with a receipt that its caller accepts', async () => {
    const { offer, cid } = await verifyOffer(bytes(file.offer), file.nowMs)
    const { card } = await verifyCard(bytes(file.card), file.nowMs)
    const signed = decodeReceipt(end.receipt)
    expect(hex(encodeReceipt(signed))).toBe(hex(end.receipt))
    expect(hex(signed.body)).toBe(file.receiptBody)
    expect(hex(receiptLeaf(signed.body))).toBe(file.leaf)
    const answer = new TextEncoder().encode(first.chunk + second.chunk)
    verifyReceipt(signed, {
      domainSeparator: separator,
      receiptSigner: offer.payment.receiptSigner,
      callId: file.request.callId,
      attempt: 0,
      channelId: file.channelId,
      provider: offer.provider,
      model: offer.model,
      offer: cid,
      builder: card.builder,
      request: { salt: file.request.requestSalt, bytes: ask.request },
      answer: { salt: file.request.answerSalt, bytes: answer },
      usage: { inputTokens: 5, outputTokens: 9 },
      priceWei: 1_905_000_000_000_000n,
      royaltyPpm: offer.policy.royaltyPpm
    })
  })
})

/** What a contract wrapper would send, instead of sending it. */
async function sent(write: (sender: Sender) => Promise<unknown>): Promise<Vectors> {
  const calls: unknown[] = []
  const stop = new Error('not sent')
  const send = async (call: unknown) => {
    calls.push(call)
    throw stop
  }
  await expect(write({ send } as unknown as Sender)).rejects.toBe(stop)
  return calls[0]
}

const NO_RPC = {} as Rpc

test('a claim of the last voucher is one row of calldata', async () => {
  const { to, terms, voucher, calldata } = vectors('07-claim')
  const row = { terms: decodeRecord(termsSchema, bytes(terms)), ...decodeVoucher(bytes(voucher)) }
  const call = await sent((sender) => createEscrow(to, NO_RPC, sender, 0).claim([row]))
  expect([call.to, call.data]).toEqual([to, `0x${calldata}`])
})

describe('the reward of that call', () => {
  const file = vectors('09-claim')
  const record = decodeDrop(bytes(file.drop.bytes))
  const { operator, auditor, token } = record.drop.pool
  const tree = buildDropTree(record.drop.leaves)

  test('is a drop of two accounts that follows from the receipt', () => {
    expect(record.drop).toEqual(file.drop.input)
    expect([hex(encodeDrop(record.drop).bytes), `${record.cid}`]).toEqual([
      file.drop.bytes,
      file.drop.cid
    ])
    expect(poolIdOf({ operator, auditor, token })).toBe(file.pool.id)
    const [channel] = record.drop.channels as [Vectors]
    const rewards = foldRewards(
      [
        {
          channelId: channel.channelId,
          capturedWei: channel.capturedWei,
          voucher: decodeVoucher(channel.voucher),
          isClosed: channel.isClosed,
          receipts: [decodeReceipt(bytes(file.receipt))]
        }
      ],
      () => ({ policy: file.policy, curators: [], treasuries: [] })
    )
    verifyDropLeaves(record.drop, dropLeaves(rewards))
    expect(record.drop.leaves).toHaveLength(2)
  })

  test('is posted and claimed by these bytes', async () => {
    expect([tree.root, tree.totalWei]).toEqual([file.root, record.drop.totalWei])
    const { account } = file.leaf
    const claim = buildClaim(tree, record.drop.leaves, account, 0n)
    expect(claim.proof).toEqual(file.proof)
    expect(verifyClaim(claim, tree, 0n)).toBe(file.leaf.cumulativeWei)
    const key = { operator, auditor, token }
    const { cumulativeWei, proof } = claim
    const claimed = await sent((sender) =>
      createPool(file.claim.to, NO_RPC, sender, 0).claim(key, account, cumulativeWei, proof)
    )
    expect([claimed.to, claimed.data]).toEqual([file.claim.to, `0x${file.claim.calldata}`])
    const drop = `0x${hex(digestOf(CID.parse(file.drop.cid)))}`
    const posted = await sent((sender) =>
      createPool(file.post.to, NO_RPC, sender, 0).postDrop(
        { auditor, token },
        { root: tree.root, totalWei: tree.totalWei, drop }
      )
    )
    expect([posted.to, posted.data]).toEqual([file.post.to, `0x${file.post.calldata}`])
  })
})

describe('a call that is asked for again', () => {
  const file = vectors('07-replay')
  const said = read(file)
  const asks = said.filter(({ t }) => t === 'ask').map(({ v }) => fromWire(invokeAskSchema, v))

  // REPLAY-W1, REPLAY-W2
  test('is shown from the chunk that is missing to the same receipt, or that alone', () => {
    expect(file.protocol).toBe(PROTOCOLS.invoke)
    const [first, second] = asks as Array<{ request: Uint8Array; from: number }>
    expect([first?.from, second?.from]).toEqual([1, 0])
    expect(second?.request).toEqual(first?.request)
    const part = fromWire(invokePartSchema, said[1]?.v)
    const end = fromWire(invokeEndSchema, said[2]?.v)
    const { receipt } = decodeReceipt(end.receipt)
    expect('costWei' in part && part.costWei).toBe(receipt.priceWei)
    const { requestSalt } = decodeRequest(first?.request as Uint8Array)
    expect(commitmentOf(requestSalt, first?.request as Uint8Array)).toEqual(receipt.request)
    const forgotten = fromWire(invokeEndSchema, said[4]?.v)
    expect(forgotten).toEqual({ receipt: end.receipt, citations: [], isForgotten: true })
    expect(toWire(invokeEndSchema, forgotten)).toEqual(said[4]?.v)
  })

  // RECEIPTS-W1
  test('has its receipt among those of its channel', () => {
    expect(asks[2]).toEqual({ receipts: { channelId: file.channelId, from: 0 } })
    const { receipts } = fromWire(channelReceiptsSchema, said[6]?.v)
    const [only] = receipts.map((bytes) => decodeReceipt(bytes).receipt)
    expect([only?.channelId, only?.seq]).toEqual([file.channelId, 0])
    expect(hex(decodeReceipt(receipts[0] as Uint8Array).body)).toBe(file.receiptBody)
  })

  test('under another request, or never asked before, is refused by the number of the code', () => {
    const codes = said
      .filter(({ t }) => t === 'error')
      .map(({ v }) => fromWireError(v, 'peer').code)
    expect(codes).toEqual(['CALL_CONFLICT', 'CALL_UNKNOWN', 'CHANNEL_UNKNOWN'])
    const [, , , other] = asks as Array<{ request: Uint8Array }>
    expect(decodeRequest(other?.request as Uint8Array).callId).toEqual(
      decodeRequest((asks[0] as { request: Uint8Array }).request).callId
    )
  })
})
