import { formatAmount } from '../../api/amounts.ts'
import type { PeerApi } from '../../api/peer-api.ts'

/** Writes amounts with the symbol of the token that `api`'s peer pays in. */
export async function moneyOf(api: PeerApi): Promise<(amountWei: bigint) => string> {
  const { symbol, decimals } = (await api.status()).token ?? { symbol: 'tokens', decimals: 18 }
  return (amountWei) => formatAmount(amountWei, symbol, decimals)
}

/** Parts per million as a percentage. */
export function percent(ppm: number): string {
  return `${Number((ppm / 10_000).toFixed(2))} %`
}
