import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { PPM_N } from '../base/units.ts'
import type { Offer } from './offer.ts'

/** What both sides count: tokens of the caller's own request and of the delivered visible answer. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
}

/** The price of `usage` in wei under the offer's price. specs/06-model.md §Price */
export function priceWei(price: Offer['price'], usage: Usage): bigint {
  return (
    price.callWei +
    price.inputTokenWei * BigInt(usage.inputTokens) +
    price.outputTokenWei * BigInt(usage.outputTokens)
  )
}

/** The royalty of one call in wei, rounded down: ⌊priceWei · royaltyPpm / 10⁶⌋. */
export function royaltyWei(callWei: bigint, royaltyPpm: number): bigint {
  return (callWei * BigInt(royaltyPpm)) / PPM_N
}

/** Runs of one kind of character that the tokenizer would take as one word. */
const RUNS = new RegExp(
  ['\\p{L}', '\\p{N}', '\\s', '[^\\s\\p{L}\\p{N}]']
    .map((kind) => `${kind}{${LIMITS.tokenizerRun}}`)
    .join('|'),
  'u'
)

/**
 * Refuses text that cannot be counted in reasonable time (REQUEST_TOO_LARGE): counting one unbroken
 * run takes time by the square of its length, which a stranger could use. specs/06-model.md §Usage
 */
export function refuseUncountable(text: string): void {
  if (!RUNS.test(text)) return
  throw new DatanetError(
    'REQUEST_TOO_LARGE',
    { run: LIMITS.tokenizerRun },
    { hint: `more than ${LIMITS.tokenizerRun} characters without a break` }
  )
}

/** Tokens of `text` by the o200k_base vocabulary; text that looks like a control token is text. */
export function tokensOf(text: string): number {
  if (counted?.text !== text) {
    counted = { text, tokens: countTokens(text, { disallowedSpecial: NONE }) }
  }
  return counted.tokens
}

const NONE = new Set<string>()
/** The last answer: who cuts an answer into pieces asks the price of the piece next. */
let counted: { readonly text: string; readonly tokens: number } | undefined

/** Counts an answer as it grows. */
export interface OutputMeter {
  /** Everything delivered so far. */
  readonly text: string
  /** The count if `chunk` were delivered next. */
  peek(chunk: string): number
  /** Takes `chunk` as delivered and returns the count. */
  push(chunk: string): number
}

/**
 * A meter at zero. It counts the largest number of tokens of any prefix that ended at a chunk, so
 * that the running total never falls although tokens can merge across chunks. specs/06-model.md §Usage
 */
export function createOutputMeter(): OutputMeter {
  let text = ''
  let tokens = 0
  /** The last answer of peek: who asks the price of a chunk pushes it next. */
  let peeked: { readonly chunk: string; readonly tokens: number } | undefined
  const peek = (chunk: string) => {
    if (peeked?.chunk !== chunk) {
      peeked = { chunk, tokens: Math.max(tokens, tokensOf(text + chunk)) }
    }
    return peeked.tokens
  }
  return {
    get text() {
      return text
    },
    peek,
    push(chunk) {
      tokens = peek(chunk)
      text += chunk
      peeked = undefined
      return tokens
    }
  }
}
