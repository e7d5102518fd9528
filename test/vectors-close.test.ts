import { describe, expect, test } from 'vitest'
import type { Chain } from '../peer/chain/chain.ts'
import type { Keeping } from '../peer/services/call/keeping.ts'
import { createCloseAnswering, withCloses } from '../peer/services/channel/close-answering.ts'
import type { Deposits } from '../peer/services/channel/deposits.ts'
import {
  createProviderChannels,
  type ProviderChannel
} from '../peer/services/channel/provider-channels.ts'
import type { Parts } from '../peer/services/parts.ts'
import { createChannelStore } from '../peer/store/channels.ts'
import { createCloseStore } from '../peer/store/closes.ts'
import { openDatabase } from '../peer/store/database.ts'
import type { WalletAccount } from '../peer/wallet/wallet.ts'
import { decodeCanonical } from '../protocol/base/codec.ts'
import { ERRORS } from '../protocol/base/errors.ts'
import { LIMITS } from '../protocol/base/limits.ts'
import { fromWire } from '../protocol/base/schema.ts'
import { keySigner } from '../protocol/base/typed-data.ts'
import { openProviderLedger } from '../protocol/channel/provider-ledger.ts'
import { termsSchema } from '../protocol/channel/terms.ts'
import { decodeVoucher } from '../protocol/channel/voucher.ts'
import type { Payment } from '../protocol/model/offer.ts'
import type { ExchangeContext } from '../protocol/net/exchange.ts'
import { createFrameDecoder, encodeFrames } from '../protocol/net/frames.ts'
import { PROTOCOLS } from '../protocol/net/ids.ts'
import { asMessage } from '../protocol/net/message.ts'
import { refusal } from './protocol/base/refusal.ts'
import { bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

const file = vectors('07-close')
const context = { remotePeer: 'payer' } as ExchangeContext

/** A provider over a store of its own, for which the chain says the page's deposit of every channel. */
function provider() {
  const db = openDatabase(':memory:')
  const secretKey = bytes(file.secretKey)
  const signer = keySigner(secretKey)
  const own = { address: signer.address, label: 'own', signer, secretKey } as WalletAccount
  const { chainId, escrow } = file.domain
  const contracts = { chainId: BigInt(chainId), escrow }
  const state = { depositWei: file.depositWei, claimedWei: 0n, royaltyWei: 0n }
  const chain = {
    contracts,
    nowMs: async () => file.chainMs,
    // All is claimed: it sends nothing.
    escrow: { channel: async () => ({ ...state, claimedWei: file.depositWei }) }
  } as unknown as Chain
  const channelStore = createChannelStore(db)
  const parts = {
    ...{ chain, channelStore, peerId: 'provider', now: () => file.chainMs, log: () => {} },
    wallet: { own, find: () => own }
  } as unknown as Parts
  const closes = createCloseStore(db)
  let confirmedMs = file.chainMs
  const watcher = {
    get state() {
      const block = { number: 1, hash: '0x', timeMs: confirmedMs }
      return { seenAtMs: file.chainMs, block, failures: 0 }
    }
  }
  const deposits: Deposits = withCloses({ at: async () => state }, closes, watcher)
  const keeping = { interrupt: () => {}, sweep: () => {} } as unknown as Keeping
  const channels = createProviderChannels(parts, deposits, keeping)
  return {
    db,
    parts,
    /** The channel under an offer's payment, with the page's last voucher accepted. */
    async serve(): Promise<ProviderChannel> {
      const [asked] = file.frames
      const { terms: bytes_, voucher } = asked.message.v
      const terms = fromWire(termsSchema, decodeCanonical(bytes_))
      const payment = { ...terms, chainId, escrow } as unknown as Payment
      const channel = await channels.open(bytes_, payment, 'payer')
      await channel.accept(voucher, 'payer')
      return channel
    },
    channels,
    closes,
    deposits,
    watcher,
    reach: (ms: number) => {
      confirmedMs = ms
    },
    take: async (
      ask: unknown,
      over: Pick<typeof channels, 'open'> = channels,
      by: ExchangeContext = context
    ) => (await createCloseAnswering(parts, over, closes)(ask, by).next()).value
  }
}

describe('an exchange about a close', () => {
  const messages = file.frames.map((one: Vectors) => {
    const [inner] = createFrameDecoder(LIMITS.frameBytes).feed(bytes(one.bytes))
    const message = asMessage(decodeCanonical(inner as Uint8Array))
    expect(hex(encodeFrames([message], LIMITS.frameBytes))).toBe(one.bytes)
    return { ...one, ...message }
  })

  test('is answered frame by frame as the page says', async () => {
    expect(file.protocol).toBe(PROTOCOLS.close)
    const { take, serve } = provider()
    await serve()
    for (let at = 0; at < messages.length; at += 2) {
      const [ask, answer] = messages.slice(at, at + 2)
      if (answer.t === 'end') expect(await take(ask.v)).toEqual(answer.v)
      else {
        expect(await refusal(() => take(ask.v))).toBe(answer.error)
        expect(ERRORS[answer.error as keyof typeof ERRORS].wire).toBe(answer.v.code)
      }
    }
  })

  // CLOSE-R4
  test('is no business of who read the voucher on the chain, nor of who has none', async () => {
    const { take, closes, serve } = provider()
    await serve()
    await take(messages[0].v)
    closes.remove(file.channelId)
    const stranger = { remotePeer: 'stranger' } as ExchangeContext
    expect(await refusal(() => take(messages[0].v, undefined, stranger))).toBe('VOUCHER_STALE')
    const { voucher: _, ...bare } = messages[0].v
    expect(await refusal(() => take(bare, undefined, stranger))).toBe('RECORD_MALFORMED')
    expect(closes.deadlineOf(file.channelId)).toBe(undefined)
  })

  // CLOSE-R5
  test('brings no amount on a channel on which nothing was served', async () => {
    const { take, parts } = provider()
    expect(await refusal(() => take(messages[0].v))).toBe('CHANNEL_UNKNOWN')
    expect(parts.channelStore.channel('provider', file.channelId)?.voucher).toBe(undefined)
  })

  // CLOSE-W2
  test('keeps calls off the channel until the word has run out, also through a restart', async () => {
    const { take, deposits, closes, db, reach, watcher, serve } = provider()
    const { channelId } = file
    const channel = await serve()
    await channel.reserve('before', 1n, 0)
    channel.release('before')
    expect(await deposits.at(channelId, 0)).not.toMatchObject({ isClosed: true })
    await take(messages[0].v)
    const deadlineMs = messages[1].v.deadline * 1_000
    expect(await refusal(() => channel.reserve('within', 1n, 0))).toBe('CHANNEL_CLOSING')
    const again = withCloses(deposits, createCloseStore(db), watcher)
    for (const one of [deposits, again]) {
      reach(deadlineMs)
      expect(await one.at(channelId, 0)).toMatchObject({ isClosed: true })
    }
    reach(deadlineMs + 1)
    expect(await deposits.at(channelId, 0)).not.toMatchObject({ isClosed: true })
    await channel.reserve('after', 1n, 0)
    expect(closes.deadlineOf(channelId)).toBe(messages[1].v.deadline)
  })

  // CLOSE-W1
  test('takes the word back that a call was let in before, and gives none', async () => {
    const { take, channels, closes, serve } = provider()
    await serve()
    const calls = new Map<string, never>()
    const over = {
      async open(...given: Parameters<typeof channels.open>): Promise<ProviderChannel> {
        const channel = await channels.open(...given)
        const { channelId, accept } = channel
        const now = { channelId, accept, ledger: channel.ledger }
        Object.defineProperty(now, 'ledger', { get: () => ({ ...channel.ledger, calls }) })
        return now as unknown as ProviderChannel
      }
    }
    const { put } = closes
    Object.assign(closes, {
      put(channelId: string, deadlineS: number) {
        put(channelId, deadlineS)
        calls.set('late', undefined as never)
      }
    })
    expect(await refusal(() => take(messages[0].v, over))).toBe('CHANNEL_BUSY')
    expect(closes.deadlineOf(file.channelId)).toBe(undefined)
  })
})

describe('a channel of which more is to come', () => {
  refuses(file.unsettled, ({ terms, voucher, channel }) => {
    const said = decodeVoucher(bytes(voucher))
    const { take, parts } = provider()
    const settled = {
      ...openProviderLedger(file.depositWei),
      authorisedWei: said.cumulativeWei,
      royaltyWei: said.royaltyWei
    }
    const ledger = {
      ...settled,
      calls: new Map(Array.from({ length: channel.calls }, (_, i) => [`${i}`, {}])),
      uncommitted: Array.from({ length: channel.uncommitted }, () => ({}))
    }
    const own = { side: 'provider' as const, channelId: said.channelId, peer: 'payer' }
    parts.channelStore.addChannel({ ...own, terms: bytes(terms), depositWei: file.depositWei })
    parts.channelStore.setVoucher('provider', said.channelId, bytes(voucher), 'payer')
    const open = async () =>
      ({ channelId: said.channelId, ledger, accept: async () => {} }) as unknown as ProviderChannel
    return take({ terms: bytes(terms), voucher: bytes(voucher) }, { open })
  })
})
