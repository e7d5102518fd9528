import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Chain } from '../../../../peer/chain/chain.ts'
import { createKeeping } from '../../../../peer/services/call/keeping.ts'
import { createProviderChannels } from '../../../../peer/services/channel/provider-channels.ts'
import { createChannelStore } from '../../../../peer/store/channels.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { openWallet } from '../../../../peer/wallet/wallet.ts'
import { cidOf } from '../../../../protocol/base/codec.ts'
import { LIMITS } from '../../../../protocol/base/limits.ts'
import { encodeRecord } from '../../../../protocol/base/schema.ts'
import { domainSeparator, keySigner } from '../../../../protocol/base/typed-data.ts'
import {
  channelIdOf,
  escrowDomain,
  termsFromOffer,
  termsSchema
} from '../../../../protocol/channel/terms.ts'
import { createVoucherSigner, encodeVoucher } from '../../../../protocol/channel/voucher.ts'
import { encodeRequest } from '../../../../protocol/net/invoke.ts'
import { commitmentOf, decodeReceipt } from '../../../../protocol/receipt/receipt.ts'
import { testFolder } from '../../../fixtures/network.ts'

const address = (n: number) => `0x${`${n}`.padStart(2, '0').repeat(20)}`
const CONTRACTS = {
  chainId: 31_337n,
  registry: address(1),
  escrow: address(2),
  pool: address(3),
  token: address(4)
}
const PAYER = new Uint8Array(32).fill(7)
const DEPOSIT = 10n ** 9n

/** A provider on a disk, its one channel, and how to start it again on the same disk. */
async function provider() {
  const path = join(testFolder(), 'peer.sqlite')
  const db = openDatabase(path)
  onTestFinished(() => db.close())
  const wallet = await openWallet(db)
  const chain = {
    contracts: CONTRACTS,
    escrow: { channel: async () => ({ depositWei: DEPOSIT, claimedWei: 0n }) }
  } as unknown as Chain
  let nowMs = 1_800_000_000_000
  const parts = {
    channelStore: createChannelStore(db),
    chain,
    wallet,
    peerId: 'them',
    log: () => {},
    now: () => nowMs
  }
  const operator = wallet.own.address
  const payment = {
    ...CONTRACTS,
    chainId: 31_337,
    operator,
    receiptSigner: operator,
    auditor: `0x${'ab'.repeat(32)}`,
    withdrawDelayS: 86_400
  }
  const payer = keySigner(PAYER).address
  const salt = `0x${'cd'.repeat(32)}`
  const terms = termsFromOffer(payment, { payer, signer: payer, salt })
  const domain = escrowDomain(31_337n, CONTRACTS.escrow)
  const channelId = channelIdOf(domain, terms)
  const signer = createVoucherSigner(domainSeparator(domain), PAYER)
  const start = async () => {
    const channels = createProviderChannels(parts, {
      at: async () => ({ ...(await parts.chain.escrow.channel(channelId)), royaltyWei: 0n })
    })
    onTestFinished(() => channels.stop())
    await channels.ready
    return channels.open(encodeRecord(termsSchema, terms), payment, 'us')
  }
  const cover = (cumulativeWei: bigint) =>
    encodeVoucher(
      signer.sign({
        channelId,
        cumulativeWei,
        royaltyWei: (cumulativeWei * 3n) / 10n,
        receipts: 0,
        receiptsRoot: `0x${'0'.repeat(64)}`
      })
    )
  return { path, parts, channelId, start, cover, pass: (ms: number) => (nowMs += ms) }
}

function call(channelId: string) {
  const request = {
    version: 1 as const,
    callId: new Uint8Array(randomBytes(16)),
    attempt: 0,
    model: cidOf(Buffer.from('model')),
    offer: cidOf(Buffer.from('offer')),
    messages: [{ role: 'user' as const, content: 'a private question' }],
    maxWei: 5_000n,
    requestSalt: new Uint8Array(16).fill(1),
    answerSalt: new Uint8Array(16).fill(2)
  }
  const requestBytes = encodeRequest(request)
  return {
    request,
    kept: {
      channelId,
      callId: Buffer.from(request.callId).toString('hex'),
      requestBytes,
      commitment: commitmentOf(request.requestSalt, requestBytes),
      builder: address(9),
      inputTokens: 3,
      royaltyPpm: 300_000,
      startedAtMs: 1_800_000_000_000
    }
  }
}

type Provider = Awaited<ReturnType<typeof provider>>

/** A call that delivered `texts`, each for 100, and was cut off there. */
async function cutOff(peer: Provider, texts: readonly string[], paidWei: bigint) {
  const channel = await peer.start()
  const { request, kept } = call(peer.channelId)
  const { callId } = kept
  await channel.reserve(callId, 5_000n, 300_000)
  await channel.accept(peer.cover(paidWei), 'us', { callId, coveredWei: 1_000n })
  const keeping = createKeeping(peer.parts).keep(kept)
  for (const [n, text] of texts.entries()) {
    const chunk = { text, costWei: 100n * BigInt(n + 1), outputTokens: 2 * (n + 1) }
    await channel.deliver(callId, 100n, (onUndo) => keeping.add(chunk, onUndo))
  }
  return { request, kept }
}

// RECOVERY-W3
test('calls that were cut off get their receipts for exactly what can have left', async () => {
  const peer = await provider()
  const none = await cutOff(peer, [], 1_000n)
  const some = await cutOff(peer, ['one ', 'two '], 2_000n)
  const channel = await peer.start()
  const receipts = peer.parts.channelStore.receiptsOf('provider', peer.channelId)
  expect(receipts).toHaveLength(1)
  const { receipt } = decodeReceipt(receipts[0]?.bytes as Uint8Array)
  expect(receipt).toMatchObject({
    seq: 0,
    callId: some.request.callId,
    outcome: 'interrupted',
    priceWei: 200n,
    royaltyWei: 60n,
    usage: { inputTokens: 3, outputTokens: 4 },
    request: some.kept.commitment,
    answer: commitmentOf(some.request.answerSalt, Buffer.from('one two '))
  })
  expect(channel.ledger).toMatchObject({ spentWei: 200n, authorisedWei: 2_000n })
  const keeping = createKeeping(peer.parts)
  const again = keeping.again(peer.channelId, some.kept.callId, some.kept.commitment, 1)
  expect(again?.chunks).toEqual([{ text: 'two ', costWei: 200n }])
  expect(keeping.again(peer.channelId, none.kept.callId, none.kept.commitment, 0)).toBeUndefined()
  await peer.start()
  expect(peer.parts.channelStore.receiptsOf('provider', peer.channelId)).toHaveLength(1)
})

// REPLAY-W3, RECOVERY-W1, RECOVERY-W2
test('what is kept of a call is on the disk, and unreadable there', async () => {
  const peer = await provider()
  await cutOff(peer, ['a private answer'], 1_000n)
  const disk = readFileSync(`${peer.path}-wal`).toString('latin1')
  expect(peer.parts.channelStore.served.unfinished()).toHaveLength(1)
  for (const secret of ['a private question', 'a private answer']) {
    expect(disk).not.toContain(secret)
  }
})

test('answers are forgotten when they are committed to, and when they are old', async () => {
  const peer = await provider()
  const { kept } = await cutOff(peer, ['one '], 1_000n)
  await peer.start()
  const keeping = createKeeping(peer.parts)
  const left = () => keeping.again(peer.channelId, kept.callId, kept.commitment, 0)?.chunks.length
  keeping.sweep(new Map([[peer.channelId, 0]]))
  expect(left()).toBe(1)
  peer.pass(LIMITS.replayMs)
  keeping.sweep(new Map())
  expect(left()).toBe(1)
  peer.pass(1)
  keeping.sweep(new Map())
  expect(left()).toBe(0)
  const second = await cutOff(peer, ['two '], 2_000n)
  await peer.start()
  keeping.sweep(new Map([[peer.channelId, 2]]))
  const { callId, commitment } = second.kept
  expect(keeping.again(peer.channelId, callId, commitment, 0)).toMatchObject({
    chunks: [],
    isForgotten: true
  })
})

// CALL-R13
test('a channel has a bounded number of calls', async () => {
  const peer = await provider()
  const channel = await peer.start()
  for (let i = 0; i < LIMITS.openCalls; i++) await channel.reserve(`${i}`, 1n, 0)
  await expect(channel.reserve('more', 1n, 0)).rejects.toMatchObject({ code: 'PROVIDER_BUSY' })
  channel.release('7')
  await channel.reserve('more', 1n, 0)
})
