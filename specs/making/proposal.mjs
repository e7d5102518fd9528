// 04-datanet: what is proposed to curators, and their approvals.
import { domainOf } from './base.mjs'
import {
  CURATORS,
  chainKey,
  datanetId,
  foundingManifest,
  RECORDS,
  STRANGER,
  secrets
} from './manifest.mjs'
import {
  bytes,
  cidOf,
  digestOf,
  encode,
  encodeInOrder,
  fill,
  flip,
  hex,
  invalid,
  json,
  NOW_MS,
  REGISTRY,
  someCid,
  text,
  typedDigest,
  utf8
} from './tools.mjs'

const TYPES = {
  manifest: 'ManifestApproval(bytes32 manifest,uint64 seq)',
  rotation:
    'Rotation(bytes32 datanet,uint64 seq,bytes32 prev,bytes32 manifest,address[] curators,uint8 threshold)',
  revision:
    'RevisionApproval(bytes32 datanet,uint64 ordinal,bytes32 parent,bytes32 revision,bytes32 contributionsRoot)'
}
const DOMAIN = domainOf('DatanetRegistry', REGISTRY)

const nextManifest = {
  ...foundingManifest,
  purpose: 'What sailors say.',
  seq: 1,
  prev: datanetId,
  effectiveAtMs: NOW_MS + foundingManifest.changeDelayMs
}
const firstRevision = {
  version: 1,
  datanet: datanetId,
  manifest: datanetId,
  ordinal: 1,
  contributionsRoot: fill(32, 0x77),
  rows: 2,
  content: cidOf(utf8('a UnixFS directory'), 0x70),
  createdAtMs: NOW_MS
}

/** What a curator signs for each subject, in order. */
function digestsOf({ subject }) {
  if (subject.revision !== undefined) {
    const value = {
      datanet: bytes(chainKey),
      ordinal: firstRevision.ordinal,
      parent: fill(32, 0),
      revision: digestOf(cidOf(subject.revision)),
      contributionsRoot: firstRevision.contributionsRoot
    }
    return [typedDigest(DOMAIN, TYPES.revision, value)]
  }
  const manifest = digestOf(cidOf(subject.manifest))
  const { seq, curators, threshold } = nextManifest
  const rotation = { datanet: bytes(chainKey), seq, prev: digestOf(datanetId), manifest }
  return [
    typedDigest(RECORDS, TYPES.manifest, { manifest, seq }),
    typedDigest(DOMAIN, TYPES.rotation, {
      ...rotation,
      curators: curators.map(({ text: address }) => address),
      threshold
    })
  ]
}

export function proposal() {
  const [first, second] = CURATORS
  const shared = { version: 1, datanet: datanetId, createdAtMs: NOW_MS }
  const forManifest = {
    ...shared,
    subject: { manifest: encode(nextManifest) },
    note: 'Shorter says the same.'
  }
  const forRevision = { ...shared, subject: { revision: encode(firstRevision) } }
  const approvalOf = (record, signer, change = {}) => {
    const signatures = digestsOf(record).map((digest) => signer.sign(digest))
    const own = {
      version: 1,
      proposal: cidOf(encode(record)),
      curator: hex(signer.address),
      signatures
    }
    return { ...own, ...change }
  }
  const shown = (name, record, signer) => {
    const data = encode(record)
    const approval = approvalOf(record, signer)
    return {
      name,
      input: json(record),
      bytes: text(data),
      cid: cidOf(data).toString(),
      subject: cidOf(Object.values(record.subject)[0]).toString(),
      approval: {
        account: signer.address,
        digests: digestsOf(record).map(text),
        signatures: approval.signatures.map(text),
        bytes: text(encode(approval))
      }
    }
  }
  const bad = (name, change) =>
    invalid('PROPOSAL-R1', name, encode({ ...forManifest, ...change }), 'RECORD_MALFORMED')
  const wrong = (requirement, name, record, approval, error) => ({
    requirement,
    name,
    proposal: text(encode(record)),
    bytes: text(encode(approval)),
    error
  })
  const good = approvalOf(forManifest, first)
  const [signature] = good.signatures
  const r4 = (name, approval, error) => wrong('PROPOSAL-R4', name, forManifest, approval, error)
  return {
    accounts: secrets(1, 2, 3),
    domain: { chainId: DOMAIN.chainId, registry: REGISTRY },
    chainKey,
    inForce: json(foundingManifest),
    valid: [
      shown('the next manifest, with a note', forManifest, first),
      shown('the first revision', forRevision, second)
    ],
    invalid: [
      bad('another version', { version: 2 }),
      bad('a manifest and a revision', {
        subject: { ...forManifest.subject, ...forRevision.subject }
      }),
      bad('no subject', { subject: {} }),
      bad('a manifest that is none', { subject: { manifest: encode({ version: 1 }) } }),
      bad('a revision of another Datanet', { ...forRevision, datanet: someCid(1) }),
      bad('an empty note', { note: '' }),
      bad('a note of 1025 bytes', { note: 'x'.repeat(1_025) }),
      bad('a field too many', { by: first.address }),
      invalid(
        'CODEC-R3',
        'keys out of order',
        encodeInOrder(Object.entries(forManifest).reverse()),
        'RECORD_NOT_CANONICAL'
      )
    ],
    refused: [
      r4('approval of another proposal', approvalOf(forRevision, first), 'CID_MISMATCH'),
      r4('approval by a stranger', approvalOf(forManifest, STRANGER), 'SIGNER_UNEXPECTED'),
      r4(
        'approval in the name of another curator',
        { ...good, curator: hex(second.address) },
        'SIGNATURE_INVALID'
      ),
      r4('approval off chain alone', { ...good, signatures: [signature] }, 'SIGNATURE_INVALID'),
      r4(
        'approval twice off chain',
        { ...good, signatures: [signature, signature] },
        'SIGNATURE_INVALID'
      ),
      r4(
        'approval with a bit turned',
        { ...good, signatures: [signature, flip(good.signatures[1], 40)] },
        'SIGNATURE_INVALID'
      ),
      wrong(
        'PROPOSAL-R1',
        'approval without a signature',
        forManifest,
        { ...good, signatures: [] },
        'RECORD_MALFORMED'
      ),
      wrong(
        'PROPOSAL-R1',
        'approval with three signatures',
        forManifest,
        { ...good, signatures: [signature, signature, signature] },
        'RECORD_MALFORMED'
      )
    ]
  }
}
