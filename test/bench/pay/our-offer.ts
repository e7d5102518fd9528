import { OFFERED } from '../../../peer/services/model/offering.ts'
import type { Parts } from '../../../peer/services/parts.ts'
import { cidOf, RAW } from '../../../protocol/base/codec.ts'
import { type SignedCard, signCard } from '../../../protocol/model/card.ts'
import { type SignedOffer, signOffer } from '../../../protocol/model/offer.ts'
import { DATANET } from './our-parts.ts'

type OfferingParts = Pick<Parts, 'chain' | 'wallet' | 'peerId'>

/** The card of a model that always says the same, issued at `seq`. */
export function signOurCard({ wallet, peerId }: OfferingParts, seq: number): Promise<SignedCard> {
  return signCard(
    {
      version: 1,
      name: 'same',
      description: 'Says the same.',
      engine: 'retrieval',
      artefact: cidOf(Buffer.from('same'), RAW),
      revisions: [{ datanet: DATANET.id, revision: DATANET.id }],
      topics: ['same'],
      languages: ['en'],
      builder: wallet.own.address,
      issuer: peerId,
      tokenizer: 'o200k_base',
      evaluation: { method: 'none/1', questions: 0, answered: 0, falseAnswers: 0 },
      seq
    },
    wallet.peerKey
  )
}

/** An offer of it; free where a call costs nothing. */
export function signOurOffer(
  { chain, wallet, peerId }: OfferingParts,
  card: SignedCard,
  terms: {
    readonly seq: number
    readonly withdrawDelayS: number
    readonly callWei: bigint
    readonly outputTokenWei: bigint
  }
): Promise<SignedOffer> {
  const { chainId, bond: _bond, bounty: _bounty, ...addresses } = chain.contracts
  const { seq, withdrawDelayS, callWei, outputTokenWei } = terms
  const operator = wallet.own.address
  return signOffer(
    {
      version: 1,
      model: card.cid,
      provider: peerId,
      payment: {
        ...addresses,
        chainId: Number(chainId),
        operator,
        receiptSigner: operator,
        auditor: DATANET.key,
        withdrawDelayS
      },
      price: { callWei, inputTokenWei: 0n, outputTokenWei },
      openWei: callWei,
      maxChunkWei: outputTokenWei * BigInt(OFFERED.chunkTokens),
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
    wallet.peerKey
  )
}
