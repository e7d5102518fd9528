import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { encodeRecord } from '../../../protocol/base/schema.ts'
import { manifestSchema } from '../../../protocol/datanet/manifest.ts'
import { makeProposal, type Proposal } from '../../../protocol/datanet/proposal.ts'
import { encodeRevision, type Revision } from '../../../protocol/datanet/revision.ts'
import type {
  GovernanceApi,
  ManifestSummary,
  ProposalState,
  ProposalSummary
} from '../../api/governance-api.ts'
import type { CallOptions, ProgressOptions } from '../../api/peer-api.ts'
import type { Parts } from '../parts.ts'
import { forksOf } from './forks.ts'
import type { KnownDatanet, KnownDatanets } from './known-datanets.ts'
import type { Manifests } from './manifests.ts'
import { manifestChanges, nextManifest } from './next-manifest.ts'
import { bundleText, readBundle } from './proposal-bundle.ts'
import type { ProposalSettling } from './proposal-settling.ts'
import type { KeptProposal, Proposals } from './proposals.ts'

/** For approvals of people who look at it once a day or two. */
const GATHER_MS = 259_200_000

/** What a proposed revision is made and looked at with. */
export interface RevisionWork {
  draft(id: string, options: ProgressOptions): Promise<Revision>
  check(datanet: KnownDatanet, revision: Revision, options: ProgressOptions): Promise<unknown>
}

/** What curators decide together. specs/04-datanet.md §Proposal */
export function createGovernance(
  parts: Pick<Parts, 'governanceStore' | 'evidenceStore' | 'wallet' | 'now'>,
  datanets: KnownDatanets,
  manifests: Manifests,
  proposals: Proposals,
  settling: ProposalSettling,
  revisions: RevisionWork
): Omit<GovernanceApi, 'diff'> {
  const { governanceStore, evidenceStore, wallet, now } = parts

  function stateOf(id: string, { proposal, isOpen, outcome }: KeptProposal): ProposalState {
    const { history, next } = datanets.known(id)
    const { cid, kind } = proposal.subject
    if (kind === 'revision') {
      if (outcome !== undefined) return outcome
    } else {
      if (history.some((one) => one.cid.equals(cid))) return 'in force'
      if (next?.cid.equals(cid) === true) return 'announced'
    }
    return isOpen ? 'open' : 'over'
  }

  function described(id: string, kept: KeptProposal): ProposalSummary {
    const { proposal, approvals } = kept
    const { subject, note, createdAtMs } = proposal
    return {
      ...{ proposal: proposal.cid.toString(), datanet: id, kind: subject.kind, createdAtMs },
      subject: subject.cid.toString(),
      state: stateOf(id, kept),
      approvals: approvals.map(({ curator }) => curator).sort(),
      threshold: datanets.known(id).signed.manifest.threshold,
      ...(note === undefined ? {} : { note }),
      ...(subject.kind === 'manifest'
        ? { number: subject.manifest.seq, effectiveAtMs: subject.manifest.effectiveAtMs }
        : { number: subject.revision.ordinal, rows: subject.revision.rows })
    }
  }

  /** Others hear of it before the chain does: what it puts in force must be at hand. */
  async function spread(id: string, options: CallOptions): Promise<void> {
    await proposals.sync(id, options)
    await settling.settle(id, { ...options, isAsked: true })
  }

  /** What was decided elsewhere, and what is known here and not done yet. */
  async function upToDate(id: string, options: CallOptions): Promise<KnownDatanet> {
    if (datanets.known(id).decides) await settling.settle(id, options)
    return manifests.catchUp(id, options)
  }

  /** Refuses a manifest that would give less notice from now on than the one in force promises. */
  function refuseHasty({ signed }: KnownDatanet, { subject }: Proposal): void {
    const { changeDelayMs } = signed.manifest
    if (subject.kind !== 'manifest' || changeDelayMs === 0) return
    const { effectiveAtMs } = subject.manifest
    const earliestAtMs = now() + changeDelayMs - LIMITS.clockSkewMs
    if (effectiveAtMs >= earliestAtMs) return
    const hint = 'too late to approve it: it would come into force sooner than was promised'
    throw new DatanetError('CHANGE_TOO_SOON', { effectiveAtMs, earliestAtMs }, { hint })
  }

  /** Two words for one place make a fork. */
  function refuseSecond(id: string, { subject, cid }: Proposal, curator: string): void {
    const place = (one: Proposal['subject']) =>
      one.kind === 'manifest' ? one.manifest.seq : one.revision.ordinal
    const other = proposals
      .list(id)
      .find(
        ({ proposal, approvals, isOpen }) =>
          isOpen &&
          !proposal.cid.equals(cid) &&
          proposal.subject.kind === subject.kind &&
          place(proposal.subject) === place(subject) &&
          approvals.some((one) => one.curator === curator)
      )
    if (other === undefined) return
    const hint = 'this curator approves another one for the same place; approve instead, if meant'
    const { cid: approved } = other.proposal
    throw new DatanetError('PROPOSAL_REFUSED', { curator, approved: `${approved}` }, { hint })
  }

  function curatorsHere(datanet: KnownDatanet, account?: string): readonly string[] {
    const own = proposals.ownCurators(datanet)
    const named = account === undefined ? undefined : wallet.account(account.toLowerCase()).address
    const chosen = named === undefined ? own : own.filter((one) => one === named)
    if (chosen.length > 0) return chosen
    const hint = 'this peer keeps the key of no curator in force'
    throw new DatanetError('SIGNER_UNEXPECTED', { account: named ?? '' }, { hint })
  }

  return {
    async change({ datanet: id, change, note, gatherMs }, options = {}) {
      const datanet = await upToDate(id, options)
      const own = curatorsHere(datanet)
      const { threshold, changeDelayMs } = datanet.signed.manifest
      const isAlone = own.length >= threshold || changeDelayMs === 0
      const manifest = nextManifest(datanet.signed, change, {
        atMs: now(),
        gatherMs: gatherMs ?? (isAlone ? 0 : GATHER_MS)
      })
      if (manifestChanges(datanet.signed.manifest, manifest).length === 0) {
        throw new DatanetError('INPUT_INVALID', {}, { hint: 'nothing would change' })
      }
      const proposal = makeProposal({
        ...{ version: 1, datanet: datanet.id, createdAtMs: now() },
        subject: { manifest: encodeRecord(manifestSchema, manifest) },
        ...(note === undefined ? {} : { note })
      })
      for (const curator of own) refuseSecond(id, proposal, curator)
      for (const curator of own) await proposals.approve(id, proposal, curator)
      await spread(id, options)
      return described(id, proposals.get(id, proposal.cid.toString()))
    },

    async propose(id, options = {}) {
      const datanet = await upToDate(id, options)
      if (!datanet.hosted) throw new DatanetError('DATANET_UNKNOWN', { id, hosted: false })
      const own = curatorsHere(datanet)
      const revision = await revisions.draft(id, options)
      const proposal = makeProposal({
        ...{ version: 1, datanet: datanet.id, createdAtMs: revision.createdAtMs },
        subject: { revision: encodeRevision(revision) }
      })
      for (const curator of own) await proposals.approve(id, proposal, curator)
      await spread(id, options)
      return described(id, proposals.get(id, proposal.cid.toString()))
    },

    async proposals(id, options = {}) {
      await upToDate(id, options)
      await proposals.sync(id, options)
      await settling.settle(id, { ...options, isAsked: true })
      return proposals.list(id).map((kept) => described(id, kept))
    },

    async proposal({ datanet: id, proposal: cid }) {
      const kept = proposals.get(id, cid)
      const { subject, bytes, datanet } = kept.proposal
      const { history } = datanets.known(id)
      const approvals = [...(governanceStore.proposal(cid)?.approvals ?? [])]
      const before =
        subject.kind === 'manifest'
          ? history.find((one) => subject.manifest.prev?.equals(one.cid) === true)
          : undefined
      return {
        ...described(id, kept),
        changes:
          before === undefined || subject.kind !== 'manifest'
            ? []
            : manifestChanges(before.manifest, subject.manifest),
        bundle: bundleText({ datanet, proposal: bytes, approvals })
      }
    },

    async approve({ datanet: id, proposal: cid, account, instead }, options = {}) {
      const datanet = await upToDate(id, options)
      const { proposal } = proposals.get(id, cid)
      const curators = curatorsHere(datanet, account)
      refuseHasty(datanet, proposal)
      if (instead !== true) for (const curator of curators) refuseSecond(id, proposal, curator)
      const { subject } = proposal
      if (subject.kind === 'revision') await revisions.check(datanet, subject.revision, options)
      for (const curator of curators) await proposals.approve(id, proposal, curator)
      await spread(id, options)
      return described(id, proposals.get(id, cid))
    },

    async carry(text, options = {}) {
      const { datanet, proposal, approvals } = readBundle(text)
      const id = datanet.toString()
      await upToDate(id, options).catch((error: unknown) => {
        // It may be the very manifest that is missing.
        if (!isDatanetError(error) || error.code !== 'MANIFEST_BEHIND') throw error
      })
      const kept = proposals.take(id, proposal, approvals)
      await settling.settle(id, { ...options, isAsked: true })
      await upToDate(id, options)
      return described(id, proposals.get(id, kept.proposal.cid.toString()))
    },

    forks: async (id) => forksOf(evidenceStore.documents(), id),

    async manifests(id, options = {}) {
      const { history, next } = await upToDate(id, options)
      const all = [...history, ...(next === undefined ? [] : [next])]
      return all.map(({ manifest, cid }, at): ManifestSummary => {
        const before = all[at - 1]
        return {
          seq: manifest.seq,
          manifest: cid.toString(),
          state:
            at < history.length - 1 ? 'before' : at < history.length ? 'in force' : 'announced',
          createdAtMs: manifest.createdAtMs,
          effectiveAtMs: manifest.effectiveAtMs,
          changes: before === undefined ? [] : manifestChanges(before.manifest, manifest)
        }
      })
    }
  }
}
