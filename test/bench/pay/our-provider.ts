// Our provider as a process of its own: the real answering over an engine that always says the same.
import { createWatcher } from '../../../peer/chain/watch.ts'
import { WATCH } from '../../../peer/chain/watch-limits.ts'
import { createAnswering } from '../../../peer/services/call/answering.ts'
import { createDeposits } from '../../../peer/services/channel/deposits.ts'
import { createProviderChannels } from '../../../peer/services/channel/provider-channels.ts'
import { createLane, LANE } from '../../../peer/services/model/lane.ts'
import type { Offering } from '../../../peer/services/model/offering.ts'
import { createWatchStore } from '../../../peer/store/watched.ts'
import type { SignedOffer } from '../../../protocol/model/offer.ts'
import { serveExchange } from '../../../protocol/net/exchange.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { BENCH_ENGINE } from './bench-engine.ts'
import { answerRequests } from './child.ts'
import { createExposureWatch } from './exposure.ts'
import { signOurCard, signOurOffer } from './our-offer.ts'
import { createOurParts } from './our-parts.ts'
import { ANSWER, CHANNELS, type OurChain, UNPAID, WITHDRAW_DELAY_S } from './settings.ts'

/** Evidence of an answer that is nobody's. */
const NOBODYS = { compared: 0, passages: [], spans: [], sentences: [{ words: 1, supports: [] }] }

async function start(ours: OurChain) {
  const { db, node, parts } = await createOurParts(ours)
  const exposure = createExposureWatch(parts.channelStore)
  const seq = Date.now()
  const card = await signOurCard(parts, seq)
  const sign = (withdrawDelayS: number, isFree = false) => {
    const price = isFree
      ? { callWei: 0n, outputTokenWei: 0n }
      : { callWei: 1_000n, outputTokenWei: 10n }
    return signOurOffer(parts, card, { seq, withdrawDelayS, ...price })
  }
  const free = await sign(WITHDRAW_DELAY_S, true)
  const paid = await Promise.all(
    Array.from({ length: CHANNELS.rounds + CHANNELS.one + CHANNELS.streams }, (_, index) =>
      sign(WITHDRAW_DELAY_S + index)
    )
  )
  const offers: SignedOffer[] = [free, ...paid]
  const served = {
    card,
    model: { engine: BENCH_ENGINE, owners: new Map(), attribute: () => NOBODYS },
    terms: {} as never,
    // Its engine says what it has in memory: places at it are not what is measured.
    lane: createLane({ ...LANE, parallel: 128 }, { now: Date.now }),
    offers
  }
  const byCid = new Map(offers.map((signed) => [signed.cid.toString(), { served, signed }]))
  const offering: Pick<Offering, 'find' | 'payments'> = {
    // The bench may outlive the offers of a real peer, which renews them.
    find: (cid) => byCid.get(cid) as never,
    payments: () => paid.map(({ offer }) => offer.payment)
  }
  // Deposits as a peer knows them that follows its chain, at the pace of one that is near.
  const watcher = createWatcher({
    reader: parts.chain.reader,
    store: createWatchStore(db, { chain: ours.contracts.escrow, keptBlocks: WATCH.keptBlocks }),
    confirmations: 1,
    pollMs: WATCH.nearMs
  })
  watcher.run()
  const deposits = createDeposits(watcher, Date.now)
  const channels = createProviderChannels({ ...parts, channelStore: exposure.store }, deposits)
  const answering = createAnswering(parts, offering as Offering, exposure.watch(channels))
  await serveExchange(node, PROTOCOLS.invoke, answering)
  await serveExchange(node, UNPAID, async function* () {
    yield { chunk: ANSWER }
    return { done: true }
  })
  const offersOf = () => ({
    address: `${node.getMultiaddrs()[0]}`,
    card: card.bytes,
    free: free.bytes,
    paid: paid.map(({ bytes }) => bytes)
  })
  return { offers: offersOf, exposure: exposure.read }
}

let served: Awaited<ReturnType<typeof start>> | undefined
answerRequests({
  async start(ours: OurChain) {
    served = await start(ours)
  },
  offers: () => served?.offers(),
  exposure: () => served?.exposure()
})
