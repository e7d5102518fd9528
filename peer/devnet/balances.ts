import type { Chain } from '../chain/chain.ts'

/** Who holds tokens in this world, and as what. */
export interface Holder {
  readonly label: string
  readonly address: string
  readonly kind: 'payer' | 'operator' | 'earner' | 'escrow' | 'pool' | 'bystander'
}

/** What somebody held before and after, by the chain; amounts in wei of the token. */
export interface Balance extends Holder {
  readonly beforeWei: bigint
  readonly afterWei: bigint
}

/** What escrow captured from channels over the same time, by the chain. */
export interface Captured {
  readonly claimedWei: bigint
  readonly royaltyWei: bigint
}

/** Every holder's balance now, by address. */
export async function readBalances(
  chain: Chain,
  holders: readonly Holder[]
): Promise<Map<string, bigint>> {
  const amounts = await Promise.all(holders.map(({ address }) => chain.token.balanceOf(address)))
  return new Map(holders.map(({ address }, i) => [address, amounts[i] ?? 0n]))
}

/**
 * Whether the money went exactly where it should, from balances on chain alone: nothing appeared or
 * vanished; what left the payer is in escrow or was captured; the operator got the captured amount
 * less the royalty; and the royalty is with those who earned it or still in the pool.
 */
export function isConserved(balances: readonly Balance[], captured: Captured): boolean {
  const change = (...kinds: Array<Holder['kind']>) =>
    balances
      .filter(({ kind }) => kinds.includes(kind))
      .reduce((sum, { beforeWei, afterWei }) => sum + afterWei - beforeWei, 0n)
  const all = balances.reduce((sum, { beforeWei, afterWei }) => sum + afterWei - beforeWei, 0n)
  return (
    all === 0n &&
    change('bystander') === 0n &&
    change('operator') === captured.claimedWei - captured.royaltyWei &&
    change('earner', 'pool') === captured.royaltyWei &&
    change('payer', 'escrow') === -captured.claimedWei
  )
}
