import { DatanetError } from '../../../protocol/base/errors.ts'
import {
  encodeReceipt,
  type Receipt,
  type SignedReceipt
} from '../../../protocol/receipt/receipt.ts'
import {
  type ReceiptSigner,
  receiptLeaf,
  type UnsignedReceipt
} from '../../../protocol/receipt/receipt-signature.ts'
import type { ChannelStore } from '../../store/channels.ts'
import type { AtEnd, OnUndo } from '../../store/group-commit.ts'

/** A receipt of the group commit that runs; signed when that ends. */
export interface WrittenReceipt extends UnsignedReceipt {
  readonly signed?: SignedReceipt
}

/** Who is asked for a receipt's royalty, and at which rate. */
interface Of {
  readonly peer: string
  readonly royaltyPpm: number
}

/** Writes this peer's receipts. */
export interface ReceiptWriting {
  /**
   * Writes a receipt that is signed together with the others of this group commit: one signature for all
   * that end at once. Refuses a call that has its receipt there (CALL_CONFLICT).
   */
  add(receipt: Receipt, of: Of, writing: { onUndo: OnUndo; atEnd: AtEnd }): WrittenReceipt
  /** Writes a receipt that is signed alone. Refuses as `add`. */
  addAlone(receipt: Receipt, of: Of): void
}

const NO_CHANNEL = `0x${'0'.repeat(64)}`

interface Member extends WrittenReceipt {
  readonly name: string
  signed?: SignedReceipt
}

/** Receipts over the store, signed by `signer`. specs/08-receipt.md §Groups */
export function createReceiptWriting(
  channelStore: Pick<ChannelStore, 'addReceipt' | 'hasReceipt'>,
  signer: ReceiptSigner
): ReceiptWriting {
  /** Of the group commit that runs, by channel and call. */
  const members = new Map<string, Member>()

  /** Signs what this group commit ends; the first member's end does it for all. */
  function seal(): void {
    if (members.size === 0) return
    const all = [...members.values()]
    members.clear()
    for (const [index, signed] of signer.signAll(all).entries()) {
      ;(all[index] as Member).signed = signed
    }
  }

  function keep(signed: SignedReceipt, leaf: Uint8Array, { peer, royaltyPpm }: Of): void {
    const { receipt } = signed
    const isNew = channelStore.addReceipt({
      side: 'provider',
      callId: idOf(receipt),
      channelId: receipt.channelId,
      seq: receipt.seq,
      peer,
      priceWei: receipt.priceWei,
      royaltyPpm,
      leaf,
      bytes: encodeReceipt(signed)
    })
    if (!isNew) throw conflict(receipt)
  }

  return {
    add(receipt, of, { onUndo, atEnd }) {
      const { channelId } = receipt
      const callId = idOf(receipt)
      const name = `${channelId} ${callId}`
      // Of a channel's calls the reservation has looked already; a free call is looked up here, since
      // what fails at the end fails everybody's.
      const isFree = channelId === NO_CHANNEL
      const isTaken = isFree && channelStore.hasReceipt('provider', channelId, callId)
      if (isTaken || members.has(name)) throw conflict(receipt)
      const member: Member = { name, ...signer.prepare(receipt) }
      members.set(name, member)
      onUndo(() => members.delete(name))
      atEnd(() => {
        seal()
        keep(member.signed as SignedReceipt, member.leaf, of)
      })
      return member
    },
    addAlone(receipt, of) {
      const signed = signer.sign(receipt)
      keep(signed, receiptLeaf(signed.body), of)
    }
  }
}

function idOf({ callId }: Receipt): string {
  return Buffer.from(callId).toString('hex')
}

function conflict({ seq }: Receipt): DatanetError {
  return new DatanetError('CALL_CONFLICT', { seq })
}
