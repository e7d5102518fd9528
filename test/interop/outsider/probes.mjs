// What a provider and a host must refuse of us, and by which code the pages say so.
import { randomBytes } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { INVOKE } from './call.mjs'
import { cidOf, encode, refuse, unhex } from './codec.mjs'
import { askOnce, connect } from './exchange.mjs'
import { royaltyOf, signVoucher, ZERO_HASH } from './money.mjs'
import * as records from './records.mjs'
import { DOCUMENT } from './serve.mjs'

const NOBODYS = cidOf(randomBytes(32))
const TERMS_FIELDS = ['operator', 'receiptSigner', 'auditor', 'token', 'withdrawDelayS']

/** Asks for each refusal; `last` is the voucher that the provider holds of this channel. */
export async function probe({ node, found, channel, tell }) {
  const refused = []
  const differs = []
  const expect = async (what, code, value, protocol = INVOKE) => {
    const got = await askOnce(node, found.peer, protocol, value).then(
      () => 'no refusal',
      (error) => error.code ?? error.message
    )
    if (got === code) refused.push(what)
    else differs.push(`${what}: ${got} instead of ${code}`)
  }
  await documents(expect, found)
  await openings(expect, found, channel)
  await commits(expect, channel)
  await frames({ node, found, refused, differs })
  tell('probes', { refused, differs })
  if (differs.length > 0) refuse('INTERNAL', differs[0])
}

async function documents(expect, found) {
  const name = { issuer: found.offer.value.provider, kind: 'offer', id: NOBODYS }
  await expect('a document of no such name', 'DOCUMENT_UNKNOWN', { name }, DOCUMENT)
  const cid = CID.parse(NOBODYS)
  await expect('a document of no such CID', 'DOCUMENT_UNKNOWN', { cid }, DOCUMENT)
}

function callOf(found, channel, { terms = {}, voucher = {}, request = {}, key } = {}) {
  const { offer } = found
  const { openWei, maxChunkWei, policy } = offer.value
  const { last, books, secretKey } = channel
  const asked = {
    version: 1,
    callId: Uint8Array.from(randomBytes(16)),
    attempt: 0,
    model: offer.value.model,
    offer: offer.cid,
    messages: [{ role: 'user', content: 'What is this?' }],
    maxWei: openWei + maxChunkWei,
    requestSalt: Uint8Array.from(randomBytes(16)),
    answerSalt: Uint8Array.from(randomBytes(16)),
    ...request
  }
  const cover = openWei + maxChunkWei
  const signed = {
    ...last,
    cumulativeWei: last.cumulativeWei + cover,
    royaltyWei: last.royaltyWei + royaltyOf(cover, policy.royaltyPpm),
    ...voucher
  }
  return {
    request: records.request.encode(asked),
    terms: records.terms.encode({ ...channel.terms, ...terms }),
    voucher: signVoucher(books.domain, signed, key ?? secretKey)
  }
}

async function openings(expect, found, channel) {
  const call = (changes) => callOf(found, channel, changes)
  const { last, depositWei } = channel
  const { openWei, maxChunkWei, policy } = found.offer.value
  const asked = (request) => call({ request })

  await expect('an offer that nobody made', 'OFFER_UNKNOWN', asked({ offer: NOBODYS }))
  await expect('another model than the offer’s', 'MODEL_UNKNOWN', asked({ model: NOBODYS }))
  await expect('a request that is no record', 'RECORD_MALFORMED', {
    ...call(),
    request: encode({ version: 1 })
  })
  const long = 'word '.repeat(Math.ceil(found.offer.value.maxInputBytes / 5))
  const messages = [{ role: 'user', content: long }]
  await expect('a request that is too large', 'REQUEST_TOO_LARGE', asked({ messages }))
  const run = [{ role: 'user', content: 'a'.repeat(2_000) }]
  await expect('a run that stalls a tokenizer', 'REQUEST_TOO_LARGE', asked({ messages: run }))

  for (const field of TERMS_FIELDS) {
    const other = field === 'withdrawDelayS' ? 1 : channel.terms[field].replace(/.{4}$/, 'abcd')
    const terms = { [field]: other }
    await expect(`terms with another ${field}`, 'TERMS_MISMATCH', call({ terms }))
  }
  await expect('a voucher cut short', 'VOUCHER_MALFORMED', {
    ...call(),
    voucher: call().voucher.subarray(1)
  })
  const key = `0x${'07'.repeat(32)}`
  await expect('a voucher by another key', 'SIGNATURE_INVALID', call({ key }))
  const channelId = `0x${'55'.repeat(32)}`
  await expect('a voucher of another channel', 'TERMS_MISMATCH', call({ voucher: { channelId } }))
  const whole = royaltyOf(openWei + maxChunkWei, policy.royaltyPpm)
  const low = {
    cumulativeWei: last.cumulativeWei + whole,
    royaltyWei: last.royaltyWei + whole
  }
  await expect('a voucher over too little', 'VOUCHER_INSUFFICIENT', call({ voucher: low }))
  const { royaltyWei } = last
  await expect(
    'a voucher without royalty',
    'VOUCHER_ROYALTY_LOW',
    call({ voucher: { royaltyWei } })
  )
  const tooMuch = { cumulativeWei: depositWei + 1n }
  await expect('a voucher above the deposit', 'VOUCHER_OVERFLOWS', call({ voucher: tooMuch }))
  const receiptsRoot = `0x${'66'.repeat(32)}`
  await expect('another root', 'VOUCHER_STALE', call({ voucher: { receiptsRoot } }))
  const more = { receipts: last.receipts + 1, receiptsRoot }
  await expect('receipts that nobody gave', 'RECEIPT_UNKNOWN', call({ voucher: more }))
  const little = { maxWei: openWei + maxChunkWei - 1n }
  await expect('a call that may not even open', 'VOUCHER_INSUFFICIENT', asked(little))
  await expect(
    'a call beyond the deposit',
    'DEPOSIT_INSUFFICIENT',
    asked({ maxWei: depositWei * 2n })
  )
}

async function commits(expect, channel) {
  const terms = channel.books.termsBytes
  const voucher = { ...channel.last, receipts: 0, receiptsRoot: ZERO_HASH }
  const commit = signVoucher(channel.books.domain, voucher, channel.secretKey)
  await expect('a commit that was cut', 'VOUCHER_MALFORMED', { terms, commit: commit.subarray(8) })
}

/** Bytes that are no frame are answered once, by an error about the stream itself. */
async function frames({ node, found, refused, differs }) {
  const line = await connect(node, found.peer, DOCUMENT)
  const answer = line.raw(unhex('021801'))
  const got = await answer.next().then(
    () => 'no refusal',
    (error) => error.code
  )
  if (got === 'FRAME_MALFORMED') refused.push('bytes that are no frame')
  else differs.push(`bytes that are no frame: ${got}`)
}
