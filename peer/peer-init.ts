import type { Role } from './api/peer-api.ts'
import type { ChainContracts } from './chain/chain.ts'
import type { PublicIpfsInit } from './content/public-ipfs.ts'
import type { UpstreamInit } from './engines/upstream/upstream-init.ts'
import type { TombstoneSyncInit } from './services/contribution/tombstone-sync.ts'
import type { KeepingUpInit } from './services/datanet/keeping-up.ts'
import type { Parts, SpendingLimits } from './services/parts.ts'

/** What a peer is started with. Everything else it learns from the network. */
export interface PeerInit {
  /** Where keys, records and blocks are kept; one process per directory. */
  readonly dataDir: string
  /** Multiaddrs of peers to join by; none for the first peer of a network. */
  readonly bootstrap: readonly string[]
  /** Both or neither: without a chain nothing is paid, founded, published, fetched or served. */
  readonly rpcUrl?: string
  readonly contracts?: ChainContracts
  readonly limits: SpendingLimits
  /** All unless given. */
  readonly roles?: readonly Role[]
  /** Multiaddrs to listen on; loopback and a free port unless given. */
  readonly listen?: readonly string[]
  /** Default true; without it nothing can be found, only dialled. */
  readonly dht?: boolean
  /** How long an answer is held for the payer's next voucher; LIMITS.voucherMs unless given. */
  readonly voucherMs?: number
  /** Bad vouchers that one peer may send before it is not heard; LIMITS.junkVouchers unless given. */
  readonly junkVouchers?: number
  /** Seconds that a payer's withdrawal from a channel to this peer takes, as its offers state; a day. */
  readonly withdrawDelayS?: number
  /** A channel unused for so long is closed and its deposit taken back; never unless given. */
  readonly idleCloseMs?: number
  /** Blocks that must carry what the chain says before it counts; by the chain's id unless given. */
  readonly confirmations?: number
  /** Vouchers worth as much together are claimed at once; one token unless given. */
  readonly claimAtWei?: bigint
  /** Multiaddrs of the towers that vouchers are handed to, and from which growth on; a tenth of a token. */
  readonly towers?: readonly string[]
  readonly towerAtWei?: bigint
  /** As a tower: the least that a voucher must bring; a hundredth of a token unless given. */
  readonly towerLeastWei?: bigint
  /** Language models it may answer with, beside the embedded engine. */
  readonly upstreams?: readonly UpstreamInit[]
  /** Told to the faces, which act on it; off unless given. */
  readonly autoPublish?: boolean
  /** Opens encrypted keys, and encrypts them where they are not; refused as openWallet refuses. */
  readonly passphrase?: string
  /** How often others' withdrawals are read, and how old their word may be; a test shortens them. */
  readonly withdrawals?: TombstoneSyncInit
  /** How often a host of Datanets looks for newer revisions than it was told of; a minute. */
  readonly hosting?: { readonly everyMs?: number }
  /** How often what no host could take is sent again; a test shortens it. */
  readonly outbox?: { readonly everyMs?: number }
  /** How often later manifests and proposals are looked for; a test shortens it. */
  readonly governance?: KeepingUpInit
  /** Shows what is kept here to the IPFS network, by a node of its own; not unless given. */
  readonly ipfs?: PublicIpfsInit
  readonly now?: () => number
  readonly log?: Parts['log']
}

/** `limits` with a deposit that fits the budgets: what nobody may spend would only lie there. */
export function withinBudgets(limits: SpendingLimits): SpendingLimits {
  const { depositWei, maxDayWei = depositWei, maxProviderDayWei = depositWei } = limits
  const leastWei = [depositWei, maxDayWei, maxProviderDayWei].reduce((a, b) => (a < b ? a : b))
  return { ...limits, depositWei: leastWei }
}

/** Those of `keys` that were given: what is left out has its own default where it is used. */
export function given<K extends keyof PeerInit>(
  init: PeerInit,
  keys: readonly K[]
): Partial<PeerInit> {
  return Object.fromEntries(
    keys.flatMap((key) => (init[key] === undefined ? [] : [[key, init[key]]]))
  )
}
