import { read } from './command.ts'

/** Parsed only to keep the defaults of a price in one place. */
export const PRICE_TEXT = { call: '0.01', inputToken: '0', outputToken: '0.0001' } as const

/** What a model is served for unless its provider says otherwise. */
export const DEFAULT_PRICE = {
  callWei: read.amount(PRICE_TEXT.call),
  inputTokenWei: read.amount(PRICE_TEXT.inputToken),
  outputTokenWei: read.amount(PRICE_TEXT.outputToken)
} as const
