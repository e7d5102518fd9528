import type { RewardsApi } from '../../api/money-api.ts'
import type { PeerHealth, Role } from '../../api/peer-api.ts'
import { withoutChain } from '../../chain/absent-chain.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import type { DropStore } from '../../store/drops.ts'
import { type Datanets, summary } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'
import { createDropAudit } from './drop-audit.ts'
import { createDropDocuments } from './drop-documents.ts'
import { createDropGround } from './drop-ground.ts'
import { createDropGuard } from './drop-guard.ts'
import { createSilence } from './drop-silence.ts'
import { createDropVotes } from './drop-votes.ts'
import { createReposts } from './reposts.ts'
import { createRewards } from './rewards.ts'

/** Drops from all sides: posted, claimed, posted again, guarded. */
export interface RewardServices {
  readonly api: RewardsApi
  /** `health` and what a curator here should know of. */
  withDrops(health: PeerHealth): PeerHealth
  /** Starts what the roles need. */
  run(roles: readonly Role[]): void
  stop(): Promise<void>
}

/** The rewards of a peer; without a `watcher`, and so without a chain, each use refuses CHAIN_MISSING. */
export function createRewardServices(
  parts: Parts,
  datanets: Datanets,
  { dropStore, watcher }: { readonly dropStore: DropStore; readonly watcher?: ChainWatcher }
): RewardServices {
  const audited = () => datanets.all().map(summary)
  const documents = createDropDocuments({ ...parts, dropStore })
  const { repost, vetoed, ...rewards } = createRewards(
    {
      ...parts,
      dropStore,
      ...(watcher === undefined ? {} : { watcher }),
      /** Curators may have posted what stands. */
      async findDrop(key, digest, options) {
        const by = audited().find(({ chainKey }) => chainKey === key.auditor)
        return by && documents.find({ key, datanet: by.id, digest }, options)
      }
    },
    datanets
  )
  if (watcher === undefined) {
    const { check, refute, veto, silent, postSilent } = withoutChain<RewardsApi>()
    return {
      api: { ...rewards, check, refute, veto, silent, postSilent },
      withDrops: (health) => health,
      run: () => {},
      stop: async () => {}
    }
  }
  const reposts = createReposts({ ...parts, watcher }, { repost, vetoed })
  const { audit, ...folding } = createDropAudit(parts, documents, createDropGround(parts, datanets))
  const votes = createDropVotes(parts)
  const silence = createSilence({ ...parts, dropStore }, audited, folding, votes)
  const { reasons, run, stop, ...guard } = createDropGuard(
    { ...parts, watcher },
    audited,
    audit,
    votes
  )
  return {
    api: { ...rewards, ...guard, ...silence },
    withDrops(health) {
      const more = reasons()
      const all = [...health.reasons, ...more]
      return more.length === 0 ? health : { ...health, isWell: false, reasons: all }
    },
    run(roles) {
      if (roles.includes('provider')) reposts.run()
      // Who neither hosts nor earns is no curator that is there when a drop comes.
      if (roles.includes('host') || roles.includes('provider')) run()
    },
    async stop() {
      await Promise.all([reposts.stop(), stop()])
    }
  }
}
