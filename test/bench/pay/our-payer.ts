// Our payer as a process of its own: the real attempts and channels, each call signed live.
import { randomBytes } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { createAttempt } from '../../../peer/services/attempt.ts'
import type { Datanets } from '../../../peer/services/datanets.ts'
import { createPayerChannels } from '../../../peer/services/payer-channels.ts'
import { verifyCard } from '../../../protocol/model/card.ts'
import { type SignedOffer, verifyOffer } from '../../../protocol/model/offer.ts'
import { answerRequests } from './child.ts'
import { callFor } from './load.ts'
import { createOurParts, DATANET } from './our-parts.ts'
import { type OurChain, QUESTION, UNPAID } from './settings.ts'

interface Start extends OurChain {
  readonly address: string
  readonly card: Uint8Array
  readonly free: Uint8Array
  readonly paid: readonly Uint8Array[]
}

type Payer = Awaited<ReturnType<typeof start>>
let payer: Payer

async function start({ address, card, free, paid, ...ours }: Start) {
  const { node, parts } = await createOurParts(ours)
  await node.dial(multiaddr(address))
  const known = { card: await verifyCard(card, Date.now()), offers: new Map() }
  const datanets = { meet: async () => DATANET } as unknown as Datanets
  const channels = createPayerChannels(parts)
  const attempt = createAttempt({ ...parts, publications: {} as never }, datanets, channels)
  const messages = [{ role: 'user' as const, content: QUESTION }]
  const question = { model: `${known.card.cid}`, messages }
  const signal = new AbortController().signal
  const [freeOffer, ...paidOffers] = (await Promise.all(
    [free, ...paid].map((bytes) => verifyOffer(bytes, Date.now()))
  )) as [SignedOffer, ...SignedOffer[]]

  async function call(signed: SignedOffer): Promise<void> {
    const callId = new Uint8Array(randomBytes(16))
    const init = { known, signed, question, callId, attempt: 0, maxWei: 10_000n, signal }
    for await (const event of attempt(init)) if (event.type === 'done') return
    throw new Error('a call without a receipt')
  }

  const peer = freeOffer.offer.provider
  const unpaid = () => parts.pool.request(peer, UNPAID, { messages })
  return {
    account: parts.wallet.own.address,
    kinds: {
      unpaid,
      free: () => call(freeOffer),
      paid: (worker: number) => call(paidOffers[worker % 4] as SignedOffer),
      one: () => call(paidOffers[0] as SignedOffer),
      spread: (worker: number) => call(paidOffers[worker + 1] as SignedOffer)
    }
  }
}

answerRequests({
  async start() {},
  async join(init: Start) {
    payer = await start(init)
    return payer.account
  },
  round: ({
    kind,
    forMs,
    parallel
  }: {
    kind: keyof Payer['kinds']
    forMs: number
    parallel: number
  }) => callFor(forMs, parallel, payer.kinds[kind])
})
