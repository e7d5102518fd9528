// 07-tower: a provider hands vouchers to a tower; what the tower takes, keeps and refuses.
import { channelId, domain, signedVoucher, termsRecord, ZERO_HASH } from './channel.mjs'
import { stream } from './exchanges.mjs'
import { account, encode, hex, json, text, wei } from './tools.mjs'

const STATE = { depositWei: 10n ** 16n, claimedWei: 5n * 10n ** 14n }
const LEAST_WEI = 10n ** 14n

export function tower() {
  const terms = encode(termsRecord)
  const over = (cumulativeWei, change = {}, signer) =>
    signedVoucher(
      {
        channelId,
        cumulativeWei,
        royaltyWei: cumulativeWei / 10n,
        receipts: 0,
        receiptsRoot: ZERO_HASH,
        ...change
      },
      signer
    ).data
  const [lower, higher] = [over(2n * 10n ** 15n), over(3n * 10n ** 15n)]
  const kept = { keptWei: wei(3n * 10n ** 15n) }
  const least = over(STATE.claimedWei + LEAST_WEI - 1n)
  const ask = (id, voucher, record = terms) => ['ask', id, { terms: record, voucher }]
  const refusal = (id, code, words, requirement, error, details = {}) => [
    'error',
    id,
    { code, text: words, details },
    { requirement, error }
  ]
  return {
    protocol: '/datanet/tower/1',
    domain,
    channelId,
    channel: json({ depositWei: wei(STATE.depositWei), claimedWei: wei(STATE.claimedWei) }),
    leastWei: json(wei(LEAST_WEI)),
    frames: stream([
      ask(1, higher),
      ['end', 1, kept],
      // An old one, late: the answer is the one that is kept.
      ask(2, lower),
      ['end', 2, kept],
      ask(3, higher, encode({ ...termsRecord, withdrawDelayS: 0 })),
      refusal(
        3,
        3,
        'the record does not have the form its type demands',
        'TOWER-R1',
        'RECORD_MALFORMED',
        { field: 'withdrawDelayS' }
      ),
      ask(4, higher, encode({ ...termsRecord, salt: hex(ZERO_HASH) })),
      refusal(
        4,
        61,
        'the channel terms differ from those of the offer',
        'TOWER-R2',
        'TERMS_MISMATCH',
        { field: 'channelId' }
      ),
      ask(5, over(4n * 10n ** 15n, {}, account(12))),
      refusal(
        5,
        7,
        'the signature is not by the key that the record names',
        'TOWER-R3',
        'SIGNATURE_INVALID',
        { struct: 'Voucher' }
      )
    ]),
    /** Vouchers of a channel that the tower does not keep yet, by what the chain says of it. */
    values: [
      ['nobody paid in', higher, { depositWei: 0n, claimedWei: 0n }, 'TOWER-R4'],
      [
        'all was claimed',
        higher,
        { depositWei: STATE.depositWei, claimedWei: 3n * 10n ** 15n },
        'TOWER-R4'
      ],
      ['less than it claims', least, STATE, 'TOWER-R5']
    ].map(([name, voucher, { depositWei, claimedWei }, requirement]) => ({
      name,
      requirement,
      terms: text(terms),
      voucher: text(voucher),
      channel: json({ depositWei: wei(depositWei), claimedWei: wei(claimedWei) }),
      error: requirement === 'TOWER-R4' ? 'DEPOSIT_INSUFFICIENT' : 'TOWER_DECLINED'
    }))
  }
}
