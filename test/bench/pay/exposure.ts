import type { ProviderChannel, ProviderChannels } from '../../../peer/services/provider-channels.ts'
import type { ChannelStore } from '../../../peer/store/channels.ts'
import { decodeVoucher } from '../../../protocol/channel/voucher.ts'

/** What was delivered beyond the vouchers on the disk, over all samples so far. */
export interface Exposure {
  readonly samples: number
  readonly overWei: bigint
}

/**
 * Watches from outside whether anything is delivered beyond what is durable: which vouchers are, it
 * learns from the store's own promises. It samples at every delivery and every millisecond between.
 */
export function createExposureWatch(store: ChannelStore) {
  const durable = new Map<string, bigint>()
  const channels = new Map<string, ProviderChannel>()
  let noting: Array<[string, bigint]> = []
  let samples = 0
  let overWei = 0n

  function sample({ channelId, ledger }: ProviderChannel): void {
    samples += 1
    const beyondWei = ledger.spentWei - (durable.get(channelId) ?? 0n)
    if (beyondWei > overWei) overWei = beyondWei
  }
  const timer = setInterval(() => {
    for (const channel of channels.values()) sample(channel)
  }, 1)
  timer.unref()

  const watched: ChannelStore = {
    ...store,
    setVoucher(side, channelId, bytes, bearer) {
      store.setVoucher(side, channelId, bytes, bearer)
      noting.push([channelId, decodeVoucher(bytes).cumulativeWei])
    },
    async together(write) {
      let notes: typeof noting = []
      const result = await store.together((onUndo) => {
        noting = []
        const value = write(onUndo)
        notes = noting
        return value
      })
      for (const [channelId, wei] of notes) {
        if (wei > (durable.get(channelId) ?? 0n)) durable.set(channelId, wei)
      }
      return result
    }
  }

  return {
    store: watched,
    read: (): Exposure => ({ samples, overWei }),
    watch: (inner: ProviderChannels): ProviderChannels => ({
      ...inner,
      async open(terms, payment, peer) {
        const channel = await inner.open(terms, payment, peer)
        channels.set(channel.channelId, channel)
        return Object.create(channel, {
          deliver: {
            value(...chunk: Parameters<typeof channel.deliver>) {
              const written = channel.deliver(...chunk)
              sample(channel)
              return written
            }
          }
        })
      }
    })
  }
}
