// The vectors of exchanges, among them one whole paid call, and of what goes to the contracts.

import { AbiCoder } from 'ethers'
import { answerWatch, payerBooks } from './call.mjs'
import { checkedCid, frame, LIMITS, unframe, unhex, utf8, weiOf } from './codec.mjs'
import { credited, evidence } from './evidence.mjs'
import { FROM_CALLER, FROM_SERVER, readError, readFrame } from './exchange.mjs'
import * as money from './money.mjs'
import { checkReceipt, expectedReceipt, readReceipt } from './receipt.mjs'
import * as records from './records.mjs'
import { escrowDomain } from './signing.mjs'
import * as trees from './trees.mjs'
import { value, wire } from './vectors-tools.mjs'

const SESSION_KEY = `0x${'0b'.repeat(32)}`
const WORDS = [...FROM_CALLER, ...FROM_SERVER]

/** Every frame of a transcript: its bytes from its message, and its message from its bytes. */
async function transcript(v, check) {
  for (const one of v.frames) {
    check.equal(`${one.message.t}: bytes`, frame(wire(one.message)), unhex(one.bytes))
    const { value: said } = unframe(unhex(one.bytes))
    check.equal(`${one.message.t}: form`, readFrame(said, WORDS).t, one.message.t)
    if (one.error) check.equal('error', readError(said.v).code, one.error)
  }
}

export const exchangeChecks = {
  '04-submission': transcript,
  '05-document': transcript,
  '07-replay': transcript,
  '07-tower': transcript,

  '05-exchange': async (v, check) => {
    const read = (bytes) => readFrame(unframeBody(bytes), WORDS)
    for (const one of v.valid) check.equal(one.name, read(one.bytes), one.read)
    for (const one of v.invalid) await check.refuses(one.name, one.error, () => read(one.bytes))
    for (const one of v.errors) {
      const { code, text } = readError(one.value)
      check.equal(one.name, { code, text }, { code: one.error, text: one.text })
    }
  },

  '05-blocks': async (v, check) => {
    await transcript(v, check)
    for (const { cid, bytes } of value(v.frames[1].message.v.blocks)) {
      check.equal(cid, checkedCid(bytes, cid, 0x55), bytes)
    }
  },

  '07-call': async (v, check) => {
    await transcript(v, check)
    const at = (index) => v.frames[index].message
    const card = await records.readCard(unhex(v.card), v.nowMs)
    const offer = await records.readOffer(unhex(v.offer), v.nowMs)
    const request = value(v.request)
    const requestBytes = records.request.encode(request)
    const terms = records.terms.decode(unhex(at(0).v.terms.$bytes))
    const books = payerBooks({ terms, payment: offer.value.payment, secretKey: SESSION_KEY })
    const ppm = offer.value.policy.royaltyPpm
    const pay = (wei) => {
      books.count(request.callId, wei, ppm)
      return books.voucher().bytes
    }
    const { openWei, maxChunkWei } = offer.value
    const voucher = pay(openWei + maxChunkWei)
    const ask = { request: requestBytes, terms: books.termsBytes, voucher }
    check.equal('ask', ask, value(at(0).v))
    check.equal('channel', books.channelId, v.channelId)

    const watch = answerWatch(offer.value, request)
    const part = (index) => wire(at(index).v)
    check.equal('first chunk', watch.chunk(part(1)).costWei, weiOf(part(1).costWei))
    const needWei = watch.need(part(2).needWei)
    const more = { callId: request.callId, voucher: pay(needWei), coveredWei: needWei }
    check.equal('more', more, value(at(3).v))
    check.equal('second chunk', watch.chunk(part(4)).costWei, weiOf(part(4).costWei))

    const domain = escrowDomain(v.domain.chainId, v.domain.escrow)
    const { value: told, leaf } = readReceipt(part(5).receipt, domain, v.receiptSigner)
    const mine = { request, requestBytes, card: card.value, offer: offer.value }
    const { channelId } = books
    const answered = { channelId, answer: watch.text(), usage: watch.usage() }
    checkReceipt(told, expectedReceipt({ ...mine, ...answered }))
    check.equal('leaf', leaf, unhex(v.leaf))
    const owners = new Map(told.credits.map(({ contribution, account }) => [contribution, account]))
    const accountOf = (contribution) => owners.get(contribution)
    const { evidence: bytes } = part(5)
    const given = { receipt: told, answerSalt: request.answerSalt, bytes, accountOf }
    check.equal('evidence', evidence.encode({ version: 1, ...credited(given) }), bytes)
    books.append(told.seq, leaf)
    const commit = pay(told.priceWei)
    check.equal('commit', { terms: books.termsBytes, commit }, value(at(6).v))
  },

  '07-window': (v, check) => {
    const someone = `0x${'11'.repeat(20)}`
    const parties = { payer: someone, signer: someone, operator: someone, receiptSigner: someone }
    const bare = { auditor: money.ZERO_HASH, token: someone, withdrawDelayS: 1 }
    const terms = { ...parties, ...bare, salt: money.ZERO_HASH }
    const payment = { chainId: 1, escrow: someone }
    const books = payerBooks({ terms, payment, secretKey: SESSION_KEY })
    const royalties = new Map()
    let finished = 0
    for (const step of value(v.steps)) {
      const { callId: name, royaltyPpm = royalties.get(name), voucher, leaf } = step
      const callId = utf8(name ?? '')
      royalties.set(name, royaltyPpm)
      if (step.do === 'cover') books.count(callId, step.coveredWei, royaltyPpm)
      if (step.do === 'finish') {
        books.count(callId, step.priceWei, royaltyPpm)
        books.append(finished++, unhex(leaf))
      }
      if (voucher === undefined) continue
      const { channelId, ...signed } = books.voucher().value
      check.equal(`${step.do} ${name}`, signed, voucher)
    }
  },

  '07-claim': (v, check) => {
    const terms = records.terms.decode(unhex(v.terms))
    const domain = escrowDomain(31_337, v.to)
    const voucher = money.readVoucher(unhex(v.voucher), domain, terms.signer)
    const signature = v.voucher.slice(-128)
    const { cumulativeWei, royaltyWei, receipts, receiptsRoot } = voucher
    const row = [...Object.values(terms), cumulativeWei, royaltyWei, receipts, receiptsRoot]
    const words = [32, 1, ...row, `0x${signature.slice(0, 64)}`, `0x${signature.slice(64)}`]
    const body = AbiCoder.defaultAbiCoder().encode(
      words.map(() => 'uint256'),
      words
    )
    check.equal('calldata', `259a6b7e${body.slice(2)}`, v.calldata)
  },

  '09-claim': (v, check) => {
    const { leaf, proof, drop } = value({ leaf: v.leaf, proof: v.proof, drop: v.drop.input })
    const { hash, sumWei } = trees.dropTree(drop.leaves)
    check.equal('root', [hash, sumWei], [v.root, drop.totalWei])
    check.equal(
      'claim',
      trees.checkClaim({ leaf, proof, root: v.root, totalWei: sumWei }),
      undefined
    )
  }
}

/** The value of a frame that stands here without its length. */
function unframeBody(bytes) {
  const body = unhex(bytes)
  const head = Uint8Array.of(body.length)
  return unframe(Uint8Array.from([...head, ...body]), LIMITS.frameBytes).value
}
