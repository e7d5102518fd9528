import type { SignedVoucher } from '../../protocol/channel/voucher.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const PRIME = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn

/**
 * Ways to change a signed voucher, each of which must be refused: by the wire, by the signature, or,
 * where it stays a voucher, by Solidity as well. The voucher has a royalty, receipts and a root.
 */
export const MUTANTS: Readonly<Record<string, (signed: SignedVoucher) => SignedVoucher>> = {
  'another channel': (v) => ({ ...v, channelId: flipped(v.channelId) }),
  'one wei more': (v) => ({ ...v, cumulativeWei: v.cumulativeWei + 1n }),
  'one wei less': (v) => ({ ...v, cumulativeWei: v.cumulativeWei - 1n }),
  'twice the amount': (v) => ({ ...v, cumulativeWei: v.cumulativeWei * 2n }),
  'one wei more of royalty': (v) => ({ ...v, royaltyWei: v.royaltyWei + 1n }),
  'one wei less of royalty': (v) => ({ ...v, royaltyWei: v.royaltyWei - 1n }),
  'no royalty': (v) => ({ ...v, royaltyWei: 0n }),
  'all royalty': (v) => ({ ...v, royaltyWei: v.cumulativeWei }),
  'amounts swapped': (v) => ({ ...v, cumulativeWei: v.royaltyWei, royaltyWei: v.cumulativeWei }),
  'one receipt more': (v) => ({ ...v, receipts: v.receipts + 1 }),
  'one receipt less': (v) => ({ ...v, receipts: v.receipts - 1 }),
  'no receipts': (v) => ({ ...v, receipts: 0 }),
  'another root': (v) => ({ ...v, receiptsRoot: flipped(v.receiptsRoot) }),
  'no root': (v) => ({ ...v, receiptsRoot: `0x${'0'.repeat(64)}` }),
  'channel and root swapped': (v) => ({
    ...v,
    channelId: v.receiptsRoot,
    receiptsRoot: v.channelId
  }),
  'r changed': (v) => withSignature(v, (s) => flip(s, 0, 1)),
  's changed': (v) => withSignature(v, (s) => flip(s, 63, 1)),
  'the parity flipped': (v) => withSignature(v, (s) => flip(s, 32, 0x80)),
  'the high s of the same point': (v) =>
    withSignature(v, (s) => s.set(word(ORDER - (number(s, 32) & (2n ** 255n - 1n))), 32)),
  'r and s swapped': (v) =>
    withSignature(v, (s) => s.set(Buffer.concat([s.slice(32), s.slice(0, 32)]))),
  'a zero signature': (v) => withSignature(v, (s) => s.fill(0)),
  'all ones': (v) => withSignature(v, (s) => s.fill(0xff)),
  'zero r': (v) => withSignature(v, (s) => s.fill(0, 0, 32)),
  'zero s': (v) => withSignature(v, (s) => s.fill(0, 32)),
  'r of the group order': (v) => withSignature(v, (s) => s.set(word(ORDER), 0)),
  'r beyond the field': (v) => withSignature(v, (s) => s.set(word(PRIME), 0)),
  'the signature of the bytes reversed': (v) => withSignature(v, (s) => s.reverse())
}

function withSignature(
  voucher: SignedVoucher,
  change: (signature: Uint8Array) => unknown
): SignedVoucher {
  const signature = Uint8Array.from(voucher.signature)
  change(signature)
  return { ...voucher, signature }
}

function flip(bytes: Uint8Array, at: number, bit: number): void {
  bytes[at] = (bytes[at] as number) ^ bit
}

/** The hash with its last bit changed. */
function flipped(hash: string): string {
  return `${hash.slice(0, -1)}${(Number.parseInt(hash.slice(-1), 16) ^ 1).toString(16)}`
}

function number(bytes: Uint8Array, from: number): bigint {
  return BigInt(`0x${Buffer.from(bytes.subarray(from, from + 32)).toString('hex')}`)
}

function word(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
}
