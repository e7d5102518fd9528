import { DatanetError } from '../../../protocol/base/errors.ts'
import { ownersAfter, type SignedHandOver } from '../../../protocol/datanet/hand-over.ts'

/**
 * Those of `handOvers` that move credit of `contributors`: of a contributor's account, or of one that
 * it was handed on to. Those of earlier revisions first, in their order.
 */
export function reachable<
  T extends { readonly oldAccount: string; readonly newAccount: string; readonly revision: number }
>(handOvers: readonly T[], contributors: readonly string[]): T[] {
  const accounts = reach(handOvers, contributors)
  const ordered = [
    ...handOvers.filter(({ revision }) => revision > 0).sort((a, b) => a.revision - b.revision),
    ...handOvers.filter(({ revision }) => revision === 0)
  ]
  return ordered.filter(({ oldAccount }) => accounts.has(oldAccount))
}

/**
 * Whom each account of a revision is credited to. Refuses hand-overs that contradict each other
 * (HAND_OVER_REFUSED) and one that moves nothing of the revision (REVISION_INVALID).
 * specs/04-datanet.md §Hand-over
 */
export function verifyHandOvers(
  signed: readonly SignedHandOver[],
  contributors: readonly string[]
): (account: string) => string {
  const handOvers = signed.map(({ handOver }) => handOver)
  const ownerOf = ownersAfter(handOvers)
  const accounts = reach(handOvers, contributors)
  for (const { oldAccount } of handOvers) {
    if (accounts.has(oldAccount)) continue
    const reason = 'a hand-over of an account without contribution'
    throw new DatanetError('REVISION_INVALID', { reason, account: oldAccount })
  }
  return ownerOf
}

/** The contributors' accounts and all that they were handed on to. */
function reach(
  handOvers: readonly { readonly oldAccount: string; readonly newAccount: string }[],
  contributors: readonly string[]
): Set<string> {
  const next = new Map(handOvers.map(({ oldAccount, newAccount }) => [oldAccount, newAccount]))
  const accounts = new Set(contributors)
  // A set that grows while it is walked is walked to its new end.
  for (const account of accounts) {
    const after = next.get(account)
    if (after !== undefined) accounts.add(after)
  }
  return accounts
}
