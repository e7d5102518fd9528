// Chapter 03: EIP-712 digests, compact signatures, and libp2p signed envelopes.
import { keys } from '@libp2p/crypto'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { RecordEnvelope } from '@libp2p/peer-record'
import { getBytes, hexlify, recoverAddress, Signature, SigningKey, TypedDataEncoder } from 'ethers'
import { decode, isMap, LIMITS, refuse, utf8 } from './codec.mjs'

const STRUCTS = {
  ManifestApproval: 'bytes32 manifest,uint64 seq',
  Contribution: 'bytes32 datanet,bytes32 contribution,string licence,string origin',
  SubmissionQuery: 'bytes32 datanet,address account,bytes32 query',
  HandOver: 'address oldAccount,address newAccount,uint64 seq',
  Review: 'bytes32 datanet,bytes32 contribution,string verdict,bytes32 review',
  Appeal: 'bytes32 datanet,bytes32 contribution,bytes32 appeal',
  ReviewQuery: 'bytes32 datanet,address curator,bytes32 query',
  Bounty: 'bytes32 datanet,string question,bytes32 bounty',
  Lock: 'bytes32 datanet,bytes32 question,address token,uint64 expiresAt',
  Fill: 'bytes32 lock,bytes32 contribution,address account',
  Rotation:
    'bytes32 datanet,uint64 seq,bytes32 prev,bytes32 manifest,address[] curators,uint8 threshold',
  RevisionApproval:
    'bytes32 datanet,uint64 ordinal,bytes32 parent,bytes32 revision,bytes32 contributionsRoot',
  Terms:
    'address payer,address signer,address operator,address receiptSigner,' +
    'bytes32 auditor,address token,uint32 withdrawDelayS,bytes32 salt',
  Voucher:
    'bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,' +
    'bytes32 receiptsRoot',
  Receipt: 'bytes32 channelId,uint64 seq,bytes32 leaf',
  ReceiptGroup: 'bytes32 root'
}

const HALF_ORDER = BigInt('0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')

export const RECORDS = { name: 'datanet', version: '1' }
export const escrowDomain = (chainId, verifyingContract) => ({
  name: 'datanet.ChannelEscrow',
  version: '1',
  chainId,
  verifyingContract
})

export const separator = (domain) => TypedDataEncoder.hashDomain(domain)

const typesOf = (struct) => ({
  [struct]: STRUCTS[struct].split(',').map((field) => {
    const [type, name] = field.split(' ')
    return { name, type }
  })
})

export const digest = (domain, struct, value) =>
  TypedDataEncoder.hash(domain, typesOf(struct), value)

/** The hash of a struct without its domain: a leaf of a group's tree. */
export const structHash = (struct, value) =>
  TypedDataEncoder.hashStruct(struct, typesOf(struct), value)

export const sign = (secretKey, hash) =>
  getBytes(new SigningKey(hexlify(secretKey)).sign(hash).compactSerialized)

/** The account that gave a compact signature, in lower case. */
export function signer(hash, signature) {
  if (signature.length !== 64) refuse('SIGNATURE_INVALID', 'another length than 64')
  const s = BigInt(hexlify(signature.subarray(32))) & ((1n << 255n) - 1n)
  if (s === 0n || s > HALF_ORDER) refuse('SIGNATURE_INVALID', 's is out of range')
  try {
    return recoverAddress(hash, Signature.from(hexlify(signature))).toLowerCase()
  } catch {
    return refuse('SIGNATURE_INVALID', 'no key can be recovered')
  }
}

export function demandSigner(hash, signature, account) {
  const found = signer(hash, signature)
  if (found !== account) refuse('SIGNATURE_INVALID', `by ${found} instead of ${account}`)
}

/** Opens an envelope: the payload, and the peer that sealed it. */
export async function open(bytes, domain) {
  if (bytes.length > LIMITS.recordBytes) refuse('RECORD_TOO_LARGE')
  let envelope
  try {
    envelope = RecordEnvelope.createFromProtobuf(bytes)
  } catch (error) {
    refuse('RECORD_MALFORMED', error.message)
  }
  if (Buffer.compare(Buffer.from(envelope.payloadType), Buffer.from(utf8(domain))) !== 0) {
    refuse('RECORD_MALFORMED', `not sealed as ${domain}`)
  }
  try {
    await RecordEnvelope.openAndCertify(bytes, domain)
  } catch (error) {
    refuse('SIGNATURE_INVALID', error.message)
  }
  return { payload: envelope.payload, signer: peerIdFromPublicKey(envelope.publicKey).toString() }
}

/** Seals a payload; only the tests of this client's own refusals need it. */
export async function seal(payload, domain, seed) {
  const key = await keys.generateKeyPairFromSeed('Ed25519', seed)
  const record = {
    domain,
    codec: utf8(domain),
    marshal: () => payload,
    equals: () => false
  }
  return (await RecordEnvelope.seal(record, key)).marshal()
}

/** Opens {approvals, body}, {body, signature} or one with more signatures; the body stays as it was. */
export function unwrap(bytes, ...names) {
  const value = decode(bytes)
  const isWhole =
    isMap(value) && Object.keys(value).sort().join() === [...names, 'body'].sort().join()
  if (!isWhole || !(value.body instanceof Uint8Array)) refuse('RECORD_MALFORMED', 'not wrapped')
  const signatures = names.flatMap((name) => value[name])
  const isFew = signatures.length > 0 && signatures.length <= LIMITS.curators
  const isList = Array.isArray(value.approvals) === names.includes('approvals')
  const isBytes = signatures.every((one) => one instanceof Uint8Array)
  if (!isFew || !isList || !isBytes) refuse('RECORD_MALFORMED', 'no signatures')
  if (signatures.some((one) => one.length !== 64)) refuse('SIGNATURE_INVALID', 'another length')
  return { body: value.body, signatures }
}
