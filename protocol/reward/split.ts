import { DatanetError } from '../base/errors.ts'
import { PPM_N } from '../base/units.ts'
import type { CurationShare } from '../datanet/curation.ts'
import type { RoyaltyPolicy } from '../datanet/royalty-policy.ts'
import type { Receipt } from '../receipt/receipt.ts'

/**
 * Who shares the royalty of a receipt, besides its credit lines and its builder: looked up from what
 * the receipt names. specs/09-reward.md §Split
 */
export interface RoyaltyParties {
  /** The policy of the receipt's offer. */
  readonly policy: RoyaltyPolicy
  /** Curators of the card's Datanets, at most 32; they share equally. */
  readonly curators: readonly string[]
  /** For each of the card's Datanets, at most 32, who shares by reviews; in place of `curators`. */
  readonly curation?: readonly (readonly CurationShare[])[]
  /** Treasuries of the card's Datanets, at most 32; they share equally. */
  readonly treasuries: readonly string[]
}

/** Amounts by account (lowercase 0x) in units of 1/UNITS_PER_WEI wei, so that no share is rounded. */
export type Shares = ReadonlyMap<string, bigint>

/** Who holds what belongs to nobody: no one can claim as the zero account. */
export const UNASSIGNED = `0x${'0'.repeat(40)}`

/** The most curators or treasuries that share one receipt. */
const MAX_SHARERS = 32

/** lcm(1…32): whatever the number of sharers, an equal share of it is an integer. */
const EQUAL_SHARES = 144_403_552_893_600n

/** One wei in the units of Shares: two factors of ppm, and a division by up to 32. */
export const UNITS_PER_WEI = 1_000_000_000_000n * EQUAL_SHARES

/**
 * The shares of one receipt's royalty; they sum to royaltyWei · UNITS_PER_WEI. The contributors' part
 * goes by credit lines; what no account is named for goes to the treasuries with their own part, never
 * to operator or builder. Curators' part without curators goes to the treasuries too; what would
 * go to treasuries without any is unassigned. Refuses more than 32 sharers (INPUT_INVALID).
 */
export function splitRoyalty(
  receipt: Pick<Receipt, 'royaltyWei' | 'credits' | 'builder'>,
  { policy, curators, curation: shared, treasuries }: RoyaltyParties
): Shares {
  const shares = new Map<string, bigint>()
  const part = (ppm: number, ofPpm: number) =>
    receipt.royaltyWei * BigInt(ppm) * BigInt(ofPpm) * EQUAL_SHARES
  let treasury = part(policy.treasuryPpm, 1_000_000)
  for (const { account, ppm } of receipt.credits) {
    const share = part(policy.contributorsPpm, ppm)
    if (account === undefined) treasury += share
    else add(shares, account, share)
  }
  add(shares, receipt.builder, part(policy.builderPpm, 1_000_000))
  const curation = part(policy.curatorsPpm, 1_000_000)
  if (shared !== undefined) addByReviews(shares, shared, curation)
  else if (curators.length === 0) treasury += curation
  else addEqually(shares, curators, curation)
  addEqually(shares, treasuries, treasury)
  return shares
}

/** The shares of a royalty that only treasuries may have, for the lack of anyone who agreed to more. */
export function splitToTreasuries(royaltyWei: bigint, treasuries: readonly string[]): Shares {
  const shares = new Map<string, bigint>()
  addEqually(shares, treasuries, royaltyWei * UNITS_PER_WEI)
  return shares
}

/** Every Datanet has an equal part, of which each of its curators has theirs. */
function addByReviews(
  shares: Map<string, bigint>,
  datanets: readonly (readonly CurationShare[])[],
  units: bigint
): void {
  if (datanets.length > MAX_SHARERS) {
    throw new DatanetError('INPUT_INVALID', { sharers: datanets.length })
  }
  for (const { account, ppm } of datanets.flat()) {
    add(shares, account, ((units / PPM_N) * BigInt(ppm)) / BigInt(datanets.length))
  }
}

function addEqually(shares: Map<string, bigint>, accounts: readonly string[], units: bigint): void {
  if (accounts.length > MAX_SHARERS) {
    throw new DatanetError('INPUT_INVALID', { sharers: accounts.length })
  }
  if (accounts.length === 0) add(shares, UNASSIGNED, units)
  for (const account of accounts) add(shares, account, units / BigInt(accounts.length))
}

function add(shares: Map<string, bigint>, account: string, units: bigint): void {
  if (units > 0n) shares.set(account, (shares.get(account) ?? 0n) + units)
}
