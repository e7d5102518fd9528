import { DatanetError } from '../../../protocol/base/errors.ts'
import type { Citation, ModelListing } from '../../api/models-api.ts'
import type { ChannelSummary, ReceiptSummary } from '../../api/money-api.ts'
import type { Scene } from './role.ts'

/** One question as it was answered, paid for and receipted. */
export interface Answered {
  readonly question: string
  readonly text: string
  readonly citations: readonly Citation[]
  readonly receipt: ReceiptSummary
  /** Providers that failed before one answered, with their codes. */
  readonly retries: ReadonlyArray<{ provider: string; code: string }>
}

/** An agent: it looks for a model by topic and pays for answers. */
export const agentRole = {
  /** Finds models under the topic: cards and offers, all verified. */
  async search({ peer, network, signal }: Scene): Promise<readonly ModelListing[]> {
    return peer.api.models.search({ topic: network.topic, waitMs: 15_000 }, { signal })
  },

  /** Asks the newest model found under the topic and verifies the receipt again from the disk. */
  async ask(scene: Scene, { question }: { question: string }): Promise<Answered> {
    const { peer, signal } = scene
    const known = await peer.api.models.list()
    const found = known.length > 0 ? known : await agentRole.search(scene)
    const [listing] = found.toSorted((a, b) => b.model.publishedAtMs - a.model.publishedAtMs)
    let text = ''
    const retries: Array<{ provider: string; code: string }> = []
    for await (const event of peer.api.models.ask(
      { model: listing?.model.model ?? '', messages: [{ role: 'user', content: question }] },
      { signal }
    )) {
      if (event.type === 'chunk') text += event.text
      if (event.type === 'retrying') {
        retries.push({ provider: event.provider, code: event.code })
        text = ''
      }
      if (event.type !== 'done') continue
      const receipt = await peer.api.receipts.verify(event.receipt.callId)
      return { question, text, citations: event.citations, receipt, retries }
    }
    throw new DatanetError('PEER_GONE', { question: question.slice(0, 80) })
  },

  async channels({ peer }: Scene): Promise<readonly ChannelSummary[]> {
    return peer.api.channels.list()
  }
}
