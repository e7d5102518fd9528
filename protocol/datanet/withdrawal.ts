import type { CID } from 'multiformats/cid'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import type { HandOver } from './hand-over.ts'
import type { SignedManifest } from './manifest.ts'
import type { SignedTombstone } from './tombstone.ts'

/** What decides whether a tombstone counts. */
export interface WithdrawalFacts {
  /** Who contributed it. */
  readonly contributor: string
  /** Of the Datanet, as far as they are known. */
  readonly handOvers: readonly Pick<HandOver, 'oldAccount' | 'newAccount'>[]
  /** The Datanet's verified manifest with this CID. */
  readonly manifest: (cid: CID) => SignedManifest | undefined
}

/**
 * Refuses a tombstone by another than the contributor and those it was handed over to
 * (WITHDRAWAL_REFUSED), and a takedown under a manifest that is not the Datanet's or by fewer of its
 * curators than its threshold (APPROVALS_MISSING). specs/04-datanet.md §Withdrawal
 */
export function authoriseTombstone(
  { tombstone, signers, cid }: SignedTombstone,
  { contributor, handOvers, manifest }: WithdrawalFacts
): void {
  if (tombstone.manifest === undefined) {
    if (isOwner(tombstone.by, contributor, handOvers)) return
    throw new DatanetError('WITHDRAWAL_REFUSED', { tombstone: `${cid}`, by: tombstone.by })
  }
  const deciding = manifest(tombstone.manifest)?.manifest
  const valid = (deciding?.curators ?? []).filter((curator) => signers.has(curator)).length
  if (deciding === undefined || valid < deciding.threshold) {
    const threshold = deciding?.threshold ?? 0
    throw new DatanetError('APPROVALS_MISSING', { tombstone: `${cid}`, valid, threshold })
  }
}

/** Whether `by` is the contributor or any account that it was handed on to. */
function isOwner(
  by: string,
  contributor: string,
  handOvers: WithdrawalFacts['handOvers']
): boolean {
  const next = new Map(handOvers.map(({ oldAccount, newAccount }) => [oldAccount, newAccount]))
  let account: string | undefined = contributor
  for (let steps = 0; account !== undefined && steps <= LIMITS.handOverChain; steps += 1) {
    if (account === by) return true
    account = next.get(account)
  }
  return false
}
