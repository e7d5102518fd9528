import { DatanetError } from '../../../protocol/base/errors.ts'
import type { TypedDomain } from '../../../protocol/base/typed-data.ts'
import type { SignedBounty } from '../../../protocol/datanet/bounty.ts'
import {
  bountyDomain,
  type Lock,
  lockFor,
  lockIdOf
} from '../../../protocol/datanet/bounty-lock.ts'
import type { ChainContracts } from '../../chain/chain.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import type { WatchedLock } from '../../chain/watched.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'

/** Where the money of one bounty lies, or would. */
export interface BountyPlace {
  readonly lock: Lock
  readonly id: string
  readonly domain: TypedDomain
}

/** Locks of bounties on this peer's chain. specs/04-datanet.md §Lock */
export interface BountyLocks {
  /** Undefined without a chain, and where the chain's deployment has no contract for bounties. */
  find(signed: SignedBounty, datanet: KnownDatanet): BountyPlace | undefined
  /** As `find`; refuses CHAIN_MISSING and BOUNTIES_OFF in its place. */
  place(signed: SignedBounty, datanet: KnownDatanet): BountyPlace
  /** The budget that a record states for `amountWei` here. Refuses as `place`. */
  budget(amountWei: bigint): NonNullable<SignedBounty['bounty']['budget']>
  /** Refuses a budget on another chain, in another contract or token (BOUNTY_REFUSED). */
  refuseForeign(signed: SignedBounty): void
  /** What confirmed blocks say of a lock, as far as they are followed. */
  confirmed(id: string): WatchedLock | undefined
  /** Reads on to the newest confirmed block, unless the chain does not answer. */
  catchUp(signal: AbortSignal | undefined): Promise<void>
}

/** Locks by the contracts that this peer was started with. */
export function createBountyLocks(
  contracts: ChainContracts | undefined,
  watcher: Pick<ChainWatcher, 'read' | 'catchUp'> | undefined
): BountyLocks {
  function address(): { chainId: bigint; escrow: string; token: string } {
    if (contracts === undefined) {
      const hint = 'this peer has no chain, so no money can be locked here'
      throw new DatanetError('CHAIN_MISSING', {}, { hint })
    }
    const { chainId, bounty, token } = contracts
    if (bounty !== undefined) return { chainId, escrow: bounty, token }
    const hint = 'the network file of this peer names no bounty contract'
    throw new DatanetError('BOUNTIES_OFF', { chainId: `${chainId}` }, { hint })
  }

  function place(signed: SignedBounty, { key: datanetKey }: KnownDatanet): BountyPlace {
    const { chainId, escrow, token } = address()
    const domain = bountyDomain(chainId, escrow)
    const lock = lockFor(signed, { datanetKey, token })
    return { lock, id: lockIdOf(domain, lock), domain }
  }

  return {
    place,
    find: (signed, datanet) =>
      contracts?.bounty === undefined ? undefined : place(signed, datanet),
    budget(amountWei) {
      const { chainId, escrow, token } = address()
      return { chainId: Number(chainId), escrow, token, amountWei }
    },
    refuseForeign({ bounty: { budget } }) {
      if (budget === undefined) return
      const { chainId, escrow, token } = address()
      const isOurs =
        BigInt(budget.chainId) === chainId && budget.escrow === escrow && budget.token === token
      if (isOurs) return
      const reason = 'its money is on another chain, or in another contract or token'
      throw new DatanetError('BOUNTY_REFUSED', { reason }, { hint: reason })
    },
    confirmed: (id) => watcher?.read('lock', id),
    async catchUp(signal) {
      await watcher?.catchUp(signal === undefined ? {} : { signal }).catch(() => {
        // What was read before still counts.
        signal?.throwIfAborted()
      })
    }
  }
}
