import { formatAmount } from '../../peer/api/amounts.ts'
import type { PeerApi } from '../../peer/api/peer-api.ts'
import { plainLine } from './markdown.ts'

/** Writes amounts in the token that `api`'s peer pays in. */
export async function moneyOf(
  api: PeerApi,
  options: { readonly signal?: AbortSignal } = {}
): Promise<(amountWei: bigint) => string> {
  const { token } = await api.status(options)
  return (amountWei) => formatAmount(amountWei, token?.symbol, token?.decimals)
}

/** Parts per million as a percentage. */
export function percent(ppm: number): string {
  return `${Number((ppm / 10_000).toFixed(2))} %`
}

/** The ends of an id: enough to recognise it. */
export function short(id: string): string {
  return id.length <= 16 ? id : `${id.slice(0, 8)}…${id.slice(-6)}`
}

/** Who an account is: the name that its member chose, or the ends of its address. */
export function whoIs(account: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(account)
  return name === undefined ? `\`${short(account)}\`` : plainLine(name, 32)
}
