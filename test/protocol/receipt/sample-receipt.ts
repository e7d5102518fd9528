import { cidOf } from '../../../protocol/base/codec.ts'
import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import { escrowDomain } from '../../../protocol/channel/terms.ts'
import { commitmentOf, type Receipt } from '../../../protocol/receipt/receipt.ts'
import { createReceiptSigner } from '../../../protocol/receipt/receipt-signature.ts'

/** One good receipt for tests to bend. */
export const address = (n: number) => `0x${n.toString(16).padStart(40, '0')}`
export const hash = (n: number) => `0x${n.toString(16).padStart(64, '0')}`
export const cid = (n: number) => cidOf(Uint8Array.of(n))
export const separator = domainSeparator(escrowDomain(31_337, address(0xe5c)))
export const receiptSigner = createReceiptSigner(separator, new Uint8Array(32).fill(5))
export const request = { salt: new Uint8Array(16).fill(1), bytes: Buffer.from('what is a CWE?') }
export const answer = { salt: new Uint8Array(16).fill(2), bytes: Buffer.from('a weakness') }

export const sampleReceipt: Receipt = {
  version: 1,
  callId: new Uint8Array(16).fill(3),
  attempt: 0,
  channelId: hash(0xc4a),
  seq: 0,
  provider: '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf',
  model: cid(1),
  offer: cid(2),
  request: commitmentOf(request.salt, request.bytes),
  answer: commitmentOf(answer.salt, answer.bytes),
  usage: { inputTokens: 5, outputTokens: 2 },
  priceWei: 1_000n,
  royaltyWei: 300n,
  outcome: 'answered',
  method: 'coverage/1',
  credits: [
    { contribution: cid(10).toString(), account: address(10), basis: 'retrieved', ppm: 600_000 },
    { contribution: cid(11).toString(), account: address(11), basis: 'retrieved', ppm: 300_000 },
    { basis: 'unattributed', ppm: 100_000 }
  ],
  builder: address(20),
  startedAtMs: 1_000,
  finishedAtMs: 1_250
}
