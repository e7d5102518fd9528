import type { AccountsApi } from './accounts-api.ts'
import type { DatanetsApi } from './datanets-api.ts'
import type { ModelsApi } from './models-api.ts'
import type { ChannelsApi, ReceiptsApi, RewardsApi } from './money-api.ts'

/**
 * The narrow waist: what a peer does, in five nouns plus accounts and status. Every face speaks this
 * and nothing else. Values are plain: CIDs, addresses and hashes as text, amounts as bigint in the
 * token's smallest unit, instants in unix ms. Every refusal is a DatanetError.
 */
export interface PeerApi {
  readonly datanets: DatanetsApi
  readonly models: ModelsApi
  readonly channels: ChannelsApi
  readonly receipts: ReceiptsApi
  readonly rewards: RewardsApi
  readonly accounts: AccountsApi
  /** Who this peer is and what it is connected to. */
  status(options?: CallOptions): Promise<PeerStatus>
}

/**
 * What to look for. A search ends with its lookups; `waitMs` has one that found nothing look again
 * so long, since what was just announced takes seconds to spread.
 */
export type TopicQuery = string | { readonly topic: string; readonly waitMs: number }

export interface CallOptions {
  readonly signal?: AbortSignal
}

/** Long work tells how far it is: `done` of `total` units, in words. */
export interface ProgressOptions extends CallOptions {
  readonly onProgress?: (progress: { text: string; done: number; total: number }) => void
}

export interface PeerStatus {
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly connectedPeers: number
  /** Streams open on all connections: what a busy peer keeps, and an idle one gives back. */
  readonly openStreams: number
  /** Absent without a chain: then only free models can be asked. */
  readonly chainId?: number
  /** What channels are paid in, by its own words; absent without a chain. */
  readonly token?: TokenSummary
  readonly account: string
  readonly roles: readonly Role[]
  readonly signer: 'native' | 'javascript'
  /** How the keys stand on this peer's disk. */
  readonly keystore: 'plain' | 'encrypted'
  /** Whether what is contributed here is to be reviewed, published, built and served at once. */
  readonly autoPublish: boolean
  /** Of this software. */
  readonly version: string
}

/** What a peer is for others: keeper of Datanets, server of models, caller of models. */
export type Role = 'host' | 'provider' | 'consumer'

export interface TokenSummary {
  readonly symbol: string
  /** Places of the smallest unit, in which every amount is counted. */
  readonly decimals: number
}
