import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createChannelStore, type Side } from '../../peer/store/channels.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { encodeRecord } from '../../protocol/base/schema.ts'
import { termsSchema } from '../../protocol/channel/terms.ts'
import { encodeVoucher } from '../../protocol/channel/voucher.ts'

const hash = () => `0x${randomBytes(32).toString('hex')}`
const address = () => `0x${randomBytes(20).toString('hex')}`

/** Puts `count` channels of strangers into the store in `dir`, each with a voucher and a receipt. */
export function populate(dir: string, side: Side, count: number): void {
  const db = openDatabase(join(dir, 'peer.db'))
  const store = createChannelStore(db)
  db.transaction(() => {
    for (let i = 0; i < count; i++) {
      const channelId = hash()
      const terms = encodeRecord(termsSchema, {
        payer: address(),
        signer: address(),
        operator: address(),
        receiptSigner: address(),
        auditor: hash(),
        token: address(),
        withdrawDelayS: 86_400,
        salt: hash()
      })
      const peer = `12D3KooW${randomBytes(12).toString('hex')}`
      store.addChannel({ side, channelId, peer, terms, depositWei: 1_000_000n })
      const voucher = {
        channelId,
        cumulativeWei: 1_000n,
        royaltyWei: 300n,
        receipts: 1,
        receiptsRoot: hash(),
        signature: new Uint8Array(randomBytes(64))
      }
      store.setVoucher(side, channelId, encodeVoucher(voucher))
      // Claimed already: the suite's claims are about the channel that is killed.
      store.setChainState(side, channelId, { depositWei: 1_000_000n, claimedWei: 1_000n })
      store.addReceipt({
        side,
        callId: randomBytes(16).toString('hex'),
        channelId,
        seq: 0,
        peer,
        priceWei: 1_000n,
        royaltyPpm: 300_000,
        leaf: new Uint8Array(randomBytes(32)),
        bytes: new Uint8Array(randomBytes(400))
      })
    }
  })
  db.close()
}
