import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import type { AskEvent, Citation, ModelListing } from '../../peer/api/models-api.ts'
import type { ReceiptSummary } from '../../peer/api/money-api.ts'
import type { CallOptions, PeerApi } from '../../peer/api/peer-api.ts'
import { refusal } from '../../peer/api/problem.ts'

export const MODEL = 'bafyreimodel'
export const CALL = '00112233445566778899aabbccddeeff'

export const DATANET: DatanetSummary = {
  id: 'bafyreidatanet',
  name: 'Crafts',
  purpose: 'What people who make and mend things know.',
  topics: ['crafts'],
  schemas: ['text/1', 'qa/1', 'dialogue/1', 'label/1', 'preference/1', 'correction/1'],
  licences: ['CC0-1.0'],
  consent: 'I made this and give it away.',
  curators: ['0x01'],
  threshold: 1,
  intakeHost: 'peer',
  hosts: [],
  intake: { pendingPerAccount: 1_000, perDayPerAccount: 5_000 },
  review: { approvals: 1, sharePpm: 600_000, leaseMs: 900_000 },
  royalty: {
    royaltyPpm: 300_000,
    contributorsPpm: 700_000,
    builderPpm: 100_000,
    curatorsPpm: 100_000,
    treasuryPpm: 100_000
  },
  treasury: '0x02',
  seq: 0,
  effectiveAtMs: 0,
  changeDelayMs: 86_400_000,
  chainKey: '0x03'
}

/** A receipt of the scripted call. */
export function receipt(change: Partial<ReceiptSummary> = {}): ReceiptSummary {
  return {
    callId: CALL,
    channelId: '0x',
    seq: 0,
    model: MODEL,
    provider: 'provider',
    outcome: 'answered',
    inputTokens: 1,
    outputTokens: 1,
    priceWei: 2_000_000_000_000_000n,
    royaltyWei: 600_000_000_000_000n,
    method: 'none/1',
    credits: [{ basis: 'unattributed', ppm: 1_000_000 }],
    finishedAtMs: 1,
    ...change
  }
}

/** The last event of an answer. */
export function done(citations: readonly Citation[] = [], change: Partial<ReceiptSummary> = {}) {
  return { type: 'done' as const, receipt: receipt(change), citations }
}

/** A piece of an answer. */
export function chunk(text: string): AskEvent {
  return { type: 'chunk', text, costWei: 1n }
}

export const started: AskEvent = { type: 'started', callId: CALL, provider: 'provider' }

const OFFER: ModelListing['offers'][number] = {
  offer: 'bafyreioffer',
  model: MODEL,
  provider: 'provider',
  callWei: 1_000_000_000_000_000n,
  inputTokenWei: 0n,
  outputTokenWei: 1_000_000_000_000n,
  openWei: 2_000_000_000_000_000n,
  maxChunkWei: 1_000_000_000_000_000n,
  royaltyPpm: 300_000,
  expiresAtMs: 4_000_000_000_000
}

/** A model that one provider offers. */
export function listing(name: string, model = MODEL, publishedAtMs = 1): ModelListing {
  return {
    model: {
      ...{ model, name, description: `${name} knows`, publishedAtMs },
      datanets: [DATANET.id]
    } as unknown as ModelListing['model'],
    offers: [OFFER]
  }
}

type Ask = (question: string, signal: AbortSignal, model: string) => AsyncIterable<AskEvent>

/** A PeerApi of which `ask` answers as told; what else is not told here refuses with INTERNAL. */
export function scriptedPeer(
  ask: Ask,
  given: { readonly models?: readonly ModelListing[]; readonly more?: object } = {}
): PeerApi {
  const api = {
    status: async () => ({ token: { symbol: 'DNC', decimals: 18 } }),
    models: {
      list: async () => given.models ?? [listing('crafts')],
      search: async () => [],
      ask: (
        question: { messages: readonly { content: string }[]; model: string },
        { signal = new AbortController().signal }: CallOptions = {}
      ) => ask(question.messages[0]?.content ?? '', signal, question.model)
    },
    datanets: {
      list: async () => [DATANET],
      show: async () => DATANET,
      contribute: async () => {
        throw refusal('INTERNAL')
      }
    },
    accounts: { ensure: async (label: string) => ({ address: '0xmember', label }) },
    receipts: { show: async () => receipt() },
    ...given.more
  }
  return api as unknown as PeerApi
}

/** A promise that a test keeps when it likes. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
