import { digestOf } from '../../../protocol/base/codec.ts'
import { isDatanetError } from '../../../protocol/base/errors.ts'
import { encodeRecord } from '../../../protocol/base/schema.ts'
import { manifestSchema } from '../../../protocol/datanet/manifest.ts'
import { sealManifest } from '../../../protocol/datanet/manifest-approval.ts'
import type { Approval } from '../../../protocol/datanet/proposal.ts'
import type { Revision } from '../../../protocol/datanet/revision.ts'
import type { ProgressOptions } from '../../api/peer-api.ts'
import type { Parts } from '../parts.ts'
import type { KnownDatanet, KnownDatanets } from './known-datanets.ts'
import type { Manifests } from './manifests.ts'
import type { KeptProposal, Proposals } from './proposals.ts'

/** How long others leave a rotation to the intake host: two would pay gas for one. */
const GRACE_MS = 20_000

/** Does what the curators' approvals suffice for. */
export interface ProposalSettling {
  /**
   * Announces and rotates manifests, and anchors revisions, that enough curators approve and whose time
   * has come. `isAsked` for a person who waits for it: then nobody else is waited for.
   */
  settle(id: string, options?: ProgressOptions & { readonly isAsked?: boolean }): Promise<void>
}

/** Settling over what is proposed here. `anchor` puts an approved revision on the chain. */
export function createProposalSettling(
  parts: Pick<Parts, 'chain' | 'governanceStore' | 'peerId' | 'now' | 'log'>,
  datanets: KnownDatanets,
  manifests: Manifests,
  proposals: Pick<Proposals, 'list'>,
  anchor: (
    datanet: KnownDatanet,
    revision: Revision,
    signatures: readonly Uint8Array[],
    options: ProgressOptions
  ) => Promise<void>
): ProposalSettling {
  const { chain, governanceStore, peerId, now, log } = parts
  const running = new Map<string, Promise<unknown>>()

  const isEnough = ({ signed }: KnownDatanet, { isOpen, approvals }: KeptProposal) =>
    isOpen && approvals.length >= signed.manifest.threshold

  function announce(id: string, { proposal, approvals }: KeptProposal): void {
    const { subject } = proposal
    const { next } = datanets.known(id)
    if (subject.kind !== 'manifest' || next?.cid.equals(subject.cid) === true) return
    const body = encodeRecord(manifestSchema, subject.manifest)
    manifests.announce(id, sealManifest(body, signaturesOf(approvals, 0)))
    const { seq, effectiveAtMs } = subject.manifest
    log('manifest', { datanet: id, seq, announced: `${subject.cid}`, effectiveAtMs })
  }

  async function rotate(id: string, options: ProgressOptions & { isAsked?: boolean }) {
    const datanet = datanets.known(id)
    const { key, signed, next } = datanet
    if (next === undefined || next.isRotated || next.manifest.effectiveAtMs > now()) return
    const isMine = signed.manifest.intakeHost === peerId || options.isAsked === true
    if (!isMine && next.manifest.effectiveAtMs + GRACE_MS > now()) return
    const found = proposals.list(id).find(({ proposal }) => proposal.subject.cid.equals(next.cid))
    if (found !== undefined && isEnough(datanet, found)) {
      const inForce = await chain.registry.manifestOf(key, options)
      if (inForce?.seq === signed.manifest.seq) {
        const { seq, curators, threshold } = next.manifest
        const request = { datanet: key, seq, curators, threshold }
        const approvals = signaturesOf(found.approvals, 1)
        const digests = { prev: hex(digestOf(signed.cid)), manifest: hex(digestOf(next.cid)) }
        try {
          await chain.registry.rotate({ ...request, ...digests, approvals }, options)
          log('manifest', { datanet: id, seq, rotated: `${next.cid}` })
        } catch (error) {
          // Somebody else was faster, or the curators rotated another one: the chain tells which.
          if (!isDatanetError(error) || error.code !== 'CHAIN_REVERTED') throw error
        }
      }
    }
    await manifests.catchUp(id, options)
  }

  /** Anchors an approved revision; one whose place the chain has given is no longer open. */
  async function anchorOrClose(
    datanet: KnownDatanet,
    kept: KeptProposal,
    options: ProgressOptions
  ): Promise<void> {
    const { subject, cid } = kept.proposal
    if (subject.kind !== 'revision' || !kept.isOpen) return
    const { ordinal } = subject.revision
    const there = await chain.registry.anchorOf(datanet.key, ordinal, options)
    const isThere = there === hex(digestOf(subject.cid))
    if (there !== undefined && !isThere) return governanceStore.setOutcome(cid.toString(), 'over')
    if (!isThere && !isEnough(datanet, kept)) return
    await anchor(datanet, subject.revision, signaturesOf(kept.approvals, 0), options)
    governanceStore.setOutcome(cid.toString(), 'anchored')
  }

  async function settle(id: string, options: ProgressOptions & { isAsked?: boolean }) {
    const datanet = datanets.known(id)
    for (const kept of proposals.list(id)) {
      const { subject } = kept.proposal
      try {
        if (subject.kind === 'revision') await anchorOrClose(datanet, kept, options)
        else if (isEnough(datanet, kept)) announce(id, kept)
      } catch (error) {
        if (!isDatanetError(error)) throw error
        log('proposal', { datanet: id, proposal: `${kept.proposal.cid}`, error: error.code })
      }
    }
    await rotate(id, options)
  }

  return {
    settle(id, options = {}) {
      // One at a time: what the first one did is not done again.
      const mine = (running.get(id) ?? Promise.resolve()).then(() => settle(id, options))
      running.set(
        id,
        mine.catch(() => {})
      )
      return mine
    }
  }
}

/** The signatures with number `at` of each approval, by ascending curator. */
function signaturesOf(approvals: readonly Approval[], at: number): Uint8Array[] {
  return [...approvals]
    .sort((a, b) => (a.curator < b.curator ? -1 : 1))
    .flatMap(({ signatures }) => signatures[at] ?? [])
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
