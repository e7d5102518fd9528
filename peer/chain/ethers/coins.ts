import { DatanetError } from '../../../protocol/base/errors.ts'
import type { Chain } from '../chain.ts'
import type { Rpc } from '../rpc.ts'
import type { Sender } from './sender.ts'
import { inclusionOf } from './values.ts'

/** Gas of a transfer to an account without code. */
const TRANSFER_GAS = 21_000n
/** Base fees rise by an eighth a block: room for one or two of them. */
const ROOM_PERCENT = 130n

/** Sends coins of `sender`'s account. */
export function createCoins(rpc: Rpc, sender: Sender): Chain['sendCoins'] {
  return async function sendCoins(to, amount, options) {
    const call = { to, data: '0x', what: 'sendCoins' }
    if (amount !== 'all') {
      const sent = await sender.send({ ...call, valueWei: amount }, options)
      return { ...inclusionOf(sent), amountWei: amount }
    }
    const held = BigInt(
      (await rpc('eth_getBalance', [sender.account, 'latest'], options)) as string
    )
    // A tip of the whole price: what is paid is known to the last one, and nothing stays behind.
    const priceWei = ((await sender.gasPriceWei(options)) * ROOM_PERCENT) / 100n
    const amountWei = held - priceWei * TRANSFER_GAS
    if (amountWei <= 0n) {
      throw new DatanetError('FUNDS_INSUFFICIENT', { asset: 'gas', heldWei: `${held}` })
    }
    const gas = { limit: TRANSFER_GAS, priceWei }
    const sent = await sender.send({ ...call, valueWei: amountWei, gas }, options)
    return { ...inclusionOf(sent), amountWei }
  }
}
