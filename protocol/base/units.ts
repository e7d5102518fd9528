import { DatanetError } from './errors.ts'

/** One whole, in parts per million: credits, shares and royalties are counted in it. */
export const PPM = 1_000_000
/** The same whole as a bigint, for arithmetic with amounts. */
export const PPM_N = 1_000_000n

const MAX_WEI = (1n << 128n) - 1n

/**
 * Big-endian bytes of an amount in the token's smallest unit, without leading zeros; zero is empty.
 * Refuses negatives and anything over 128 bits (INPUT_INVALID). specs/02-encoding.md §Amounts
 */
export function weiToBytes(amountWei: bigint): Uint8Array {
  if (amountWei < 0n || amountWei > MAX_WEI) {
    throw new DatanetError('INPUT_INVALID', { amountWei: amountWei.toString() })
  }
  if (amountWei === 0n) return new Uint8Array(0)
  const hex = amountWei.toString(16)
  return new Uint8Array(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
}

/** The amount in `bytes`. Refuses leading zeros and more than 16 bytes (RECORD_NOT_CANONICAL). */
export function weiFromBytes(bytes: Uint8Array): bigint {
  if (bytes.byteLength > 16 || bytes[0] === 0) {
    throw new DatanetError('RECORD_NOT_CANONICAL', { field: 'wei' })
  }
  return bytes.byteLength === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

/** `amountWei` in whole tokens of `decimals` places for people to read, without trailing zeros. */
export function formatWei(amountWei: bigint, symbol = '', decimals = 18): string {
  const sign = amountWei < 0n ? '-' : ''
  const digits = (amountWei < 0n ? -amountWei : amountWei).toString().padStart(decimals + 1, '0')
  const point = digits.length - decimals
  const fraction = digits.slice(point).replace(/0+$/, '')
  const whole = `${sign}${digits.slice(0, point)}${fraction === '' ? '' : `.${fraction}`}`
  return symbol === '' ? whole : `${whole} ${symbol}`
}
