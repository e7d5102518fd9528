/** When vouchers are claimed, and how long a claim may take; each with its reason. */
export const CLAIMS = {
  /** A claim brings at least so many times what its gas costs, where the two can be compared. */
  gasTimes: 100n,
  /** What waits longer is claimed however little it is, dust apart. */
  ageMs: 21_600_000,
  /** Less than this part of the threshold is dust: its row costs more than it brings. */
  dustShare: 10_000n,
  /** A peer that stops claims what is worth this part of the threshold. */
  stopShare: 10n,
  /** How long a stopping peer takes for that: it must be gone within five seconds. */
  stopMs: 1_500,
  /** Rows of one transaction: far below the gas that one may use. */
  rows: 200,
  /** Gas of a claim beside its rows, and of one row: measured, rounded up. */
  baseGas: 60_000n,
  rowGas: 20_000n,
  /** Between looks through all vouchers; a withdrawal that was seen does not wait for it. */
  roundMs: 15_000,
  /** A transaction that no block took is signed anew for more gas money. */
  raiseMs: 180_000,
  /** Rounds that fail are tried again soon, and never seldom. */
  backOff: { baseMs: 500, mostMs: 30_000 }
} as const

/** What is claimed at once unless configured: one token of 18 places. */
export const CLAIM_AT_WEI = 10n ** 18n
