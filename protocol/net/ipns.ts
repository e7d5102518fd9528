import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromCID, peerIdFromPrivateKey } from '@libp2p/peer-id'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { decodeCanonical, encodeCanonical } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'

/** What a name points to, for how long, and which word of its owner that is. */
export interface IpnsEntry {
  /** A path such as `/ipfs/bafy…`. */
  readonly value: string
  readonly sequence: number
  readonly expiresAtMs: number
}

const PREFIX = new TextEncoder().encode('ipns-signature:')
/** How long a resolver may take the record for fresh. */
const TTL_NS = 60_000_000_000
/** Protobuf tags of the two fields that a record of version 2 has: both are length-delimited. */
const SIGNATURE = (8 << 3) | 2
const DATA = (9 << 3) | 2
const MAX_BYTES = 10_240

/** The IPNS name of `key`, as tools write it. */
export function ipnsName(key: PrivateKey): string {
  return peerIdFromPrivateKey(key).toCID().toString(base36)
}

/** A record of version 2 that says `entry` under the name of `key`. specs/05-network.md §IPNS */
export async function signIpns(entry: IpnsEntry, key: PrivateKey): Promise<Uint8Array> {
  const text = new TextEncoder()
  const data = encodeCanonical({
    ...{ Value: text.encode(entry.value), Sequence: entry.sequence, TTL: TTL_NS },
    ...{ Validity: text.encode(instant(entry.expiresAtMs)), ValidityType: 0 }
  })
  const signature = await key.sign(Buffer.concat([PREFIX, data]))
  return Uint8Array.from(Buffer.concat([field(SIGNATURE, signature), field(DATA, data)]))
}

/**
 * What the record in `bytes` says under `name`. Refuses what is no record of version 2
 * (RECORD_MALFORMED), a signature by another key (SIGNATURE_INVALID) and one that is over
 * (RECORD_EXPIRED).
 */
export async function verifyIpns(
  bytes: Uint8Array,
  name: string,
  nowMs: number
): Promise<IpnsEntry> {
  if (bytes.byteLength > MAX_BYTES) throw malformed('it is too large')
  const fields = fieldsOf(bytes)
  const [signature, data] = [fields.get(SIGNATURE), fields.get(DATA)]
  if (signature === undefined || data === undefined) throw malformed('a field is missing')
  const { publicKey } = peerIdFromCID(CID.parse(name, base36))
  if (publicKey === undefined) throw malformed('the name holds no key')
  const isSigned =
    signature.byteLength === 64 &&
    (await publicKey.verify(Buffer.concat([PREFIX, data]), signature))
  if (!isSigned) {
    throw new DatanetError('SIGNATURE_INVALID', { name })
  }
  const said = decodeCanonical(data, LIMITS.recordBytes) as Record<string, unknown>
  const [value, validity] = [said.Value, said.Validity]
  const isWhole = value instanceof Uint8Array && validity instanceof Uint8Array
  if (!isWhole || said.ValidityType !== 0 || !Number.isSafeInteger(said.Sequence)) {
    throw malformed('its data is not that of a record')
  }
  const expiresAtMs = Date.parse(Buffer.from(validity).toString())
  if (!(expiresAtMs > nowMs)) throw new DatanetError('RECORD_EXPIRED', { name })
  const path = Buffer.from(value).toString()
  return { value: path, sequence: said.Sequence as number, expiresAtMs }
}

/** RFC 3339 with nanoseconds, as the format asks. */
function instant(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000000Z')
}

function field(tag: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(tag), varint(bytes.byteLength), bytes])
}

function varint(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  for (; rest > 127; rest >>= 7) out.push((rest & 127) | 128)
  return Uint8Array.from([...out, rest])
}

/** The length-delimited fields of a protobuf message; refuses any other kind. */
function fieldsOf(bytes: Uint8Array): Map<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>()
  for (let at = 0; at < bytes.byteLength; ) {
    const tag = bytes[at] as number
    at += 1
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at]
      if (byte === undefined || shift > 14) throw malformed('a length is missing')
      at += 1
      length |= (byte & 127) << shift
      if (byte < 128) break
    }
    if ((tag & 7) !== 2 || at + length > bytes.byteLength) throw malformed('a field is cut')
    fields.set(tag, bytes.subarray(at, at + length))
    at += length
  }
  return fields
}

function malformed(reason: string): DatanetError {
  return new DatanetError('RECORD_MALFORMED', { record: 'IPNS', reason })
}
