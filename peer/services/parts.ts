import type { ExchangePool } from '../../protocol/net/exchange-pool.ts'
import type { Chain } from '../chain/chain.ts'
import type { Content } from '../content/content.ts'
import type { AccountStore } from '../store/accounts.ts'
import type { BountyStore } from '../store/bounties.ts'
import type { ChannelStore } from '../store/channels.ts'
import type { DatanetStore } from '../store/datanets.ts'
import type { DocumentStore } from '../store/documents.ts'
import type { EvidenceStore } from '../store/evidence.ts'
import type { GovernanceStore } from '../store/governance.ts'
import type { ModelStore } from '../store/models.ts'
import type { Wallet } from '../wallet/wallet.ts'
import type { Publications } from './publications.ts'

/** What one peer is built of; each service names the parts it needs. */
export interface Parts {
  readonly peerId: string
  readonly wallet: Wallet
  readonly chain: Chain
  readonly pool: ExchangePool
  readonly publications: Publications
  readonly content: Content
  readonly accountStore: AccountStore
  readonly datanetStore: DatanetStore
  readonly documentStore: DocumentStore
  readonly governanceStore: GovernanceStore
  readonly modelStore: ModelStore
  readonly bountyStore: BountyStore
  readonly channelStore: ChannelStore
  readonly evidenceStore: EvidenceStore
  readonly limits: SpendingLimits
  readonly now: () => number
  /** One line of the log: a scope and plain values, never prompts, answers or keys. */
  readonly log: (scope: string, values: Record<string, unknown>) => void
}

/** What this peer may spend by itself, in wei of the network's token. */
export interface SpendingLimits {
  /** One call, everything included. */
  readonly maxCallWei: bigint
  /** One call before anything is delivered; as much as the call itself unless given. */
  readonly prepayWei?: bigint
  /** Deposited into a new channel, and added when it runs out. */
  readonly depositWei: bigint
  /** Promised to all providers together in one UTC day; no bound unless given. */
  readonly maxDayWei?: bigint
  /** Promised to one provider in one UTC day; no bound unless given. */
  readonly maxProviderDayWei?: bigint
  /** Only who has so much at stake on its receipts is called; anyone unless given. */
  readonly minBondWei?: bigint
}
