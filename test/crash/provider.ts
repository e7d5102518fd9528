// The provider of the crash suite as a process of its own, killed at any moment.
import { setTimeout as pause } from 'node:timers/promises'
import type { Engine } from '../../peer/engines/engine.ts'
import { createAnswering } from '../../peer/services/call/answering.ts'
import {
  createProviderChannels,
  type ProviderChannel,
  type ProviderChannels
} from '../../peer/services/channel/provider-channels.ts'
import { createLane, LANE } from '../../peer/services/model/lane.ts'
import type { Offering } from '../../peer/services/model/offering.ts'
import { decodeRecord } from '../../protocol/base/schema.ts'
import { termsSchema } from '../../protocol/channel/terms.ts'
import { decodeVoucher } from '../../protocol/channel/voucher.ts'
import { serveExchange } from '../../protocol/net/exchange.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { answerRequests } from '../bench/pay/child.ts'
import { signOurCard, signOurOffer } from '../bench/pay/our-offer.ts'
import type { Phase } from './phases.ts'
import { CLAIM_MS, OPEN_WEI, type SideInit, TOKEN_WEI } from './settings.ts'
import { createSide, stopwatch } from './side.ts'

/** Evidence of an answer that is nobody's. */
const NOBODYS = { compared: 0, passages: [], spans: [], sentences: [{ words: 1, supports: [] }] }

type Side = Awaited<ReturnType<typeof createSide>>

/** Says the question again, in a few chunks, at an uneven pace. */
const engine: Engine = {
  kind: 'retrieval',
  describe: () => ({ kind: 'retrieval', passages: 0, notes: [], abstainBelowPpm: 0 }),
  async *generate({ messages }, { signal }) {
    const content = messages.at(-1)?.content ?? ''
    const chunks = 1 + (content.length % 4)
    for (let chunk = 0; chunk < chunks; chunk++) {
      if (chunk > 0) await pause(Math.random() * 12, undefined, { signal })
      yield {
        text: `${content} is answered, part ${chunk} of ${chunks}: wild yeast and patience. `
      }
    }
    return { outcome: 'answered', truncated: false, citations: [] }
  }
}

/** Every step of the money is shown on the board, and written down when it is done. */
function watch({ board, journal }: Side, inner: ProviderChannels): ProviderChannels {
  const watched = (channel: ProviderChannel): ProviderChannel =>
    Object.create(channel, {
      reserve: {
        value: (...call: Parameters<ProviderChannel['reserve']>) =>
          board.during('accepting', () => channel.reserve(...call))
      },
      accept: {
        value: async (...voucher: Parameters<ProviderChannel['accept']>) => {
          journal({ what: 'voucher', voucher: Buffer.from(voucher[0]).toString('hex') })
          // It counts as soon as it is taken, and is on the disk later.
          const phase = voucher[2] === undefined ? 'committing' : 'accepting'
          const done = () => board.leave(phase)
          board.enter(phase)
          try {
            const taken = await channel.accept(...voucher)
            taken.durable.then(done, done)
            return taken
          } catch (error) {
            done()
            throw error
          }
        }
      },
      deliver: {
        value: async (...[callId, costWei, keep, last]: Parameters<ProviderChannel['deliver']>) => {
          let phase: Phase = 'delivering'
          const end: typeof last = (onUndo) => {
            const ended = last?.(onUndo)
            // The last chunk and the receipt are one commit.
            if (ended !== undefined && phase === 'delivering') {
              board.leave(phase)
              phase = 'finishing'
              board.enter(phase)
            }
            return ended
          }
          board.enter(phase)
          try {
            const ended = await channel.deliver(callId, costWei, keep, end)
            journal({ what: 'left', callId, costWei: `${costWei}` })
            return ended
          } finally {
            board.leave(phase)
          }
        }
      },
      finish: {
        value: (...end: Parameters<ProviderChannel['finish']>) =>
          board.during('finishing', () => channel.finish(...end))
      }
    }) as ProviderChannel
  return {
    ...inner,
    open: (...terms) => board.during('opening', async () => watched(await inner.open(...terms)))
  }
}

async function start(init: SideInit) {
  const side = await createSide(init, [`/ip4/127.0.0.1/tcp/${init.port}`])
  const { node, parts, board, opened } = side
  const operator = parts.wallet.own.address
  const { seq } = init
  const card = await signOurCard(parts, seq)
  const price = { callWei: OPEN_WEI, outputTokenWei: TOKEN_WEI }
  const signed = await signOurOffer(parts, card, { seq, withdrawDelayS: 86_400, ...price })
  const served = {
    card,
    model: { engine, owners: new Map(), attribute: () => NOBODYS },
    terms: {} as never,
    lane: createLane(LANE, { now: Date.now }),
    offers: [signed]
  }
  const offering: Pick<Offering, 'find' | 'payments'> = {
    find: () => ({ served, signed }) as never,
    payments: () => [signed.offer.payment]
  }
  const recovering = stopwatch()
  const channels = createProviderChannels(parts, {
    at: (channelId) => parts.chain.escrow.channel(channelId)
  })
  await channels.ready
  const recovered = { opened, recovered: recovering() }
  const answering = createAnswering(parts, offering as Offering, watch(side, channels))
  await serveExchange(node, PROTOCOLS.invoke, answering)

  /** Every voucher that says more than was claimed, in one transaction. */
  async function claim(): Promise<void> {
    const rows = parts.channelStore
      .channels('provider')
      .flatMap(({ terms, voucher, claimedWei }) => {
        if (voucher === undefined) return []
        const row = { terms: decodeRecord(termsSchema, terms), ...decodeVoucher(voucher) }
        return row.cumulativeWei > claimedWei ? [row] : []
      })
    if (rows.length > 0) await parts.chain.escrow.claim(rows)
  }

  const isClaiming = true
  const claimOn = async () => {
    for (;;) {
      await pause(CLAIM_MS * (0.5 + Math.random()))
      if (!isClaiming) continue
      // The chain may refuse what a claim cut off before has taken already.
      await board.during('claiming', claim).catch(() => {})
    }
  }
  claimOn()
  return {
    account: operator,
    recovered,
    address: `${node.getMultiaddrs()[0]}`,
    card: card.bytes,
    offer: signed.bytes
  }
}

answerRequests({
  start,
  decode: ({ hex }: { hex: string }) => decodeVoucher(Buffer.from(hex, 'hex'))
})
