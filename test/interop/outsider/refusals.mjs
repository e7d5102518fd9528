// What this client must not accept: things it makes itself, one byte or one number off.

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { SigningKey, Wallet } from 'ethers'
import { answerWatch } from './call.mjs'
import { cidOf, encode, hex, sha2, unhex } from './codec.mjs'
import { checkReceipt, expectedReceipt, readReceipt } from './receipt.mjs'
import * as records from './records.mjs'
import { evidenceRefusals } from './refusals-evidence.mjs'
import { digest, escrowDomain, seal, sign } from './signing.mjs'

const SEED = new Uint8Array(32).fill(1)
const OTHER = new Uint8Array(32).fill(2)
const NOW = 1_800_000_000_000
const CID = cidOf(Uint8Array.of(1))
const SOMEONE = `0x${'11'.repeat(20)}`

async function anOffer() {
  const key = await generateKeyPairFromSeed('Ed25519', SEED)
  return {
    version: 1,
    model: CID,
    provider: peerIdFromPrivateKey(key).toString(),
    payment: {
      chainId: 31_337,
      escrow: SOMEONE,
      pool: SOMEONE,
      registry: SOMEONE,
      token: SOMEONE,
      operator: SOMEONE,
      receiptSigner: SOMEONE,
      auditor: `0x${'22'.repeat(32)}`,
      withdrawDelayS: 86_400
    },
    price: { callWei: 1_000n, inputTokenWei: 1n, outputTokenWei: 2n },
    openWei: 1_010n,
    maxChunkWei: 100n,
    policy: {
      royaltyPpm: 300_000,
      contributorsPpm: 700_000,
      builderPpm: 100_000,
      curatorsPpm: 50_000,
      treasuryPpm: 150_000
    },
    maxInputBytes: 65_536,
    maxOutputTokens: 8,
    seq: NOW,
    expiresAtMs: NOW + 600_000
  }
}

function aCall(offer) {
  const request = {
    version: 1,
    callId: new Uint8Array(16).fill(7),
    attempt: 0,
    model: CID,
    offer: CID,
    messages: [{ role: 'user', content: 'hello world' }],
    maxWei: 2_000n,
    requestSalt: new Uint8Array(16).fill(8),
    answerSalt: new Uint8Array(16).fill(9)
  }
  const requestBytes = records.request.encode(request)
  const usage = { inputTokens: 2, outputTokens: 2 }
  const call = { request, requestBytes, card: { builder: SOMEONE }, offer, usage }
  const channelId = `0x${'33'.repeat(32)}`
  return { request, own: expectedReceipt({ ...call, channelId, answer: 'hello world' }) }
}

function wrapped(value, domain, key) {
  const body = records.receipt.encode(value)
  const leaf = `0x${hex(sha2(body))}`
  const said = digest(domain, 'Receipt', { channelId: value.channelId, seq: value.seq, leaf })
  return encode({ body, signature: sign(key, said) })
}

/** Runs every refusal; names those that did not happen. */
export async function selfTest() {
  const refused = []
  const missed = []
  const mustRefuse = async (what, code, attempt) => {
    try {
      await attempt()
      missed.push(`${what}: accepted`)
    } catch (error) {
      if (error.code === code) refused.push(what)
      else missed.push(`${what}: ${error.message} instead of ${code}`)
    }
  }
  await offers(mustRefuse)
  await receipts(mustRefuse)
  await answers(mustRefuse)
  await evidenceRefusals(mustRefuse)
  return { refused, missed }
}

async function offers(mustRefuse) {
  const offer = await anOffer()
  const sealed = (value, seed = SEED) => seal(records.offer.encode(value), 'datanet/offer/1', seed)
  const read = async (value, seed) => records.readOffer(await sealed(value, seed), NOW)
  await read(offer)
  const good = await sealed(offer)
  const turned = good.slice()
  turned[turned.length - 1] ^= 1
  await mustRefuse('an offer with a byte turned', 'SIGNATURE_INVALID', () =>
    records.readOffer(turned, NOW)
  )
  await mustRefuse('an offer sealed by another', 'SIGNER_UNEXPECTED', () => read(offer, OTHER))
  await mustRefuse('an offer past its expiry', 'OFFER_EXPIRED', () =>
    records.readOffer(good, NOW + 600_001)
  )
  await mustRefuse('an offer as a card', 'RECORD_MALFORMED', () => records.readCard(good, NOW))
  const shares = { ...offer.policy, royaltyPpm: 299_999 }
  await mustRefuse('an offer below the royalty asked for', 'ROYALTY_TOO_LOW', () =>
    records.demandRoyalty(shares, offer.policy)
  )
}

async function receipts(mustRefuse) {
  const offer = await anOffer()
  const { own } = aCall(offer)
  const key = new SigningKey(Wallet.createRandom().privateKey)
  const account = new Wallet(key.privateKey).address.toLowerCase()
  const domain = escrowDomain(offer.payment.chainId, offer.payment.escrow)
  const whole = [{ basis: 'unattributed', ppm: 1_000_000 }]
  const value = {
    ...own,
    version: 1,
    seq: 0,
    outcome: 'abstained',
    method: 'span-coverage/1',
    credits: whole,
    startedAtMs: NOW,
    finishedAtMs: NOW
  }
  const good = wrapped(value, domain, key.privateKey)
  checkReceipt(readReceipt(good, domain, account).value, own)

  const turned = good.slice()
  turned[turned.length - 1] ^= 1
  await mustRefuse('a receipt with a byte turned', 'SIGNATURE_INVALID', () =>
    readReceipt(turned, domain, account)
  )
  await mustRefuse('a receipt by another signer', 'SIGNATURE_INVALID', () =>
    readReceipt(wrapped(value, domain, OTHER), domain, account)
  )
  const tampered = {
    priceWei: own.priceWei + 1n,
    royaltyWei: own.royaltyWei - 1n,
    answer: unhex('00'.repeat(32)),
    request: unhex('00'.repeat(32)),
    usage: { inputTokens: 2, outputTokens: 3 },
    builder: `0x${'44'.repeat(20)}`
  }
  for (const [field, lie] of Object.entries(tampered)) {
    const bytes = wrapped({ ...value, [field]: lie }, domain, key.privateKey)
    await mustRefuse(`a receipt with another ${field}`, 'RECEIPT_INVALID', () =>
      checkReceipt(readReceipt(bytes, domain, account).value, own)
    )
  }
  const half = [{ basis: 'unattributed', ppm: 999_999 }]
  await mustRefuse('credits that are no whole', 'RECORD_MALFORMED', () =>
    readReceipt(wrapped({ ...value, credits: half }, domain, key.privateKey), domain, account)
  )
}

async function answers(mustRefuse) {
  const offer = await anOffer()
  const { request } = aCall(offer)
  const chunk = (text, wei) => ({ chunk: text, costWei: unhex(wei.toString(16).padStart(4, '0')) })
  answerWatch(offer, request).chunk(chunk('hello world', 1_006))
  await mustRefuse('a running cost other than our count', 'RECEIPT_INVALID', () =>
    answerWatch(offer, request).chunk(chunk('hello world', 1_007))
  )
  await mustRefuse('an empty chunk', 'RECEIPT_INVALID', () =>
    answerWatch(offer, request).chunk(chunk('', 1_002))
  )
  await mustRefuse('a need beyond the next chunk', 'RECEIPT_INVALID', () =>
    answerWatch(offer, request).need(unhex('0457'))
  )
  await mustRefuse('an answer that stalls a tokenizer', 'RECEIPT_INVALID', () =>
    answerWatch(offer, request).chunk(chunk('a'.repeat(2_000), 1_006))
  )
}
