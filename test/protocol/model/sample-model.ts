import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { ModelCard } from '../../../protocol/model/card.ts'
import type { Offer } from '../../../protocol/model/offer.ts'
import { manifest, person, someCid } from '../datanet/people.ts'

/** The peer with number `n`: the same key in every run. */
export async function peer(n: number) {
  const key = await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, n))
  return { key, id: peerIdFromPrivateKey(key).toString() }
}

export const NOW_MS = 1_800_000_000_000

/** A card of `issuer`, issued now. */
export function card(issuer: string, change: Partial<ModelCard> = {}): ModelCard {
  return {
    version: 1,
    name: 'sea-words',
    description: 'what sailors say',
    engine: 'retrieval',
    artefact: someCid(10),
    revisions: [{ datanet: someCid(1), revision: someCid(2) }],
    topics: ['sailing'],
    languages: ['en'],
    builder: person(6).address,
    issuer,
    tokenizer: 'o200k_base',
    evaluation: { method: 'm/1', questions: 10, answered: 8, falseAnswers: 1 },
    seq: NOW_MS,
    ...change
  }
}

/** An offer of `provider`, issued now, that costs something. */
export function offer(provider: string, change: Partial<Offer> = {}): Offer {
  return {
    version: 1,
    model: someCid(20),
    provider,
    payment: {
      chainId: 31_337,
      escrow: `0x${'11'.repeat(20)}`,
      pool: `0x${'22'.repeat(20)}`,
      registry: `0x${'33'.repeat(20)}`,
      token: `0x${'44'.repeat(20)}`,
      operator: person(7).address,
      receiptSigner: person(8).address,
      auditor: `0x${'55'.repeat(32)}`,
      withdrawDelayS: 60
    },
    price: { callWei: 10n ** 15n, inputTokenWei: 10n ** 12n, outputTokenWei: 2n * 10n ** 12n },
    openWei: 10n ** 15n,
    maxChunkWei: 10n ** 14n,
    policy: manifest().royalty,
    maxInputBytes: 8_192,
    maxOutputTokens: 512,
    seq: NOW_MS,
    expiresAtMs: NOW_MS + 600_000,
    ...change
  }
}
