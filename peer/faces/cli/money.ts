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

/** The coin of every chain that is reached by JSON-RPC. */
const COIN_DECIMALS = 18

/** An amount of the chain's own coin, to the last place. */
export function coins(amountWei: bigint): string {
  return formatAmount(amountWei, 'coins of the chain', COIN_DECIMALS)
}

/** An amount of the chain's own coin to six places: what pays gas is never counted to the last one. */
export function coin(amountWei: bigint): string {
  const step = 10n ** 12n
  if (amountWei > 0n && amountWei < step) return 'less than 0.000001'
  return formatAmount(amountWei - (amountWei % step), '', COIN_DECIMALS)
}
