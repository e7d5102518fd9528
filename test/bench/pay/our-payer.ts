// Our payer as a process of its own: the real attempts and channels, each call signed live.
import { randomBytes } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { createAttempt } from '../../../peer/services/attempt.ts'
import type { Datanets } from '../../../peer/services/datanets.ts'
import { createEquivocations } from '../../../peer/services/equivocations.ts'
import { createPayerChannels } from '../../../peer/services/payer-channels.ts'
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

interface Streams {
  readonly count: number
  /** The first of its channels. */
  readonly from: number
  readonly isFree: boolean
}

type Payer = Awaited<ReturnType<typeof start>>
let payer: Payer

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

  async function call(signed: SignedOffer | undefined, content = QUESTION): Promise<void> {
    if (signed === undefined) throw new Error('no such channel')
    const callId = new Uint8Array(randomBytes(16))
    const question = { model: `${known.card.cid}`, messages: messagesOf(content) }
    const init = { known, signed, question, callId, attempt: 0, maxWei: 100_000n, signal }
    for await (const event of attempt(init)) if (event.type === 'done') return
    throw new Error('a call without a receipt')
  }

  /** This payer's share of the streams: over channels of its own, or free for the comparison. */
  function streams({ count, from, isFree }: Streams): Promise<unknown> {
    const first = CHANNELS.rounds + CHANNELS.one + from
    const content = `stream ${STREAM.chunks}`
    return Promise.all(
      Array.from({ length: count }, (_, index) =>
        call(isFree ? freeOffer : paidOffers[first + (index % 5)], content)
      )
    )
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
  async streams(init: Streams) {
    await payer.streams(init)
  }
})
