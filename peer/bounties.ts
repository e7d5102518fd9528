import type { ExchangeHandler } from '../protocol/net/exchange.ts'
import type { BountiesApi } from './api/bounties-api.ts'
import type { ModelsApi } from './api/models-api.ts'
import type { ChainContracts } from './chain/chain.ts'
import type { ChainWatcher } from './chain/watch.ts'
import { createBounties } from './services/bounty/bounties.ts'
import { createBountyAsking } from './services/bounty/bounty-asking.ts'
import { createBountyFilling, type FillingWorld } from './services/bounty/bounty-filling.ts'
import { createBountyHosting } from './services/bounty/bounty-hosting.ts'
import { createBountyLocks } from './services/bounty/bounty-locks.ts'
import { createBountyPaying } from './services/bounty/bounty-paying.ts'
import { askAloud } from './services/bounty/unanswered.ts'
import type { Datanets } from './services/datanet/datanets.ts'
import type { Catalogue } from './services/model/catalogue.ts'
import type { Parts } from './services/parts.ts'

/** The bounties of one peer from all sides. */
export interface Bountying {
  readonly api: BountiesApi
  /** Answers `/datanet/bounties/1`. */
  readonly handler: ExchangeHandler
  /** `ask` for who agreed that a question nobody answers is published. */
  aloud(ask: ModelsApi['ask'], catalogue: Pick<Catalogue, 'resolve'>): ModelsApi['ask']
}

/** The bounties of one peer, put together; without `contracts` none of them holds money. */
export function createBountying(
  parts: Parts,
  datanets: Datanets,
  money: { readonly contracts?: ChainContracts; readonly watcher?: ChainWatcher },
  world: () => FillingWorld
): Bountying {
  const locks = createBountyLocks(money.contracts, money.watcher)
  const asking = createBountyAsking(parts, locks)
  const paying = createBountyPaying(parts)
  const filling = createBountyFilling(parts, locks, asking, world)
  const api = createBounties(parts, datanets, { locks, asking, paying, filling })
  return {
    api,
    handler: createBountyHosting(parts, datanets, locks).handler,
    aloud: (ask, catalogue) => askAloud(parts, ask, { datanets, catalogue, api })
  }
}
