import { DatanetError } from '../base/errors.ts'
import { PPM_N } from '../base/units.ts'
import type { Voucher } from './voucher.ts'

/**
 * The rule that both sides compute, so that an honest payer is never refused and an operator and a
 * pool each get their own. specs/07-channel.md §Window
 *
 * A call of `x` wei at `ppm` is worth a royalty part r(x) = ⌊x·ppm/10⁶⌋ and an operator part
 * o(x) = x − r(x); both rise with x. A voucher carries two running totals: `royaltyWei`, and the
 * operator's `cumulativeWei − royaltyWei`. Neither ever falls, nor do the receipts.
 *
 * The payer counts every call it began: at its price once its receipt is verified, until then at what
 * it has covered. It signs, for each of the two parts,
 *     part = max(part signed before, Σ settled part(priceWei) + Σ open part(coveredWei)).
 * A call that ends below what was covered thus leaves surplus of both kinds, used up by later calls.
 * A call stays open for the payer until it has its receipt or the provider's word that there is none.
 *
 * The provider learns what is covered per call from the unsigned `coveredWei` of voucher frames, keeps
 * the highest per call, and demands of the newest voucher, for each of the two parts,
 *     part ≥ Σ receipts it commits part(priceWei)
 *          + Σ other issued receipts part(min(priceWei, coveredWei)) + Σ open part(coveredWei).
 * Vouchers are signed one after another and each total is monotone, so among several streams the
 * highest is also the newest, and every frame that was read was sent no later than an equal voucher.
 * At that moment the payer counted each of these calls at no less: open ones at coveredWei or more,
 * settled ones at their price. Hence the demand is met whatever the interleaving. Nobody can use it
 * to get more than is signed: chunks leave only while spentWei + chunk ≤ authorisedWei + credit.
 *
 * Because both parts rise, a later claim captures all of a voucher's royalty: Δroyalty ≤ Δamount.
 */
export interface Parts {
  readonly operatorWei: bigint
  readonly royaltyWei: bigint
}

/** The parts of nothing. */
export const NO_PARTS: Parts = { operatorWei: 0n, royaltyWei: 0n }

/** The two parts of a call of `amountWei`: its royalty rounded down, and the operator's rest. */
export function partsOf(amountWei: bigint, royaltyPpm: number): Parts {
  const royaltyWei = (amountWei * BigInt(royaltyPpm)) / PPM_N
  return { operatorWei: amountWei - royaltyWei, royaltyWei }
}

/** The sum of parts. */
export function sumParts(...parts: readonly Parts[]): Parts {
  let { operatorWei, royaltyWei } = NO_PARTS
  for (const part of parts) {
    operatorWei += part.operatorWei
    royaltyWei += part.royaltyWei
  }
  return { operatorWei, royaltyWei }
}

/** What a voucher promises so far: the totals of which none may fall. */
export type VoucherTotals = Pick<
  Voucher,
  'cumulativeWei' | 'royaltyWei' | 'receipts' | 'receiptsRoot'
>

/**
 * How `next` stands to `last`: `newer` when no total fell and one rose, `known` when none rose, which
 * replay and parallel streams cause. Refuses a mix and another root at the same count: an honest
 * payer never signed both (VOUCHER_STALE). specs/07-channel.md §Order
 */
export function compareVouchers(last: VoucherTotals, next: VoucherTotals): 'newer' | 'known' {
  if (next.receipts === last.receipts && next.receiptsRoot !== last.receiptsRoot) {
    throw new DatanetError('VOUCHER_STALE', { field: 'receiptsRoot', receipts: next.receipts })
  }
  const changes = {
    operatorWei: next.cumulativeWei - next.royaltyWei - (last.cumulativeWei - last.royaltyWei),
    royaltyWei: next.royaltyWei - last.royaltyWei,
    receipts: BigInt(next.receipts - last.receipts)
  }
  const fell = Object.entries(changes).find(([, change]) => change < 0n)
  const rose = Object.values(changes).some((change) => change > 0n)
  if (!rose) return 'known'
  if (fell === undefined) return 'newer'
  throw new DatanetError('VOUCHER_STALE', { field: fell[0] })
}
