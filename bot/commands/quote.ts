import type { OfferSummary } from '../../peer/api/models-api.ts'

/** What a question costs, before it is asked. */
export interface Quote {
  /** For an answer of the usual length, and for a very long one. */
  readonly likelyWei: bigint
  readonly mostWei: bigint
  /** What is promised before anything comes. */
  readonly openWei: bigint
}

/** Characters of a token, on the safe side; tokens of a usual answer, and of the longest. */
const CHARACTERS = 3
const USUAL_TOKENS = 200n
const MOST_TOKENS = 2_000n

/** The price of `question` at the cheapest of `offers`; nothing where none stands. */
export function quoteOf(offers: readonly OfferSummary[], question: string): Quote | undefined {
  const tokens = BigInt(Math.ceil(Buffer.byteLength(question) / CHARACTERS))
  const quotes = offers.map((offer) => {
    const { callWei, inputTokenWei, outputTokenWei, openWei, maxChunkWei } = offer
    const baseWei = callWei + inputTokenWei * tokens
    const longWei = baseWei + outputTokenWei * MOST_TOKENS
    return {
      likelyWei: baseWei + outputTokenWei * USUAL_TOKENS,
      mostWei: (longWei > openWei ? longWei : openWei) + maxChunkWei,
      openWei
    }
  })
  return quotes.toSorted((a, b) => (a.mostWei < b.mostWei ? -1 : 1))[0]
}
