import { parseCid } from '../base/codec.ts'
import { LIMITS } from '../base/limits.ts'
import { plain } from '../base/plain.ts'
import { weiToBytes } from '../base/units.ts'
import { type Credit, verifyCredits } from './attribution.ts'
import type { Receipt } from './receipt.ts'

/**
 * Receipts in and out of their wire form by hand, once per call on either side. Each function answers
 * for what is plainly in order; undefined means that the schema in receipt.ts is to be asked, which
 * says what is wrong. The two agree (test/protocol/receipt/receipt-wire.test.ts).
 */

/** Without `evidence`, which a receipt may lack. */
const KEYS = 19
const ZERO_HASH = `0x${'0'.repeat(64)}`
const ZERO_ADDRESS = `0x${'0'.repeat(40)}`
const OUTCOMES: ReadonlySet<unknown> = new Set([
  'answered',
  'abstained',
  'cancelled',
  'interrupted'
])
const BASES: ReadonlySet<unknown> = new Set([
  'retrieved',
  'span',
  'trained',
  'revision',
  'unattributed'
])

/** The wire form of a receipt. */
export function receiptToWire(receipt: Receipt): object | undefined {
  if (!isReceipt(receipt)) return undefined
  const credits = receipt.credits.map(creditToWire)
  if (credits.includes(undefined)) return undefined
  return {
    ...receipt,
    channelId: hexBytes(receipt.channelId),
    priceWei: weiToBytes(receipt.priceWei),
    royaltyWei: weiToBytes(receipt.royaltyWei),
    credits,
    builder: hexBytes(receipt.builder)
  }
}

/** The receipt of a wire form. */
export function receiptFromWire(wire: unknown): Receipt | undefined {
  const at = plain.object(wire)
  if (at === undefined) return undefined
  const priceWei = plain.wei(at.priceWei)
  const royaltyWei = plain.wei(at.royaltyWei)
  const channelId = plain.hex(at.channelId, 32)
  const builder = plain.hex(at.builder, 20)
  if (!Array.isArray(at.credits) || at.credits.length > LIMITS.credits) return undefined
  const credits = at.credits.map(creditFromWire)
  if (credits.includes(undefined)) return undefined
  const receipt = { ...at, priceWei, royaltyWei, channelId, builder, credits } as Receipt
  return isReceipt(receipt) ? receipt : undefined
}

/** A signed receipt in its wire form, which is the same in memory. */
export function signedFromWire(
  wire: unknown
): { body: Uint8Array; path?: Uint8Array[]; signature: Uint8Array } | undefined {
  const { body, path, signature, ...more } = plain.object(wire) ?? {}
  if (!(body instanceof Uint8Array) || !plain.isBytes(signature, 64)) return undefined
  if (Object.keys(more).length > 0) return undefined
  if (path === undefined) return { body, signature }
  return isPath(path) ? { body, path, signature } : undefined
}

function isPath(value: unknown): value is Uint8Array[] {
  return (
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= LIMITS.receiptPath &&
    value.every((step) => plain.isBytes(step, 32))
  )
}

/** Everything that the schema demands, of a receipt in memory. */
function isReceipt(receipt: Receipt): boolean {
  const { usage } = receipt
  return (
    Object.keys(receipt).length === KEYS + ('evidence' in receipt ? 1 : 0) &&
    (!('evidence' in receipt) || plain.isBytes(receipt.evidence, 32)) &&
    receipt.version === 1 &&
    plain.isBytes(receipt.callId, 16) &&
    plain.isCount(receipt.attempt) &&
    plain.isHash(receipt.channelId) &&
    plain.isCount(receipt.seq) &&
    plain.isText(receipt.provider, LIMITS.labelBytes) &&
    plain.isCid(receipt.model) &&
    plain.isCid(receipt.offer) &&
    plain.isBytes(receipt.request, 32) &&
    plain.isBytes(receipt.answer, 32) &&
    Object.keys(usage ?? {}).length === 2 &&
    plain.isCount(usage.inputTokens) &&
    plain.isCount(usage.outputTokens) &&
    plain.isWei(receipt.priceWei) &&
    plain.isWei(receipt.royaltyWei) &&
    receipt.royaltyWei <= receipt.priceWei &&
    OUTCOMES.has(receipt.outcome) &&
    plain.isText(receipt.method, LIMITS.labelBytes) &&
    isAccount(receipt.builder) &&
    plain.isCount(receipt.startedAtMs) &&
    plain.isCount(receipt.finishedAtMs) &&
    receipt.finishedAtMs >= receipt.startedAtMs &&
    (receipt.channelId !== ZERO_HASH || (receipt.seq === 0 && receipt.priceWei === 0n)) &&
    Array.isArray(receipt.credits) &&
    areWhole(receipt.credits)
  )
}

function areWhole(credits: readonly Credit[]): boolean {
  try {
    verifyCredits(credits)
    return true
  } catch {
    return false
  }
}

function isAccount(text: unknown): boolean {
  return plain.isAddress(text) && text !== ZERO_ADDRESS
}

function creditToWire(credit: Credit): object | undefined {
  const { contribution, account, basis, ppm } = credit
  let keys = 2
  const wire: Record<string, unknown> = { basis, ppm }
  if (contribution !== undefined) {
    keys += 1
    wire.contribution = linkOf(contribution)
    if (wire.contribution === undefined) return undefined
  }
  if (account !== undefined) {
    keys += 1
    if (!isAccount(account)) return undefined
    wire.account = hexBytes(account)
  }
  return BASES.has(basis) && Object.keys(credit).length === keys ? wire : undefined
}

function creditFromWire(wire: unknown): Credit | undefined {
  const at = plain.object(wire)
  if (at === undefined || !BASES.has(at.basis)) return undefined
  const credit: Record<string, unknown> = { basis: at.basis, ppm: at.ppm }
  let keys = 2
  if ('contribution' in at) {
    keys += 1
    if (!plain.isCid(at.contribution)) return undefined
    credit.contribution = `${at.contribution}`
  }
  if ('account' in at) {
    keys += 1
    credit.account = plain.hex(at.account, 20)
    if (!isAccount(credit.account)) return undefined
  }
  return Object.keys(at).length === keys ? (credit as unknown as Credit) : undefined
}

function linkOf(text: string): unknown {
  try {
    return parseCid(text)
  } catch {
    return undefined
  }
}

function hexBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}
