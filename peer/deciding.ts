import type { ExchangeHandler } from '../protocol/net/exchange.ts'
import type { GovernanceApi } from './api/governance-api.ts'
import { createDatanetPeers, type DatanetPeers } from './services/datanet/datanet-peers.ts'
import { createGovernance } from './services/datanet/governance.ts'
import { createKeepingUp, type KeepingUpInit } from './services/datanet/keeping-up.ts'
import { createKnownDatanets, type KnownDatanets } from './services/datanet/known-datanets.ts'
import { createManifests, type Manifests } from './services/datanet/manifests.ts'
import { createProposalSettling } from './services/datanet/proposal-settling.ts'
import { createProposals } from './services/datanet/proposals.ts'
import type { Parts } from './services/parts.ts'
import type { RevisionDeciding } from './services/revision/revision-deciding.ts'

/** What a peer knows of Datanets, and the part it takes in deciding about them. */
export interface Deciding {
  readonly known: KnownDatanets
  readonly peers: DatanetPeers
  readonly manifests: Manifests
  /** Joins in, with what revisions need; `handler` answers `/datanet/propose/1`. */
  govern(
    revisions: RevisionDeciding,
    init?: KeepingUpInit
  ): {
    readonly api: GovernanceApi
    readonly handler: ExchangeHandler
    run(): void
    stop(): Promise<void>
  }
}

/** The deciding services of one peer, put together. specs/04-datanet.md §Proposal */
export function createDeciding(parts: Parts): Deciding {
  const known = createKnownDatanets(parts)
  const peers = createDatanetPeers(parts)
  const manifests = createManifests(parts, known, peers)
  return {
    known,
    peers,
    manifests,
    govern(revisions, init) {
      const fail = (error: unknown) => parts.log('proposal', { error: String(error) })
      const proposals = createProposals(parts, known, peers, (id) => {
        settling
          .settle(id)
          .then(() => keepingUp.after(id))
          .catch(fail)
      })
      const settling = createProposalSettling(parts, known, manifests, proposals, revisions.anchor)
      const { takeUp } = revisions
      const services = { datanets: known, manifests, proposals, settling, takeUp }
      const keepingUp = createKeepingUp(parts, services, init)
      const governance = createGovernance(parts, known, manifests, proposals, settling, revisions)
      const then = async <T>(id: string, done: Promise<T>): Promise<T> => {
        const result = await done
        await keepingUp.after(id)
        return result
      }
      return {
        handler: proposals.handler,
        run: keepingUp.run,
        stop: keepingUp.stop,
        api: {
          ...governance,
          diff: revisions.diff,
          propose: (id, options) => then(id, governance.propose(id, options)),
          change: (draft, options) => then(draft.datanet, governance.change(draft, options)),
          approve: (named, options) => then(named.datanet, governance.approve(named, options)),
          proposals: (id, options) => then(id, governance.proposals(id, options)),
          manifests: (id, options) => then(id, governance.manifests(id, options))
        }
      }
    }
  }
}
