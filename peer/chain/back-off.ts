/** How long to wait after failures: the first about `baseMs`, then twice as long each, at most `mostMs`. */
export interface BackOff {
  readonly baseMs: number
  readonly mostMs: number
}

/**
 * Milliseconds to wait after `failures` in a row, between half and all of what they come to: many
 * that failed together do not come back together. `random` gives numbers from 0 up to 1.
 */
export function backOffMs(
  failures: number,
  random: () => number,
  { baseMs, mostMs }: BackOff
): number {
  const wholeMs = Math.min(mostMs, baseMs * 2 ** Math.min(failures - 1, 30))
  return Math.ceil(wholeMs * (0.5 + random() / 2))
}
