import { DatanetError, isAbort } from '../../../protocol/base/errors.ts'
import type { ChannelsApi } from '../../api/money-api.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Budget } from './budget.ts'
import type { Claims } from './claims.ts'
import type { Closing } from './closing.ts'
import type { PayerChannels } from './payer-channels.ts'

/** What the channels of a peer are listed, opened and closed with. */
export interface OwnChannelsWorld {
  readonly closing: Closing
  readonly budget: Pick<Budget, 'state'>
  readonly catalogue: Pick<Catalogue, 'offer'>
  readonly hasChain: boolean
  /** Told after a channel was closed, or was not. */
  readonly onClosed: () => void
}

/** The channels of one peer as its faces see them. */
export function createOwnChannels(
  payerChannels: PayerChannels,
  claims: Claims,
  { closing, budget, catalogue, hasChain, onClosed }: OwnChannelsWorld
): ChannelsApi {
  return {
    async list(options) {
      // A chain that does not answer must not hide what is known.
      if (hasChain) await payerChannels.recover(options).catch(passAbort)
      return claims.list()
    },
    claim: (options) => claims.claim(options),
    budget: async () => budget.state(),
    close: (channelId, options) => closing.close(channelId, options).finally(onClosed),
    async open({ offer, depositWei }, options) {
      const { channelId } = await payerChannels.open(
        catalogue.offer(offer).offer,
        depositWei,
        options
      )
      const opened = claims.list().find((channel) => channel.channelId === channelId)
      if (opened === undefined) throw new DatanetError('CHANNEL_UNKNOWN', { channelId })
      return opened
    }
  }
}

function passAbort(error: unknown): void {
  if (isAbort(error)) throw error
}
