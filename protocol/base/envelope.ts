import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { RecordEnvelope } from '@libp2p/peer-record'
import { DatanetError } from './errors.ts'
import { LIMITS } from './limits.ts'

/**
 * Records that only peers read travel in libp2p signed envelopes, one domain per record type, so
 * that a signature over one type can never be shown as another. specs/03-signatures.md §Envelopes
 */
export type EnvelopeDomain = `datanet/${string}/1`

/** Sealed bytes of `payload` under `domain`, signed by `key`. */
export async function sealEnvelope(
  domain: EnvelopeDomain,
  payload: Uint8Array,
  key: PrivateKey
): Promise<Uint8Array> {
  const record = {
    domain,
    codec: new TextEncoder().encode(domain),
    marshal: () => payload,
    equals: () => false
  }
  const envelope = await RecordEnvelope.seal(record, key)
  return Uint8Array.from(envelope.marshal().subarray())
}

/**
 * The payload of a sealed envelope and the peer who signed it. Refuses more than `maxBytes`
 * (RECORD_TOO_LARGE), foreign bytes (RECORD_MALFORMED), another payload type (RECORD_MALFORMED) and a
 * signature that does not hold under `domain` (SIGNATURE_INVALID).
 */
export async function openEnvelope(
  domain: EnvelopeDomain,
  sealed: Uint8Array,
  maxBytes: number = LIMITS.recordBytes
): Promise<{ payload: Uint8Array; signer: PeerId }> {
  if (sealed.byteLength > maxBytes) {
    throw new DatanetError('RECORD_TOO_LARGE', { bytes: sealed.byteLength, maxBytes })
  }
  let envelope: RecordEnvelope
  try {
    envelope = RecordEnvelope.createFromProtobuf(sealed)
  } catch (cause) {
    throw new DatanetError('RECORD_MALFORMED', { domain }, { cause })
  }
  if (Buffer.from(envelope.payloadType).toString() !== domain) {
    throw new DatanetError('RECORD_MALFORMED', { domain, reason: 'another payload type' })
  }
  const valid = await envelope.validate(domain).catch(() => false)
  if (!valid) throw new DatanetError('SIGNATURE_INVALID', { domain })
  return { payload: envelope.payload, signer: peerIdFromPublicKey(envelope.publicKey) }
}
