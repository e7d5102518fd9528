import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import type { Proposal } from '../../../protocol/datanet/proposal.ts'
import type { KnownDatanet } from './known-datanets.ts'

/**
 * Refuses a proposal that can never count from what is in force: of another Datanet (PROPOSAL_REFUSED),
 * dated ahead (RECORD_FROM_FUTURE) or too long ago (RECORD_EXPIRED), a manifest that is not the next one
 * (RECORD_SUPERSEDED) or breaks the delay (CHANGE_TOO_SOON), a revision made under another manifest
 * (RECORD_SUPERSEDED). specs/04-datanet.md §Proposal
 */
export function refuseUnfit(proposal: Proposal, datanet: KnownDatanet, nowMs: number): void {
  const { createdAtMs, subject } = proposal
  const { manifest: inForce, cid } = datanet.signed
  if (!proposal.datanet.equals(datanet.id)) {
    throw new DatanetError('PROPOSAL_REFUSED', { reason: 'it is of another Datanet' })
  }
  if (createdAtMs > nowMs + LIMITS.clockSkewMs) {
    throw new DatanetError('RECORD_FROM_FUTURE', { createdAtMs, nowMs })
  }
  if (createdAtMs < nowMs - LIMITS.proposalLifeMs) {
    throw new DatanetError('RECORD_EXPIRED', { createdAtMs, nowMs })
  }
  if (subject.kind === 'revision') {
    if (subject.revision.manifest.equals(cid)) return
    throw new DatanetError('RECORD_SUPERSEDED', { manifest: `${subject.revision.manifest}` })
  }
  const { manifest } = subject
  const expectedSeq = inForce.seq + 1
  if (manifest.seq !== expectedSeq || manifest.prev?.equals(cid) !== true) {
    throw new DatanetError('RECORD_SUPERSEDED', { seq: manifest.seq, expectedSeq })
  }
  const earliestAtMs = manifest.createdAtMs + inForce.changeDelayMs
  if (manifest.effectiveAtMs < earliestAtMs) {
    const { effectiveAtMs } = manifest
    throw new DatanetError('CHANGE_TOO_SOON', { effectiveAtMs, earliestAtMs })
  }
}
