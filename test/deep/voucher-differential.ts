import { createHash } from 'node:crypto'
import { recoverAddress, Signature, SigningKey, TypedDataEncoder } from 'ethers'
import {
  addressOfPublicKey,
  javascriptSecp256k1,
  publicKeyOf,
  type Secp256k1,
  secp256k1
} from '../../protocol/base/secp256k1.ts'
import { domainSeparator } from '../../protocol/base/typed-data.ts'
import { escrowDomain } from '../../protocol/channel/terms.ts'
import { type SignedVoucher, type Voucher, voucherDigest } from '../../protocol/channel/voucher.ts'
import type { VoucherReader } from '../contracts/voucher-reader.ts'

/** What was compared; every difference would have thrown. */
export interface Compared {
  readonly digests: number
  /** Signatures that Solidity and the implementation in use agree on. */
  readonly signatures: number
  /** Of them, those that all four agree on. */
  readonly byAll: number
}

const TYPES = {
  Voucher: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'cumulativeWei', type: 'uint128' },
    { name: 'royaltyWei', type: 'uint128' },
    { name: 'receipts', type: 'uint64' },
    { name: 'receiptsRoot', type: 'bytes32' }
  ]
}

/** Voucher number `index` of an endless list: amounts and counts of every length, among them zeros. */
export function anyVoucher(index: number): Voucher {
  const random = createHash('sha512').update(`voucher ${index}`).digest()
  const shift = BigInt(random[63] as number) % 129n
  const cumulativeWei = BigInt(`0x${random.toString('hex', 0, 16)}`) >> shift
  const share = BigInt(random[62] as number)
  const royaltyWei = share === 255n ? cumulativeWei : (cumulativeWei * share) / 255n
  const receipts = Number(random.readBigUInt64BE(16) >> BigInt(11 + ((random[61] as number) % 54)))
  const root = createHash('sha256').update(`root ${index}`).digest('hex')
  return {
    channelId: `0x${createHash('sha256').update(`channel ${index}`).digest('hex')}`,
    cumulativeWei,
    royaltyWei,
    receipts,
    receiptsRoot: `0x${receipts === 0 ? '0'.repeat(64) : root}`
  }
}

/**
 * Compares our digest with ethers' and Solidity's for `count` vouchers, signs each with native, noble
 * or ethers in turn, and has each signature read by the implementation in use and by Solidity, every
 * `allEvery`th by noble and ethers as well.
 */
export async function compareVouchers(
  reader: VoucherReader,
  { count, allEvery = 1, batch = 500 }: { count: number; allEvery?: number; batch?: number }
): Promise<Compared> {
  const domain = escrowDomain(31_337n, reader.address)
  const separator = domainSeparator(domain)
  let byAll = 0
  for (let from = 0; from < count; from += batch) {
    const signed: Array<SignedVoucher & { digest: string; signer: string }> = []
    for (let index = from; index < Math.min(from + batch, count); index++) {
      const voucher = anyVoucher(index)
      const digest = voucherDigest(separator, voucher)
      const theirs = TypedDataEncoder.hash({ ...domain }, TYPES, voucher)
      same('digest of ethers', index, theirs, hex(digest))
      const secretKey = createHash('sha256')
        .update(`key ${index % 7}`)
        .digest()
      const signer = addressOfPublicKey(publicKeyOf(secretKey))
      const signature = signedBy(index, digest, secretKey)
      signed.push({ ...voucher, signature, digest: hex(digest), signer })
      const readers = index % allEvery === 0 ? [secp256k1, javascriptSecp256k1] : [secp256k1]
      for (const one of readers) {
        same(one.kind, index, addressOfPublicKey(one.recover(digest, signature)), signer)
      }
      if (index % allEvery !== 0) continue
      byAll += 1
      const compact = Signature.from(hex(signature))
      same('ethers', index, recoverAddress(digest, compact).toLowerCase(), signer)
    }
    const read = await reader.read(signed)
    for (const [at, { digest, signer }] of signed.entries()) {
      same('digest of Solidity', from + at, read[at]?.digest, digest)
      same('Solidity', from + at, read[at]?.signer, signer)
    }
  }
  return { digests: count, signatures: count, byAll }
}

/** 64 bytes by native, noble or ethers: which one depends on the number. */
function signedBy(index: number, digest: Uint8Array, secretKey: Uint8Array): Uint8Array {
  const ours: readonly Secp256k1[] = [secp256k1, javascriptSecp256k1]
  const one = ours[index % 3]
  if (one !== undefined) return one.sign(digest, secretKey)
  const { compactSerialized } = new SigningKey(secretKey).sign(digest)
  return Uint8Array.from(Buffer.from(compactSerialized.slice(2), 'hex'))
}

function same(what: string, index: number, theirs: unknown, ours: unknown): void {
  if (theirs !== ours) throw new Error(`voucher ${index}, ${what}: ${theirs} is not ${ours}`)
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
