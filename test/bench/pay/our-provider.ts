// Our provider as a process of its own: the real answering over an engine that always says the same.
import { createAnswering } from '../../../peer/services/answering.ts'
import { OFFERED, type Offering } from '../../../peer/services/offering.ts'
import { createProviderChannels } from '../../../peer/services/provider-channels.ts'
import { cidOf, RAW } from '../../../protocol/base/codec.ts'
import { datanetKey } from '../../../protocol/datanet/manifest.ts'
import { signCard } from '../../../protocol/model/card.ts'
import { type SignedOffer, signOffer } from '../../../protocol/model/offer.ts'
import { serveExchange } from '../../../protocol/net/exchange.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { createBenchEngine } from './bench-engine.ts'
import { answerRequests } from './child.ts'
import { createExposureWatch } from './exposure.ts'
import { createOurParts, DATANET } from './our-parts.ts'
import { ANSWER, CHANNELS, type OurChain, UNPAID, WITHDRAW_DELAY_S } from './settings.ts'

async function start(ours: OurChain) {
  const { node, parts } = await createOurParts(ours)
  const { engine, stalls } = createBenchEngine()
  const exposure = createExposureWatch(parts.channelStore)
  const { chainId, bond: _, ...addresses } = parts.chain.contracts
  const operator = parts.wallet.own.address
  const seq = Date.now()
  const card = await signCard(
    {
      version: 1,
      name: 'bench',
      description: 'Says the same.',
      engine: 'retrieval',
      artefact: cidOf(Buffer.from('bench'), RAW),
      revisions: [{ datanet: DATANET.id, revision: DATANET.id }],
      topics: ['bench'],
      languages: ['en'],
      builder: operator,
      issuer: parts.peerId,
      tokenizer: 'o200k_base',
      evaluation: { method: 'none/1', questions: 0, answered: 0, falseAnswers: 0 },
      seq
    },
    parts.wallet.peerKey
  )
  const sign = (withdrawDelayS: number, isFree = false) =>
    signOffer(
      {
        version: 1,
        model: card.cid,
        provider: parts.peerId,
        payment: {
          ...addresses,
          chainId: Number(chainId),
          operator,
          receiptSigner: operator,
          auditor: datanetKey(DATANET.signed),
          withdrawDelayS
        },
        price: isFree
          ? { callWei: 0n, inputTokenWei: 0n, outputTokenWei: 0n }
          : { callWei: 1_000n, inputTokenWei: 0n, outputTokenWei: 10n },
        openWei: isFree ? 0n : 1_000n,
        maxChunkWei: isFree ? 0n : 10n * BigInt(OFFERED.chunkTokens),
        policy: {
          royaltyPpm: 300_000,
          contributorsPpm: 700_000,
          builderPpm: 100_000,
          curatorsPpm: 100_000,
          treasuryPpm: 100_000
        },
        maxInputBytes: OFFERED.maxInputBytes,
        maxOutputTokens: OFFERED.maxOutputTokens,
        seq,
        expiresAtMs: seq + 600_000
      },
      parts.wallet.peerKey
    )
  const free = await sign(WITHDRAW_DELAY_S, true)
  const paid = await Promise.all(
    Array.from({ length: CHANNELS.rounds + CHANNELS.one + CHANNELS.streams }, (_, index) =>
      sign(WITHDRAW_DELAY_S + index)
    )
  )
  const offers: SignedOffer[] = [free, ...paid]
  const served = { card, model: { engine, owners: new Map() }, terms: {} as never, offers }
  const byCid = new Map(offers.map((signed) => [signed.cid.toString(), { served, signed }]))
  const offering: Pick<Offering, 'find' | 'payments'> = {
    // The bench may outlive the offers of a real peer, which renews them.
    find: (cid) => byCid.get(cid) as never,
    payments: () => paid.map(({ offer }) => offer.payment)
  }
  // Asked once a channel: what a watching peer has read before a call comes.
  const deposits = { at: (channelId: string) => parts.chain.escrow.channel(channelId) }
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
  return { offers: offersOf, streamed: () => ({ ...stalls, ...exposure.read() }) }
}

let served: Awaited<ReturnType<typeof start>> | undefined
answerRequests({
  async start(ours: OurChain) {
    served = await start(ours)
  },
  offers: () => served?.offers(),
  streamed: () => served?.streamed()
})
