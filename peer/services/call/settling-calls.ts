import type { z } from 'zod'
import type { invokeEndSchema } from '../../../protocol/net/invoke.ts'
import {
  decodeReceipt,
  encodeReceipt,
  type SignedReceipt
} from '../../../protocol/receipt/receipt.ts'
import { receiptLeaf } from '../../../protocol/receipt/receipt-signature.ts'
import { verifyForgottenReceipt, verifyReceipt } from '../../../protocol/receipt/verify-receipt.ts'
import type { Committing } from '../channel/committing.ts'
import { createSeparators } from '../channel/separators.ts'
import type { Parts } from '../parts.ts'
import type { Equivocations } from '../receipt/equivocations.ts'
import { createKeptAnswers } from '../receipt/kept-answers.ts'
import type { AskedCall } from './asked-call.ts'

const NO_CHANNEL = `0x${'0'.repeat(64)}`

/** Checks and keeps the receipt of what was delivered, and commits to it when nothing else runs. */
export type SettleCall = (
  call: AskedCall,
  end: z.output<typeof invokeEndSchema>
) => Promise<SignedReceipt>

/** Settling of this peer's own calls; refuses as verifyReceipt does. specs/07-channel.md §Settling */
export function createSettlingCalls(
  parts: Pick<Parts, 'channelStore' | 'wallet'>,
  evidence: Pick<Equivocations, 'compare'>,
  committing: Pick<Committing, 'after'>
): SettleCall {
  const { channelStore } = parts
  const separatorOf = createSeparators()
  const answers = createKeptAnswers(parts)

  /** So that its credits can be looked through later. */
  function keep(call: AskedCall, { evidence, citations }: z.output<typeof invokeEndSchema>): void {
    answers.keep(call.id, {
      request: call.requestBytes,
      answer: call.meter.text,
      evidence,
      card: call.known.card.bytes,
      titles: citations.map(({ contribution, title }) => ({ contribution, title }))
    })
  }

  return async (call, end) => {
    const { receipt: bytes, isForgotten } = end
    const { offer, cid } = call.signed
    const receipt = decodeReceipt(bytes)
    if (isTaken(call, receipt.receipt.seq)) {
      evidence.compare(receipt, offer, separatorOf(offer.payment))
    }
    const answer = new TextEncoder().encode(call.meter.text)
    const expected = {
      domainSeparator: separatorOf(offer.payment),
      receiptSigner: offer.payment.receiptSigner,
      callId: call.callId,
      attempt: call.attempt,
      channelId: call.channel?.channelId ?? NO_CHANNEL,
      provider: offer.provider,
      model: call.known.card.cid,
      offer: cid,
      builder: call.known.card.card.builder,
      request: { salt: call.request.requestSalt, bytes: call.requestBytes },
      royaltyPpm: offer.policy.royaltyPpm
    }
    const { inputTokens, outputTokens, coveredWei, costWei } = call
    if (isForgotten === true && receipt.receipt.usage.outputTokens !== outputTokens) {
      verifyForgottenReceipt(receipt, { ...expected, inputTokens, coveredWei })
    } else {
      verifyReceipt(receipt, {
        ...expected,
        answer: { salt: call.request.answerSalt, bytes: answer },
        usage: { inputTokens, outputTokens },
        priceWei: costWei
      })
    }
    if (call.channel === undefined) {
      await channelStore.together(() => {
        keep(call, end)
        channelStore.addReceipt({
          side: 'payer',
          callId: call.id,
          channelId: NO_CHANNEL,
          seq: 0,
          peer: offer.provider,
          priceWei: 0n,
          royaltyPpm: 0,
          leaf: receiptLeaf(receipt.body),
          bytes: encodeReceipt(receipt)
        })
      })
    } else {
      // In one commit with the receipt, since both are asked for in one turn.
      const kept = channelStore.together(() => keep(call, end))
      kept.catch(() => {})
      await call.channel.settle(call.id, receipt, offer.policy.royaltyPpm)
      await kept
      await committing.after(call.channel)
    }
    return receipt
  }
}

/** Whether a receipt for this place of the call's channel was verified before: only then is it on disk. */
function isTaken({ channel }: AskedCall, seq: number): boolean {
  if (channel === undefined) return false
  const { voucher, pending } = channel.ledger
  return seq < voucher.receipts || pending.has(seq)
}
