import { z } from 'zod'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { decodeRecord, encodeRecord } from '../../../protocol/base/schema.ts'
import { decodeRequest } from '../../../protocol/net/invoke.ts'
import { namedIn } from '../../../protocol/receipt/evidence.ts'
import { createSealer } from '../../wallet/sealer.ts'
import type { Parts } from '../parts.ts'

/** What was asked and answered in a call that this peer made, and what its credits rest on. */
export interface KeptAnswer {
  /** The bytes of the request, with the salts of both commitments. */
  readonly request: Uint8Array
  readonly answer: string
  /** As it came; absent where the provider gave none. */
  readonly evidence?: Uint8Array | undefined
  /** The bytes of the card of the model that answered. */
  readonly card: Uint8Array
  /** What the marks in the answer stand for. */
  readonly titles: readonly { readonly contribution: string; readonly title: string }[]
}

/** Answers of calls that this peer made, sealed under its key. */
export interface KeptAnswers {
  /** Keeps what a call said; belongs inside a group commit. */
  keep(callId: string, said: KeptAnswer): void
  /** Undefined for a call of which only the receipt is left. */
  of(callId: string): KeptAnswer | undefined
  /** Forgets every answer that has something from the contribution: only its receipt stays. */
  forget(contribution: string): void
}

/** The latest calls: enough to look back on, and bounded by about 16 MB. */
const MOST = 1_000

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const saidSchema = z.strictObject({
  request: bytes,
  answer: z.string(),
  evidence: bytes.exactOptional(),
  card: bytes,
  titles: z.array(z.strictObject({ contribution: z.string(), title: z.string() })).readonly()
})

/** Keeping over the store of `parts`. specs/08-receipt.md §Recomputing */
export function createKeptAnswers({
  channelStore,
  wallet
}: Pick<Parts, 'channelStore' | 'wallet'>): KeptAnswers {
  const { answers } = channelStore
  const sealer = createSealer(wallet.peerKey, 'kept-answers')

  function open(callId: string, sealed: Uint8Array): KeptAnswer {
    return decodeRecord(saidSchema, sealer.open(callId, sealed), 2 * LIMITS.frameBytes)
  }

  return {
    keep(callId, { request, answer, evidence, card, titles }) {
      const proof = evidence === undefined ? {} : { evidence }
      const said = { request, answer, ...proof, card, titles }
      const record = encodeRecord(saidSchema, said)
      answers.put(callId, sealer.seal(callId, record), MOST)
    },
    of(callId) {
      const sealed = answers.get(callId)
      return sealed === undefined ? undefined : open(callId, sealed)
    },
    forget(contribution) {
      for (const { callId, sealed } of answers.each()) {
        if (isFrom(contribution, () => open(callId, sealed))) answers.drop(callId)
      }
    }
  }
}

/** What cannot be read any more is not kept either. */
function isFrom(contribution: string, open: () => KeptAnswer): boolean {
  try {
    const { evidence, titles } = open()
    const named = evidence === undefined ? [] : namedIn(evidence)
    return named.includes(contribution) || titles.some((one) => one.contribution === contribution)
  } catch (error) {
    if (isDatanetError(error)) return true
    throw error
  }
}

/** The last thing that the person said, and the salts of a call. Refuses a request that is none. */
export function askedIn({ request }: KeptAnswer) {
  const { messages, requestSalt, answerSalt } = decodeRequest(request)
  const question = messages.findLast(({ role }) => role === 'user')?.content
  if (question === undefined) throw new DatanetError('INPUT_INVALID', { reason: 'no user message' })
  return { question, requestSalt, answerSalt }
}
