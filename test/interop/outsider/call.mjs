// Chapter 07: the payer's side of a channel, and a paid call over /datanet/invoke/1.
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { cidOf, hex, LIMITS, refuse } from './codec.mjs'
import { connect } from './exchange.mjs'
import {
  hasLongRun,
  outputCounter,
  priceOf,
  royaltyOf,
  signVoucher,
  tokens,
  ZERO_HASH
} from './money.mjs'
import { checkReceipt, expectedReceipt, readReceipt } from './receipt.mjs'
import * as records from './records.mjs'
import { escrowDomain } from './signing.mjs'
import { accumulatorRoot } from './trees.mjs'

export const INVOKE = '/datanet/invoke/1'

/** The payer's books of one channel: what it covered, what receipts it verified. */
export function payerBooks({ terms, payment, secretKey, journal }) {
  const domain = escrowDomain(payment.chainId, payment.escrow)
  const channelId = records.channelId(terms, payment)
  const calls = new Map()
  const leaves = []
  let signed = { operatorWei: 0n, royaltyWei: 0n }

  const max = (a, b) => (a > b ? a : b)
  function totals() {
    let [operatorWei, royaltyWei] = [0n, 0n]
    for (const { wei, ppm } of calls.values()) {
      royaltyWei += royaltyOf(wei, ppm)
      operatorWei += wei - royaltyOf(wei, ppm)
    }
    return {
      operatorWei: max(operatorWei, signed.operatorWei),
      royaltyWei: max(royaltyWei, signed.royaltyWei)
    }
  }

  return {
    domain,
    channelId,
    termsBytes: records.terms.encode(terms),
    /** Counts a call: at what it covers, and later at its price. */
    count: (callId, wei, ppm) => calls.set(hex(callId), { wei, ppm }),
    append: (seq, leaf) => {
      if (seq !== leaves.length) refuse('RECEIPT_INVALID', `seq ${seq} after ${leaves.length}`)
      leaves.push(leaf)
    },
    /** The next voucher, kept on disk before anyone sees it. */
    voucher: () => {
      signed = totals()
      const value = {
        channelId,
        cumulativeWei: signed.operatorWei + signed.royaltyWei,
        royaltyWei: signed.royaltyWei,
        receipts: leaves.length,
        receiptsRoot: leaves.length === 0 ? ZERO_HASH : `0x${hex(accumulatorRoot(leaves))}`
      }
      const bytes = signVoucher(domain, value, secretKey)
      if (journal !== undefined) store(journal, bytes)
      return { bytes, value }
    }
  }
}

function store(journal, bytes) {
  const file = openSync(journal, 'a', 0o600)
  writeSync(file, `${hex(bytes)}\n`)
  fsyncSync(file)
  closeSync(file)
}

/** Asks and pays for the answer as it comes, or with `stops` leaves when more is needed. */
export async function payForAnswer({ node, found, books, question, maxWei, stops, tell }) {
  const { card, offer } = found
  const ppm = offer.value.policy.royaltyPpm
  const request = newRequest({ found, question, maxWei })
  const requestBytes = records.request.encode(request)
  if (requestBytes.length > offer.value.maxInputBytes) refuse('REQUEST_TOO_LARGE')

  const watch = answerWatch(offer.value, request)
  const cover = (wei) => {
    if (wei > maxWei) refuse('SPENDING_LIMIT', `${wei} of ${maxWei}`)
    books.count(request.callId, wei, ppm)
    return books.voucher()
  }
  const opening = cover(offer.value.openWei + offer.value.maxChunkWei)
  tell('opened', { coveredWei: opening.value.cumulativeWei })
  const line = await connect(node, found.peer, INVOKE)
  const terms = books.termsBytes
  const call = line.ask({ request: requestBytes, terms, voucher: opening.bytes })
  let end
  while (end === undefined) {
    const step = await call.next()
    if (step.isEnd) end = step.value
    else if (step.value.needWei !== undefined && stops) {
      call.stop()
    } else if (step.value.needWei !== undefined) {
      const needWei = watch.need(step.value.needWei)
      const { bytes: voucher } = cover(needWei)
      call.more({ voucher, callId: request.callId, coveredWei: records.weiType.write(needWei) })
      tell('paid ahead', { coveredWei: needWei })
    } else {
      tell('chunk', watch.chunk(step.value))
    }
  }
  const own = expectedReceipt({
    request,
    requestBytes,
    card: card.value,
    offer: offer.value,
    channelId: books.channelId,
    answer: watch.text(),
    usage: watch.usage()
  })
  return { end, own, line, answer: watch.text(), answerSalt: request.answerSalt }
}

function newRequest({ found, question, maxWei }) {
  if (hasLongRun(question)) refuse('INPUT_INVALID', 'a run that stalls tokenizers')
  return {
    version: 1,
    callId: Uint8Array.from(randomBytes(16)),
    attempt: 0,
    model: found.card.cid,
    offer: found.offer.cid,
    messages: [{ role: 'user', content: question }],
    maxWei,
    requestSalt: Uint8Array.from(randomBytes(16)),
    answerSalt: Uint8Array.from(randomBytes(16))
  }
}

/** Counts the answer for itself and refuses what the offer does not allow. */
export function answerWatch(offer, request) {
  const counter = outputCounter()
  const inputTokens = request.messages.reduce((sum, m) => sum + tokens(m.content), 0)
  const usage = () => ({ inputTokens, outputTokens: counter.count() })
  let costWei = priceOf(offer.price, usage())
  let chunks = 0
  return {
    usage,
    text: counter.text,
    need: (wire) => {
      const needWei = records.weiType.read(wire)
      const ownWei = costWei > offer.openWei ? costWei : offer.openWei
      if (needWei > ownWei + offer.maxChunkWei) refuse('RECEIPT_INVALID', 'needs too much')
      return needWei
    },
    chunk: ({ chunk, costWei: wire }) => {
      const isText = typeof chunk === 'string' && chunk.length > 0
      if (!isText || chunk.length > LIMITS.chunkCharacters) refuse('RECEIPT_INVALID', 'a chunk')
      counter.add(chunk)
      chunks += 1
      const most = offer.maxOutputTokens
      const isOver = chunks > most || counter.text().length > 64 * most
      if (isOver || hasLongRun(counter.text())) refuse('RECEIPT_INVALID', 'too much of an answer')
      const before = costWei
      costWei = priceOf(offer.price, usage())
      const toldWei = records.weiType.read(wire)
      if (toldWei !== costWei) refuse('RECEIPT_INVALID', `costs ${toldWei}, not ${costWei}`)
      if (costWei - before > offer.maxChunkWei) refuse('RECEIPT_INVALID', 'a chunk too dear')
      return { chunk, costWei }
    }
  }
}

/** Verifies the receipt, counts the call at its price, and commits to the receipt. */
export async function settle({ found, books, terms, call, tell }) {
  const { value, leaf } = readReceipt(call.end.receipt, books.domain, terms.receiptSigner)
  checkReceipt(value, call.own)
  tell('receipt', {
    receipt: hex(value.callId),
    cid: cidOf(records.receipt.encode(value)),
    seq: value.seq,
    usage: value.usage,
    priceWei: value.priceWei,
    royaltyWei: value.royaltyWei,
    outcome: value.outcome,
    credits: value.credits,
    citations: call.end.citations
  })
  books.count(value.callId, value.priceWei, found.offer.value.policy.royaltyPpm)
  books.append(value.seq, leaf)
  const commit = books.voucher()
  const ask = call.line.ask({ terms: books.termsBytes, commit: commit.bytes })
  const { isEnd, value: said } = await ask.next()
  if (!isEnd || said !== undefined) refuse('FRAME_MALFORMED', 'no plain end of a commit')
  await call.line.close()
  tell('committed', {
    receipts: commit.value.receipts,
    receiptsRoot: commit.value.receiptsRoot,
    cumulativeWei: commit.value.cumulativeWei,
    royaltyWei: commit.value.royaltyWei
  })
  return { receipt: value, bytes: call.end.receipt, last: commit.value }
}
