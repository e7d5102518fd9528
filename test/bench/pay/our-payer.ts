// Our payer as a process of its own: the real attempts and channels, each call signed live.
import { multiaddr } from '@multiformats/multiaddr'
import { createAttempt } from '../../../peer/services/call/attempt.ts'
import { createDrawing } from '../../../peer/services/call/drawing.ts'
import { createPayerChannels } from '../../../peer/services/channel/payer-channels.ts'
import type { Datanets } from '../../../peer/services/datanet/datanets.ts'
import { createEquivocations } from '../../../peer/services/receipt/equivocations.ts'
import { verifyCard } from '../../../protocol/model/card.ts'
import { type SignedOffer, verifyOffer } from '../../../protocol/model/offer.ts'
import { answerRequests } from './child.ts'
import { callFor } from './load.ts'
import { createOurParts, DATANET } from './our-parts.ts'
import { CHANNELS, type OurChain, QUESTION, STREAM, UNPAID } from './settings.ts'

interface Start extends OurChain {
  readonly address: string
  readonly card: Uint8Array
  readonly free: Uint8Array
  readonly paid: readonly Uint8Array[]
}

interface RoundInit {
  readonly kind: keyof Payer['kinds']
  readonly forMs: number
  readonly parallel: number
}

/** How long streams took in all, and how much of it their readers waited for a chunk that was due. */
export interface Stalls {
  readonly totalMs: number
  readonly stoodMs: number
}

interface Streams {
  readonly count: number
  /** The first of its channels. */
  readonly from: number
  readonly isFree: boolean
}

type Payer = Awaited<ReturnType<typeof start>>
let payer: Payer
const drawId = createDrawing(16)

async function start({ address, card, free, paid, ...ours }: Start) {
  const { node, parts } = await createOurParts(ours)
  await node.dial(multiaddr(address))
  const known = { card: await verifyCard(card, Date.now()), offers: new Map() }
  const datanets = { meet: async () => DATANET } as unknown as Datanets
  const channels = createPayerChannels(parts)
  const attempt = createAttempt(parts, datanets, channels, createEquivocations(parts))
  const signal = new AbortController().signal
  const [freeOffer, ...paidOffers] = (await Promise.all(
    [free, ...paid].map((bytes) => verifyOffer(bytes, Date.now()))
  )) as [SignedOffer, ...SignedOffer[]]
  const peer = freeOffer.offer.provider
  const messages = messagesOf(QUESTION)

  /** One call; `onChunk` is told of every chunk that came. */
  async function call(
    signed: SignedOffer | undefined,
    content = QUESTION,
    onChunk = () => {}
  ): Promise<void> {
    if (signed === undefined) throw new Error('no such channel')
    const callId = drawId()
    const question = { model: `${known.card.cid}`, messages: messagesOf(content) }
    const init = { known, signed, question, callId, attempt: 0, maxWei: 100_000n, signal }
    for await (const event of attempt(init)) {
      if (event.type === 'done') return
      onChunk()
    }
    throw new Error('a call without a receipt')
  }

  /** One stream for a reader who takes a chunk as often as the engine says one: how long he waits in all. */
  async function stream(signed: SignedOffer | undefined): Promise<Stalls> {
    const startedMs = performance.now()
    let dueMs = Number.POSITIVE_INFINITY
    let stoodMs = 0
    await call(signed, `stream ${STREAM.chunks}`, () => {
      const nowMs = performance.now()
      const lateMs = Math.max(0, nowMs - dueMs)
      stoodMs += lateMs
      dueMs = (dueMs === Number.POSITIVE_INFINITY ? nowMs : dueMs + lateMs) + STREAM.everyMs
    })
    return { totalMs: performance.now() - startedMs, stoodMs }
  }

  /** This payer's share of the streams: over channels of its own, or free for the comparison. */
  async function streams({ count, from, isFree }: Streams): Promise<Stalls> {
    const first = CHANNELS.rounds + CHANNELS.one + from
    const all = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        stream(isFree ? freeOffer : paidOffers[first + (index % 5)])
      )
    )
    return {
      totalMs: all.reduce((sum, { totalMs }) => sum + totalMs, 0),
      stoodMs: all.reduce((sum, { stoodMs }) => sum + stoodMs, 0)
    }
  }

  return {
    account: parts.wallet.own.address,
    streams,
    kinds: {
      unpaid: () => parts.pool.request(peer, UNPAID, { messages }),
      free: () => call(freeOffer),
      paid: (worker: number) => call(paidOffers[worker % CHANNELS.rounds]),
      one: () => call(paidOffers[CHANNELS.rounds])
    }
  }
}

function messagesOf(content: string) {
  return [{ role: 'user' as const, content }]
}

answerRequests({
  start() {},
  async join(init: Start) {
    payer = await start(init)
    return payer.account
  },
  round: ({ kind, forMs, parallel }: RoundInit) => callFor(forMs, parallel, payer.kinds[kind]),
  streams: (init: Streams) => payer.streams(init)
})
