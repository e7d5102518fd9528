// Chapter 03: EIP-712 digests, compact signatures, and libp2p signed envelopes.
import { keys } from '@libp2p/crypto'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { RecordEnvelope } from '@libp2p/peer-record'
import { getBytes, hexlify, recoverAddress, Signature, SigningKey, TypedDataEncoder } from 'ethers'
import { decode, LIMITS, refuse, utf8 } from './codec.mjs'

const STRUCTS = {
  ManifestApproval: 'bytes32 manifest,uint64 seq',
  Contribution: 'bytes32 datanet,bytes32 contribution,string licence,string origin',
  Review: 'bytes32 datanet,bytes32 contribution,string verdict,bytes32 review',
  RevisionApproval:
    'bytes32 datanet,uint64 ordinal,bytes32 parent,bytes32 revision,bytes32 contributionsRoot',
  Terms:
    'address payer,address signer,address operator,address receiptSigner,' +
    'bytes32 auditor,address token,uint32 withdrawDelayS,bytes32 salt',
  Voucher:
    'bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,' +
    'bytes32 receiptsRoot',
  Receipt: 'bytes32 channelId,uint64 seq,bytes32 leaf'
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

export function digest(domain, struct, value) {
  const fields = STRUCTS[struct].split(',').map((field) => {
    const [type, name] = field.split(' ')
    return { name, type }
  })
  return TypedDataEncoder.hash(domain, { [struct]: fields }, value)
}

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

/** Opens the map {body, signature} or {approvals, body}; the body stays as it was signed. */
export function unwrap(bytes, field) {
  const value = decode(bytes)
  const isMap = value !== null && typeof value === 'object' && !Array.isArray(value)
  const isWhole = isMap && Object.keys(value).sort().join() === [field, 'body'].sort().join()
  if (!isWhole || !(value.body instanceof Uint8Array)) {
    refuse('RECORD_MALFORMED', 'not wrapped')
  }
  const signatures = field === 'approvals' ? value.approvals : [value.signature]
  const isList = Array.isArray(signatures) && signatures.length > 0
  if (!isList || signatures.length > LIMITS.curators) refuse('RECORD_MALFORMED', 'no approvals')
  for (const one of signatures) {
    if (!(one instanceof Uint8Array)) refuse('RECORD_MALFORMED', 'a signature that is no bytes')
    if (one.length !== 64) refuse('SIGNATURE_INVALID', 'another length than 64')
  }
  return { body: value.body, signatures }
}
