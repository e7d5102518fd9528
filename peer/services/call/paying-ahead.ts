/** A way shorter than this is not worth risking money for. */
const FAR_MS = 30
/** A busy machine is slow now and then; a far provider always is. */
const OBSERVATIONS = 8

/** How far away the provider of one channel is, by how long answers stood still for a voucher. */
export interface Distance {
  /** An answer stood still for `waitedMs` from the demand for a voucher to the chunk it paid for. */
  observe(waitedMs: number): void
  /** Whether each of several such waits was long: then a payer does better to pay ahead. */
  readonly isFar: boolean
}

/** A distance of which nothing is known yet: not far. */
export function createDistance(): Distance {
  let observations = 0
  let leastMs = Number.POSITIVE_INFINITY
  return {
    observe(waitedMs) {
      observations += 1
      leastMs = Math.min(leastMs, waitedMs)
    },
    get isFar() {
      return observations >= OBSERVATIONS && leastMs >= FAR_MS
    }
  }
}

/**
 * What to cover a call up to before the provider asks, or undefined while enough of it is covered:
 * at most what the opening voucher risked ahead of what was received, and within the call's limit.
 * specs/07-channel.md §Call
 */
export function coverAhead(
  call: { readonly costWei: bigint; readonly coveredWei: bigint; readonly maxWei: bigint },
  offer: { readonly openWei: bigint; readonly maxChunkWei: bigint }
): bigint | undefined {
  if (call.coveredWei - call.costWei >= offer.maxChunkWei / 2n) return undefined
  const aheadWei = call.costWei + offer.openWei + offer.maxChunkWei
  const uptoWei = aheadWei < call.maxWei ? aheadWei : call.maxWei
  return uptoWei > call.coveredWei ? uptoWei : undefined
}
