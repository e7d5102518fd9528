import { DatanetError } from '../base/errors.ts'
import { keccak256 } from '../base/keccak.ts'
import { addressOfPublicKey, publicKeyOf, secp256k1 } from '../base/secp256k1.ts'
import { hexWord, uintWord, wordsDigest } from './words.ts'

/** The payer's running total on one channel. Amounts never fall. specs/07-channel.md §Voucher */
export interface Voucher {
  /** Lowercase 0x hash. */
  readonly channelId: string
  /** All that the provider may claim, royalty included. */
  readonly cumulativeWei: bigint
  /** The part of it that is royalty. */
  readonly royaltyWei: bigint
  /** How many receipts the payer has verified: those with seq below it. */
  readonly receipts: number
  /** Root of the accumulator over them, lowercase 0x; zero exactly when there are none. */
  readonly receiptsRoot: string
}

/** A voucher with its signature: what travels and is claimed by. */
export interface SignedVoucher extends Voucher {
  /** 64 bytes, compact, by the signer of the terms. */
  readonly signature: Uint8Array
}

/** Signs vouchers of one escrow with one key, without a promise: it is on every chunk's path. */
export interface VoucherSigner {
  readonly address: string
  sign(voucher: Voucher): SignedVoucher
}

const BYTES = 168
const ZERO_ROOT = `0x${'0'.repeat(64)}`
const TYPE_HASH = keccak256(
  Buffer.from(
    'Voucher(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,bytes32 receiptsRoot)'
  )
)

/**
 * The 168 bytes of a voucher: channelId 32, cumulativeWei 16, royaltyWei 16, receipts 8, receiptsRoot
 * 32, signature 64, integers big-endian. Refuses values outside that form (VOUCHER_MALFORMED).
 */
export function encodeVoucher(voucher: SignedVoucher): Uint8Array {
  refuseMalformed(voucher)
  if (voucher.signature.byteLength !== 64) throw malformed('signature')
  return new Uint8Array(
    Buffer.concat([
      hexWord(voucher.channelId),
      uintWord(voucher.cumulativeWei).subarray(16),
      uintWord(voucher.royaltyWei).subarray(16),
      uintWord(voucher.receipts).subarray(24),
      hexWord(voucher.receiptsRoot),
      voucher.signature
    ])
  )
}

/**
 * The voucher in 168 bytes. Refuses any other length, a royalty above the amount, a count above
 * 2^53-1 and a root that contradicts the count (VOUCHER_MALFORMED). Checks no signature.
 */
export function decodeVoucher(bytes: Uint8Array): SignedVoucher {
  if (bytes.byteLength !== BYTES) throw malformed('length')
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, BYTES)
  const voucher = {
    channelId: `0x${view.toString('hex', 0, 32)}`,
    cumulativeWei: uint128(view, 32),
    royaltyWei: uint128(view, 48),
    receipts: Number(view.readBigUInt64BE(64)),
    receiptsRoot: `0x${view.toString('hex', 72, 104)}`,
    signature: new Uint8Array(view.subarray(104))
  }
  refuseMalformed(voucher)
  return voucher
}

/** The EIP-712 digest of `voucher` under the escrow's separator (base/typed-data domainSeparator). */
export function voucherDigest(domainSeparator: Uint8Array, voucher: Voucher): Uint8Array {
  return wordsDigest(
    domainSeparator,
    TYPE_HASH,
    hexWord(voucher.channelId),
    uintWord(voucher.cumulativeWei),
    uintWord(voucher.royaltyWei),
    uintWord(voucher.receipts),
    hexWord(voucher.receiptsRoot)
  )
}

/** A signer of vouchers for one escrow. `sign` refuses malformed vouchers (VOUCHER_MALFORMED). */
export function createVoucherSigner(
  domainSeparator: Uint8Array,
  secretKey: Uint8Array
): VoucherSigner {
  return {
    address: addressOfPublicKey(publicKeyOf(secretKey)),
    sign(voucher) {
      refuseMalformed(voucher)
      const { channelId, cumulativeWei, royaltyWei, receipts, receiptsRoot } = voucher
      const signature = secp256k1.sign(voucherDigest(domainSeparator, voucher), secretKey)
      return { channelId, cumulativeWei, royaltyWei, receipts, receiptsRoot, signature }
    }
  }
}

/**
 * Refuses a voucher that `signer` did not sign (SIGNATURE_INVALID). `signer` is an address, or the
 * 65-byte public key where it is known already, which saves one hash. The key is recovered in both
 * cases: a plain verification would accept a flipped parity bit, and the contract would not.
 */
export function verifyVoucher(
  domainSeparator: Uint8Array,
  voucher: SignedVoucher,
  signer: string | Uint8Array
): void {
  let publicKey: Uint8Array
  try {
    publicKey = secp256k1.recover(voucherDigest(domainSeparator, voucher), voucher.signature)
  } catch (cause) {
    throw new DatanetError('SIGNATURE_INVALID', { struct: 'Voucher' }, { cause })
  }
  const valid =
    typeof signer === 'string'
      ? addressOfPublicKey(publicKey) === signer
      : Buffer.compare(publicKey, signer) === 0
  if (!valid) throw new DatanetError('SIGNATURE_INVALID', { struct: 'Voucher' })
}

function refuseMalformed(voucher: Voucher): void {
  const { cumulativeWei, royaltyWei, receipts, receiptsRoot } = voucher
  if (cumulativeWei < 0n || cumulativeWei >> 128n !== 0n) throw malformed('cumulativeWei')
  if (royaltyWei < 0n || royaltyWei > cumulativeWei) throw malformed('royaltyWei')
  if (!Number.isSafeInteger(receipts) || receipts < 0) throw malformed('receipts')
  if ((receipts === 0) !== (receiptsRoot === ZERO_ROOT)) throw malformed('receiptsRoot')
}

function uint128(view: Buffer, offset: number): bigint {
  return (view.readBigUInt64BE(offset) << 64n) | view.readBigUInt64BE(offset + 8)
}

function malformed(field: string): DatanetError {
  return new DatanetError('VOUCHER_MALFORMED', { field })
}
