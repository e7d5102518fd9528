import type {
  ProviderChannel,
  ProviderChannels
} from '../../../peer/services/channel/provider-channels.ts'
import type { ChannelStore } from '../../../peer/store/channels.ts'
import { decodeVoucher } from '../../../protocol/channel/voucher.ts'

/** What had left beyond the vouchers on the disk, over all samples so far. */
export interface Exposure {
  readonly samples: number
  readonly overWei: bigint
}

/** One channel as it is seen from outside, in wei so far. */
interface Seen {
  durableWei: bigint
  leftWei: bigint
}

/**
 * Watches from outside whether anything leaves beyond what is durable: which vouchers are, it learns
 * from the store's own promises, and what leaves, from the answering's permission to send it. It
 * samples whenever a chunk may leave and every millisecond between.
 */
export function createExposureWatch(store: ChannelStore) {
  const seen = new Map<string, Seen>()
  let noting: Array<[string, bigint]> = []
  let samples = 0
  let overWei = 0n

  function of(channelId: string): Seen {
    const known = seen.get(channelId) ?? { durableWei: 0n, leftWei: 0n }
    seen.set(channelId, known)
    return known
  }
  function sample({ leftWei, durableWei }: Seen): void {
    samples += 1
    if (leftWei - durableWei > overWei) overWei = leftWei - durableWei
  }
  const timer = setInterval(() => {
    for (const channel of seen.values()) sample(channel)
  }, 1)
  timer.unref()

  const watched: ChannelStore = {
    ...store,
    setVoucher(side, channelId, bytes, bearer) {
      store.setVoucher(side, channelId, bytes, bearer)
      noting.push([channelId, decodeVoucher(bytes).cumulativeWei])
    },
    async together(write, onStaged) {
      let notes: typeof noting = []
      const result = await store.together((onUndo, atEnd) => {
        noting = []
        const value = write(onUndo, atEnd)
        notes = noting
        return value
      }, onStaged)
      for (const [channelId, wei] of notes) {
        const channel = of(channelId)
        if (wei > channel.durableWei) channel.durableWei = wei
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
        const known = of(channel.channelId)
        const change = (byWei: bigint) => {
          known.leftWei += byWei
          sample(known)
        }
        return Object.create(channel, {
          deliver: {
            async value(...chunk: Parameters<typeof channel.deliver>) {
              const ended = await channel.deliver(...chunk)
              change(chunk[1])
              return ended
            }
          },
          takeBack: {
            value(...chunk: Parameters<typeof channel.takeBack>) {
              channel.takeBack(...chunk)
              change(-chunk[1])
            }
          }
        }) as ProviderChannel
      }
    })
  }
}
