import { DatanetError } from '../../protocol/base/errors.ts'
import { formatWei } from '../../protocol/base/units.ts'

/** The places of every amount that people type and of every limit's default. */
export const TYPED_DECIMALS = 18

/** `amountWei` in whole tokens for people to read, without trailing zeros; `symbol` behind it. */
export function formatAmount(amountWei: bigint, symbol = '', decimals = TYPED_DECIMALS): string {
  return formatWei(amountWei, symbol, decimals)
}

/**
 * The amount that `text` says in whole tokens, such as `0.05`, in the token's smallest unit. Refuses
 * what is no plain decimal number and more than 18 places (INPUT_INVALID).
 */
export function parseAmount(text: string): bigint {
  const [, whole, fraction = ''] = /^(\d{1,20})(?:\.(\d{1,18}))?$/.exec(text.trim()) ?? []
  if (whole === undefined) {
    const hint = 'an amount in whole tokens, such as 0.05'
    throw new DatanetError('INPUT_INVALID', { amount: text.slice(0, 40) }, { hint })
  }
  return (
    BigInt(whole) * 10n ** BigInt(TYPED_DECIMALS) + BigInt(fraction.padEnd(TYPED_DECIMALS, '0'))
  )
}
