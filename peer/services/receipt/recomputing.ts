import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import {
  type Credit,
  type Evidence,
  sharesOf,
  UNATTRIBUTED
} from '../../../protocol/receipt/attribution.ts'
import { decodeEvidence } from '../../../protocol/receipt/evidence.ts'
import { commitmentOf, type Receipt } from '../../../protocol/receipt/receipt.ts'
import type { ReceiptCheck } from '../../api/money-api.ts'
import { ATTRIBUTION_METHOD, type AttributionGround } from '../../engines/attribution/ground.ts'
import { askedIn, type KeptAnswer } from './kept-answers.ts'

/** The texts of the revision that a model was built from, as they are here. */
export interface Texts {
  readonly ground: AttributionGround
  /** The account of each contribution, after hand-overs. */
  readonly owners: ReadonlyMap<string, string>
}

/**
 * Recomputes what a receipt says of the answer, from the answer and the revision alone, and says of
 * everything whether it holds or why that cannot be told. Refuses commitments of another question or
 * answer (RECEIPT_INVALID), evidence that is not that which was signed or not that of these texts
 * (EVIDENCE_DIFFERS), evidence without a contribution that supports the answer (PASSAGE_OMITTED), and
 * credits that the evidence does not give (CREDITS_DIFFER). specs/08-receipt.md §Recomputing
 */
export async function recompute(
  receipt: Receipt,
  said: KeptAnswer | undefined,
  textsOf: () => Promise<Texts | ReceiptCheck['reason']>
): Promise<readonly ReceiptCheck[]> {
  if (said === undefined) {
    const reason = 'ANSWER_NOT_KEPT' as const
    return [unknown('answer', reason), unknown('credits', reason), unknown('texts', reason)]
  }
  const salt = askedIn(said)
  const answer = new TextEncoder().encode(said.answer)
  demand('request', receipt.request, commitmentOf(salt.requestSalt, said.request))
  demand('answer', receipt.answer, commitmentOf(salt.answerSalt, answer))
  const checks = [holds('answer')]
  const evidence = evidenceOf(receipt, said.evidence, salt.answerSalt)
  if (evidence === undefined) {
    refuseOtherCredits(receipt.credits, UNATTRIBUTED)
    return [...checks, holds('credits'), unknown('texts', 'NOTHING_MEASURED')]
  }
  refuseOtherCredits(receipt.credits, sharesOf(evidence))
  checks.push(holds('credits'))
  if (receipt.method !== ATTRIBUTION_METHOD) {
    return [...checks, unknown('texts', 'METHOD_UNKNOWN')]
  }
  const texts = await textsOf()
  if (texts === undefined || typeof texts === 'string') return [...checks, unknown('texts', texts)]
  const { ground, owners } = texts
  const here = ground.passages.length
  // Rarity is counted over all texts: with some gone nobody comes to the same numbers.
  if (here < evidence.compared) return [...checks, unknown('texts', 'TEXTS_WITHDRAWN')]
  const due = ground.attribute(said.answer)
  refuseOmission(evidence, due)
  // What the provider knew to be withdrawn this peer may learn later.
  if (here > evidence.compared) return [...checks, unknown('texts', 'TEXTS_WITHDRAWN')]
  refuseOtherEvidence(evidence, due)
  for (const { contribution, account } of receipt.credits) {
    if (contribution === undefined || account === owners.get(contribution)) continue
    throw new DatanetError('CREDITS_DIFFER', { contribution, account })
  }
  return [...checks, holds('texts')]
}

/** The evidence that the receipt commits to; undefined where it commits to none. */
function evidenceOf(
  { evidence: commitment }: Receipt,
  bytes: Uint8Array | undefined,
  salt: Uint8Array
): Evidence | undefined {
  if (commitment === undefined) return undefined
  if (bytes === undefined || !isEqual(commitment, commitmentOf(salt, bytes))) {
    const reason = bytes === undefined ? 'none came' : 'not what the receipt commits to'
    throw new DatanetError('EVIDENCE_DIFFERS', { reason })
  }
  try {
    const evidence = decodeEvidence(bytes)
    sharesOf(evidence)
    return evidence
  } catch (cause) {
    if (!isDatanetError(cause)) throw cause
    throw new DatanetError('EVIDENCE_DIFFERS', { reason: 'malformed' }, { cause })
  }
}

function refuseOtherCredits(stated: readonly Credit[], due: ReturnType<typeof sharesOf>): void {
  const lineOf = ({ contribution, basis, ppm }: Pick<Credit, 'contribution' | 'basis' | 'ppm'>) =>
    `${basis} ${contribution ?? ''} ${ppm}`
  const lines = stated.map(lineOf)
  const other = due.map(lineOf).find((line, place) => line !== lines[place])
  if (other === undefined && due.length === stated.length) return
  throw new DatanetError('CREDITS_DIFFER', { due: other ?? 'nothing more' })
}

function refuseOmission(stated: Evidence, due: Evidence): void {
  const named = new Set(stated.passages.map(({ contribution }) => contribution))
  const omitted = due.passages.find(({ contribution }) => !named.has(contribution))
  if (omitted !== undefined) {
    throw new DatanetError('PASSAGE_OMITTED', { contribution: omitted.contribution })
  }
}

/** Refuses evidence that is not what the texts give. */
function refuseOtherEvidence(stated: Evidence, due: Evidence): void {
  for (const part of ['compared', 'passages', 'spans', 'sentences'] as const) {
    if (JSON.stringify(plain(stated[part])) === JSON.stringify(plain(due[part]))) continue
    throw new DatanetError('EVIDENCE_DIFFERS', { part })
  }
}

/** Keys in one order, whoever made the value. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, one]) => [key, plain(one)] as const)
  return entries.sort(([a], [b]) => (a < b ? -1 : 1))
}

function demand(field: string, stated: Uint8Array, due: Uint8Array): void {
  if (!isEqual(stated, due)) throw new DatanetError('RECEIPT_INVALID', { field })
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function holds(what: ReceiptCheck['what']): ReceiptCheck {
  return { what, holds: true }
}

function unknown(what: ReceiptCheck['what'], reason: ReceiptCheck['reason']): ReceiptCheck {
  return { what, holds: false, ...(reason === undefined ? {} : { reason }) }
}
