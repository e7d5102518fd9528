import { DatanetError } from '../protocol/base/errors.ts'
import type { ApiToken } from './api/server.ts'
import type { ChainContracts } from './chain/chain.ts'
import type { SpendingLimits } from './services/parts.ts'

/** What a peer runs with: defaults, then the file, then the environment, then the flags. */
export interface Config {
  readonly dataDir: string
  readonly bootstrap: readonly string[]
  /** Absent without a chain; `network` in a source fills bootstrap, rpcUrl and contracts. */
  readonly rpcUrl?: string
  readonly contracts?: ChainContracts
  readonly apiPort: number
  readonly gateway: boolean
  readonly gatewayPort: number
  readonly gatewayCapWei: bigint
  readonly limits: SpendingLimits
  readonly dht: boolean
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug'
  /** Further tokens beside the daemon's own. */
  readonly tokens: readonly ApiToken[]
}

export interface ConfigSources {
  /** The environment; the process's own when left out. Names are DATANET_ and the key: DATANET_API_PORT. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * Keys in camel case, as text or as what they mean: dataDir, network (a network file), bootstrap,
   * rpcUrl, contracts, apiPort, gateway, gatewayPort, gatewayCapWei, maxCallWei, prepayWei,
   * depositWei, dht, logLevel, tokens. Undefined values count as left out.
   */
  readonly flags?: Readonly<Record<string, unknown>>
  /** A JSON file with the same keys; `config.json` in the data directory when left out. */
  readonly file?: string
}

/** The effective configuration. Refuses unknown keys and impossible values (CONFIG_INVALID). */
export function loadConfig(_sources: ConfigSources): Config {
  throw new DatanetError('CONFIG_INVALID')
}

/** One line a key, for people; tokens and what an RPC URL hides are not shown. */
export function describeConfig(_config: Config): Readonly<Record<string, unknown>> {
  throw new DatanetError('CONFIG_INVALID')
}
