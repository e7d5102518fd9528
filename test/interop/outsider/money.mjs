// Price and usage of chapter 06, vouchers of chapter 07.
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { concat, hex, LIMITS, refuse, unhex } from './codec.mjs'
import { demandSigner, digest, sign } from './signing.mjs'

/** Tokens of a text; what looks like a control token is text. */
export const tokens = (text) =>
  text === '' ? 0 : countTokens(text, { allowedSpecial: new Set(), disallowedSpecial: new Set() })

/** Counts an answer while it grows: never less than before. */
export function outputCounter() {
  let text = ''
  let count = 0
  return {
    add: (chunk) => {
      text += chunk
      count = Math.max(count, tokens(text))
      return count
    },
    text: () => text,
    count: () => count
  }
}

export const priceOf = (price, usage) =>
  price.callWei +
  price.inputTokenWei * BigInt(usage.inputTokens) +
  price.outputTokenWei * BigInt(usage.outputTokens)

export const royaltyOf = (wei, ppm) => (wei * BigInt(ppm)) / 1_000_000n

const RUNS = ['\\p{L}', '\\p{N}', '\\s', '[^\\p{L}\\p{N}\\s]']
const LONG = new RegExp(RUNS.map((kind) => `${kind}{${LIMITS.tokenizerRun}}`).join('|'), 'u')
export const hasLongRun = (text) => LONG.test(text)

const LENGTH = 168
const uint = (value, length) =>
  unhex(
    BigInt(value)
      .toString(16)
      .padStart(length * 2, '0')
  )
const int = (bytes) => BigInt(`0x${hex(bytes)}`)

export const ZERO_HASH = `0x${'0'.repeat(64)}`

const voucherDigest = (domain, voucher) => digest(domain, 'Voucher', voucher)

function packVoucher(voucher, signature) {
  return concat(
    unhex(voucher.channelId),
    uint(voucher.cumulativeWei, 16),
    uint(voucher.royaltyWei, 16),
    uint(voucher.receipts, 8),
    unhex(voucher.receiptsRoot),
    signature
  )
}

export const signVoucher = (domain, voucher, key) =>
  packVoucher(voucher, sign(key, voucherDigest(domain, voucher)))

export function readVoucher(bytes, domain, signer) {
  if (bytes.length !== LENGTH) refuse('VOUCHER_MALFORMED', `${bytes.length} bytes`)
  const voucher = {
    channelId: `0x${hex(bytes.subarray(0, 32))}`,
    cumulativeWei: int(bytes.subarray(32, 48)),
    royaltyWei: int(bytes.subarray(48, 64)),
    receipts: Number(int(bytes.subarray(64, 72))),
    receiptsRoot: `0x${hex(bytes.subarray(72, 104))}`
  }
  const isRooted = (voucher.receiptsRoot === ZERO_HASH) === (voucher.receipts === 0)
  const isCount = Number.isSafeInteger(voucher.receipts)
  if (voucher.royaltyWei > voucher.cumulativeWei || !isCount || !isRooted) {
    refuse('VOUCHER_MALFORMED', 'its numbers contradict each other')
  }
  demandSigner(voucherDigest(domain, voucher), bytes.subarray(104), signer)
  return voucher
}

/** How a voucher stands against the last one: `newer` or `known`, or refused. */
export function orderOf(last, next) {
  const rises = (of) => (of(next) > of(last) ? 1 : of(next) < of(last) ? -1 : 0)
  const steps = [
    rises((v) => v.cumulativeWei - v.royaltyWei),
    rises((v) => v.royaltyWei),
    rises((v) => v.receipts)
  ]
  const isForked = next.receipts === last.receipts && next.receiptsRoot !== last.receiptsRoot
  if (isForked) refuse('VOUCHER_STALE', 'as many receipts under another root')
  if (!steps.includes(1)) return 'known'
  return steps.includes(-1) ? refuse('VOUCHER_STALE', 'some totals rose, some fell') : 'newer'
}
