import type {
  AskEvent,
  ModelListing,
  ModelsApi,
  Question
} from '../../../../peer/api/models-api.ts'
import type { ReceiptSummary } from '../../../../peer/api/money-api.ts'
import type { PeerApi } from '../../../../peer/api/peer-api.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'

export type Script = (question: Question, signal: AbortSignal) => AsyncIterable<AskEvent>

export interface ScriptedApi extends PeerApi {
  readonly questions: Question[]
  readonly receiptsOf: Map<string, ReceiptSummary>
}

/** A PeerApi whose models answer by `script`: for the edges that a real network does not reach. */
export function scriptedApi(script: Script, listings: readonly ModelListing[] = [listing()]) {
  const questions: Question[] = []
  const receiptsOf = new Map<string, ReceiptSummary>()
  const models: Partial<ModelsApi> = {
    list: async () => listings,
    ask(question, { signal } = {}) {
      questions.push(question)
      return script(question, signal ?? new AbortController().signal)
    }
  }
  const receipts = {
    async show(callId: string) {
      const receipt = receiptsOf.get(callId)
      if (receipt === undefined) throw new DatanetError('RECEIPT_UNKNOWN', { callId })
      return receipt
    }
  }
  return { models, receipts, questions, receiptsOf } as unknown as ScriptedApi
}

export function listing({
  model = 'bafyreimodel',
  name = 'weaknesses',
  offers = [1_000n],
  publishedAtMs = 1_700_000_000_500
}: {
  model?: string
  name?: string
  offers?: readonly bigint[]
  publishedAtMs?: number
} = {}): ModelListing {
  return {
    model: {
      model,
      name,
      description: 'answers about weaknesses',
      engine: 'retrieval',
      datanets: ['bafyreidatanet'],
      revisions: ['bafyreirevision'],
      topics: ['security'],
      builder: '0x00000000000000000000000000000000000000b1',
      issuer: '12D3KooWissuer',
      evaluation: { questions: 10, answered: 8, falseAnswers: 0 },
      notes: [],
      publishedAtMs
    },
    offers: offers.map((callWei, index) => ({
      offer: `bafyreioffer${index}`,
      model,
      provider: '12D3KooWprovider',
      callWei,
      inputTokenWei: 1n,
      outputTokenWei: 2n,
      openWei: callWei,
      maxChunkWei: 100n,
      royaltyPpm: 400_000,
      expiresAtMs: 1_700_000_600_000
    }))
  }
}

export function receipt(callId: string, priceWei: bigint): ReceiptSummary {
  return {
    callId,
    channelId: '0x01',
    seq: 1,
    model: 'bafyreimodel',
    provider: '12D3KooWprovider',
    outcome: 'answered',
    inputTokens: 7,
    outputTokens: 5,
    priceWei,
    royaltyWei: priceWei / 2n,
    method: 'shapley/1',
    credits: [{ contribution: 'bafyreirow', account: '0x0a', basis: 'retrieved', ppm: 1_000_000 }],
    finishedAtMs: 1_700_000_001_000
  }
}

/** Answers every question with `texts`, at a hundred wei a piece. */
export function answering(
  texts: readonly string[],
  priceWei = 100n * BigInt(texts.length)
): Script {
  let calls = 0
  return async function* () {
    const callId = (++calls).toString(16).padStart(32, '0')
    yield { type: 'started', callId, provider: '12D3KooWprovider' }
    let costWei = 0n
    for (const text of texts) {
      costWei += 100n
      yield { type: 'chunk', text, costWei }
    }
    const citations = [{ mark: 1, contribution: 'bafyreirow', title: 'Path traversal' }]
    yield { type: 'done', receipt: receipt(callId, priceWei), citations }
  }
}
