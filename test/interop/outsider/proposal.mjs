// Chapter 04: what is proposed to curators, and their approvals.
import { cidOf, digestOf, LIMITS, refuse, unhex } from './codec.mjs'
import { address, atMs, bytes, cid, is, list, map, optional, record, text } from './fields.mjs'
import { manifest, revision } from './records.mjs'
import { demandSigner, digest, RECORDS } from './signing.mjs'

const someBytes = {
  read: (value) => {
    const isFew = bytes().read(value).length <= LIMITS.recordBytes
    return isFew ? value : refuse('RECORD_MALFORMED', 'too many bytes')
  },
  write: (value) => value
}
const subject = map(
  { manifest: optional(someBytes), revision: optional(someBytes) },
  (s) => (s.manifest === undefined) !== (s.revision === undefined)
)

export const proposal = record({
  version: is(1),
  datanet: cid,
  subject,
  note: optional(text(1024)),
  createdAtMs: atMs
})

const approval = record({
  version: is(1),
  proposal: cid,
  curator: address,
  signatures: list(bytes(64), 1, 2)
})

/** A proposal with its own CID, and with what is proposed decoded. */
export function readProposal(data) {
  const value = proposal.decode(data)
  const inner = value.subject.manifest ?? value.subject.revision
  const isManifest = value.subject.manifest !== undefined
  const decoded = (isManifest ? manifest : revision).decode(inner)
  if (!isManifest && decoded.datanet !== value.datanet) {
    refuse('RECORD_MALFORMED', 'a revision of another Datanet')
  }
  return { value, cid: cidOf(data), isManifest, decoded, subject: cidOf(inner) }
}

/** What a curator signs for it; `place` is the chain key, the registry's domain and who is in force. */
function digests({ isManifest, decoded, subject: own }, { key, domain, inForce }) {
  const manifestDigest = digestOf(own)
  if (isManifest) {
    const { seq, curators, threshold } = decoded
    const rotation = { datanet: key, seq, prev: digestOf(inForce.cid), manifest: manifestDigest }
    return [
      digest(RECORDS, 'ManifestApproval', { manifest: manifestDigest, seq }),
      digest(domain, 'Rotation', { ...rotation, curators, threshold })
    ]
  }
  const { ordinal, parent, contributionsRoot } = decoded
  const before = parent === undefined ? unhex('00'.repeat(32)) : digestOf(parent)
  const value = { datanet: key, ordinal, parent: before, revision: manifestDigest }
  return [digest(domain, 'RevisionApproval', { ...value, contributionsRoot })]
}

/** A curator's approval of a proposal that was read, in the place where it must count. */
export function readApproval(data, about, place) {
  const value = approval.decode(data)
  if (value.proposal !== about.cid) refuse('CID_MISMATCH', 'approves another proposal')
  if (!place.inForce.value.curators.includes(value.curator)) {
    refuse('SIGNER_UNEXPECTED', `${value.curator} is no curator`)
  }
  const said = digests(about, place)
  if (said.length !== value.signatures.length) refuse('SIGNATURE_INVALID', 'too few signatures')
  for (const [at, one] of said.entries()) demandSigner(one, value.signatures[at], value.curator)
  return value
}
