// 07-close: a payer asks its provider to end a channel at its last voucher; what the provider refuses.
import { channelId, DOMAIN, domain, signedVoucher, termsRecord, ZERO_HASH } from './channel.mjs'
import { stream } from './exchanges.mjs'
import { RECEIPT_SIGNER } from './model.mjs'
import { encode, fill, hex, json, NOW_MS, OTHER, text, typedDigest, wei } from './tools.mjs'

const CLOSE = 'Close(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 deadline)'
const DEADLINE = NOW_MS / 1_000 + 600
const TOTALS = { cumulativeWei: 3n * 10n ** 15n, royaltyWei: 9n * 10n ** 14n }

export function close() {
  const terms = encode(termsRecord)
  const over = (totals) =>
    signedVoucher({ channelId, ...totals, receipts: 0, receiptsRoot: ZERO_HASH }).data
  const last = over(TOTALS)
  const earlier = over({ cumulativeWei: 2n * 10n ** 15n, royaltyWei: 6n * 10n ** 14n })
  const said = { channelId, ...TOTALS, deadline: DEADLINE }
  const signature = RECEIPT_SIGNER.sign(typedDigest(DOMAIN, CLOSE, said))
  const refusal = (id, code, words, details, requirement, error) => [
    'error',
    id,
    { code, text: words, details },
    { requirement, error }
  ]
  const foreign = encode({ ...termsRecord, receiptSigner: hex(OTHER) })
  const refused = (name, channel, error) => ({
    name,
    requirement: 'CLOSE-R3',
    terms: text(terms),
    voucher: text(last),
    channel,
    error
  })
  return {
    protocol: '/datanet/close/1',
    domain,
    channelId,
    chainMs: NOW_MS,
    depositWei: json(wei(10n ** 16n)),
    /** The provider's receipt signer. */
    secretKey: text(fill(32, 8)),
    frames: stream([
      ['ask', 1, { terms, voucher: last }],
      ['end', 1, { deadline: DEADLINE, signature }],
      // It was given before, and stays what it is.
      ['ask', 2, { terms, voucher: last, send: true }],
      ['end', 2, { deadline: DEADLINE, signature }],
      ['ask', 3, { terms, voucher: earlier }],
      refusal(
        3,
        65,
        'the voucher is below the accepted total',
        { channelId, acceptedWei: `${TOTALS.cumulativeWei}` },
        'CLOSE-R3',
        'VOUCHER_STALE'
      ),
      ['ask', 4, { terms: foreign, voucher: last }],
      refusal(
        4,
        61,
        'the channel terms differ from those of the offer',
        { field: 'receiptSigner' },
        'CLOSE-R2',
        'TERMS_MISMATCH'
      )
    ]),
    /** Channels of which more is to come. */
    unsettled: [
      refused('a call that runs', { calls: 1, uncommitted: 0 }, 'CHANNEL_BUSY'),
      refused('a receipt that is not committed to', { calls: 0, uncommitted: 1 }, 'RECEIPTS_BEHIND')
    ]
  }
}
