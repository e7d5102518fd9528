import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, onTestFinished, test } from 'vitest'
import { createPayerChannels } from '../../../../peer/services/channel/payer-channels.ts'
import { createRecovery, sealedRequest } from '../../../../peer/services/channel/recovery.ts'
import { createChannelStore } from '../../../../peer/store/channels.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { openWallet } from '../../../../peer/wallet/wallet.ts'
import { cidOf } from '../../../../protocol/base/codec.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { fromWire } from '../../../../protocol/base/schema.ts'
import { domainSeparator, keySigner } from '../../../../protocol/base/typed-data.ts'
import { weiToBytes } from '../../../../protocol/base/units.ts'
import { escrowDomain } from '../../../../protocol/channel/terms.ts'
import { decodeVoucher } from '../../../../protocol/channel/voucher.ts'
import { signOffer } from '../../../../protocol/model/offer.ts'
import { priceWei, royaltyWei, tokensOf } from '../../../../protocol/model/price.ts'
import type { ExchangePool } from '../../../../protocol/net/exchange-pool.ts'
import { encodeRequest, invokeAskSchema } from '../../../../protocol/net/invoke.ts'
import { UNATTRIBUTED } from '../../../../protocol/receipt/attribution.ts'
import {
  commitmentOf,
  encodeReceipt,
  type Receipt,
  type SignedReceipt
} from '../../../../protocol/receipt/receipt.ts'
import { createReceiptSigner } from '../../../../protocol/receipt/receipt-signature.ts'
import { address, CONTRACTS, createFundedChain } from '../../../fixtures/funded-chain.ts'
import { testFolder } from '../../../fixtures/network.ts'

const DEPOSIT = 10n ** 9n
const PROVIDER = new Uint8Array(32).fill(9)
const QUESTION = 'Why does bread rise?'
const ANSWER = 'By wild yeast. '

/** What the provider shows of the call: to a replay, and of the channel. */
interface Shown {
  replay(): { parts?: unknown[]; end?: unknown }
  receipts?(): SignedReceipt[]
}

/** A payer with one open call, whose process was cut off; and its provider's words, by hand. */
async function cutOff() {
  const db = openDatabase(join(testFolder(), 'peer.sqlite'))
  onTestFinished(() => db.close())
  const wallet = await openWallet(db)
  const chain = createFundedChain(DEPOSIT)
  const channelStore = createChannelStore(db)
  let shown: Shown = { replay: () => ({}) }
  const committed: Uint8Array[] = []
  const pool: Pick<ExchangePool, 'ask' | 'request'> = {
    ask(_, __, value) {
      const ask = fromWire(invokeAskSchema, value)
      const refused = () => new DatanetError('PEER_GONE')
      const parts: unknown[] = []
      let end: () => Promise<unknown> = async () => undefined
      if ('receipts' in ask) {
        const receipts = (shown.receipts?.() ?? []).filter(
          ({ receipt }) => receipt.seq >= ask.receipts.from
        )
        if (receipts.length > 0) parts.push({ receipts: receipts.map(encodeReceipt) })
      } else {
        const said = shown.replay()
        parts.push(...(said.parts ?? []))
        end = async () => {
          if (said.end === undefined) throw refused()
          return said.end
        }
      }
      return {
        parts: (async function* () {
          yield* parts
        })(),
        end: end().catch(async () => Promise.reject(refused())),
        send: async () => {},
        stop() {}
      }
    },
    async request(_, __, value) {
      const ask = fromWire(invokeAskSchema, value)
      if ('commit' in ask) committed.push(ask.commit)
      return undefined
    }
  }
  const parts = {
    channelStore,
    chain,
    wallet,
    pool: pool as ExchangePool,
    limits: { maxCallWei: DEPOSIT, depositWei: DEPOSIT },
    log: () => {},
    now: Date.now
  }
  const peerKey = await generateKeyPair('Ed25519')
  const operator = keySigner(PROVIDER).address
  const signed = await signOffer(
    {
      version: 1,
      model: cidOf(Buffer.from('model')),
      provider: peerIdFromPrivateKey(peerKey).toString(),
      payment: {
        ...CONTRACTS,
        chainId: 31_337,
        operator,
        receiptSigner: operator,
        auditor: `0x${'ab'.repeat(32)}`,
        withdrawDelayS: 86_400
      },
      price: { callWei: 100n, inputTokenWei: 0n, outputTokenWei: 10n },
      openWei: 100n,
      maxChunkWei: 640n,
      policy: {
        royaltyPpm: 300_000,
        contributorsPpm: 700_000,
        builderPpm: 100_000,
        curatorsPpm: 100_000,
        treasuryPpm: 100_000
      },
      maxInputBytes: 65_536,
      maxOutputTokens: 2_048,
      seq: 1_800_000_000_000,
      expiresAtMs: 1_800_000_100_000
    },
    peerKey
  )
  const { offer } = signed
  channelStore.putOffer(signed.cid.toString(), signed.bytes)
  const request = {
    version: 1 as const,
    callId: new Uint8Array(randomBytes(16)),
    attempt: 0,
    model: offer.model,
    offer: signed.cid,
    messages: [{ role: 'user' as const, content: QUESTION }],
    maxWei: 5_000n,
    requestSalt: new Uint8Array(16).fill(1),
    answerSalt: new Uint8Array(16).fill(2)
  }
  const requestBytes = encodeRequest(request)
  const id = Buffer.from(request.callId).toString('hex')
  const before = await createPayerChannels(parts).begin(offer, { id, maxWei: 5_000n })
  await before.cover(id, 740n, {
    offer: signed.cid.toString(),
    request: sealedRequest(parts).seal(id, requestBytes),
    builder: address(8)
  })
  const signer = createReceiptSigner(
    domainSeparator(escrowDomain(31_337, CONTRACTS.escrow)),
    PROVIDER
  )
  const usage = { inputTokens: tokensOf(QUESTION), outputTokens: tokensOf(ANSWER) }
  const costWei = priceWei(offer.price, usage)
  const receipt = (change: Partial<Receipt> = {}) =>
    signer.sign({
      version: 1,
      callId: request.callId,
      attempt: 0,
      channelId: before.channelId,
      seq: 0,
      provider: offer.provider,
      model: offer.model,
      offer: signed.cid,
      request: commitmentOf(request.requestSalt, requestBytes),
      answer: commitmentOf(request.answerSalt, Buffer.from(ANSWER)),
      usage,
      priceWei: costWei,
      royaltyWei: royaltyWei(change.priceWei ?? costWei, 300_000),
      outcome: 'interrupted',
      method: 'none/1',
      credits: [...UNATTRIBUTED],
      builder: address(8),
      startedAtMs: 1,
      finishedAtMs: 2,
      ...change
    })
  // The payer as it comes back.
  const channels = createPayerChannels(parts)
  const channel = channels.find(before.channelId)
  return {
    channel,
    committed,
    costWei,
    receipt,
    part: { chunk: ANSWER, costWei: weiToBytes(costWei) },
    async recover(now: Shown) {
      shown = now
      return createRecovery(parts, channels).channel(channel)
    }
  }
}

// RECOVERY-W4, RECOVERY-W5, RECOVERY-W6
test('a payer that comes back counts its open call, has it shown, and commits to its receipt', async () => {
  const { channel, committed, costWei, receipt, part, recover } = await cutOff()
  expect(channel.lost).toHaveLength(1)
  expect([...channel.ledger.calls.values()]).toMatchObject([{ coveredWei: 740n }])
  expect(channel.ledger.voucher.cumulativeWei).toBe(740n)
  expect(await recover({ replay: () => ({}) })).toBe(false)
  const end = { receipt: encodeReceipt(receipt()), citations: [] }
  expect(await recover({ replay: () => ({ parts: [part], end }) })).toBe(true)
  const { settled, voucher } = channel.ledger
  expect(settled.operatorWei + settled.royaltyWei).toBe(costWei)
  expect(voucher).toMatchObject({ receipts: 1, cumulativeWei: 740n })
  expect(decodeVoucher(committed.at(-1) as Uint8Array).receipts).toBe(1)
})

// REPLAY-R3
test('an answer that is shown again is checked as one that comes for the first time', async () => {
  const { channel, receipt, part, recover } = await cutOff()
  const shown = (signed: SignedReceipt, change = {}) => ({
    replay: () => ({
      parts: [part],
      end: { receipt: encodeReceipt(signed), citations: [], ...change }
    })
  })
  expect(await recover(shown(receipt({ priceWei: 500n })))).toBe(false)
  const answer = new Uint8Array(32)
  expect(await recover(shown(receipt({ answer })))).toBe(false)
  const isForgotten = true
  const beyond = receipt({ answer, priceWei: 741n })
  expect(await recover(shown(beyond, { isForgotten }))).toBe(false)
  const foreign = receipt({ answer, builder: address(7) })
  expect(await recover(shown(foreign, { isForgotten }))).toBe(false)
  expect(channel.lost).toHaveLength(1)
  const covered = receipt({ answer, priceWei: 740n })
  expect(await recover(shown(covered, { isForgotten }))).toBe(true)
  expect(channel.ledger.voucher.receipts).toBe(1)
})

// RECEIPTS-R2
test('what cannot be shown again is taken from the receipts of the channel, without a hole', async () => {
  const { channel, receipt, recover } = await cutOff()
  const replay = () => ({})
  expect(await recover({ replay, receipts: () => [receipt({ seq: 1 })] })).toBe(false)
  expect(channel.lost).toHaveLength(1)
  expect(await recover({ replay, receipts: () => [receipt()] })).toBe(true)
  expect(channel.ledger.voucher.receipts).toBe(1)
})
