import { cidOf } from '../../../protocol/base/codec.ts'
import { decodeRecord } from '../../../protocol/base/schema.ts'
import { wrappedManifestSchema } from '../../../protocol/datanet/manifest-approval.ts'
import { statedApproval } from '../../../protocol/datanet/proposal.ts'
import type { Equivocation } from '../../../protocol/net/seq-guard.ts'
import type { ForkSummary } from '../../api/governance-api.ts'

/** What of the evidence that was kept is about the Datanet `id`: two for one place, each pair once. */
export function forksOf(evidence: readonly Equivocation[], id: string): readonly ForkSummary[] {
  return evidence.flatMap((pair): ForkSummary[] => {
    const [first, second] = pair.documents
    if (pair.issuer !== id) return []
    if (pair.kind === 'manifest') {
      const cid = (bytes: Uint8Array) => `${cidOf(decodeRecord(wrappedManifestSchema, bytes).body)}`
      const place = `manifest ${pair.seq}`
      return [{ kind: 'manifest', place, first: cid(first), second: cid(second) }]
    }
    if (pair.kind !== 'approval') return []
    const [one, other] = [statedApproval(first), statedApproval(second)]
    const place = pair.id.split(' ').slice(0, 2).join(' ')
    const proposals = { first: `${one.proposal}`, second: `${other.proposal}` }
    return [{ kind: 'approval', place, curator: one.curator, ...proposals }]
  })
}
