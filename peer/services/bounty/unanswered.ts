import { isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import type { BountiesApi } from '../../api/bounties-api.ts'
import type { AskEvent, ModelsApi, Question, Unanswered } from '../../api/models-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Parts } from '../parts.ts'

/** What publishing an unanswered question needs. */
export interface AloudWorld {
  readonly datanets: Pick<Datanets, 'known' | 'meet'>
  readonly catalogue: Pick<Catalogue, 'resolve'>
  readonly api: Pick<BountiesApi, 'openBounty'>
}

/**
 * `ask`, which publishes what its model abstained from as a bounty where the question says in whose
 * name: that is the asker's consent, and without it nothing is published. What keeps it from being
 * published is told and fails no call. specs/04-datanet.md §Bounty
 */
export function askAloud(
  { wallet, log }: Pick<Parts, 'wallet' | 'log'>,
  ask: ModelsApi['ask'],
  { datanets, catalogue, api }: AloudWorld
): ModelsApi['ask'] {
  async function publish(
    { model, messages, publishAs = '' }: Question,
    provider: string,
    options: CallOptions
  ): Promise<Unanswered> {
    const question = messages.findLast(({ role }) => role === 'user')?.content.trim() ?? ''
    const { card } = catalogue.resolve(model)
    const ids = new Set(card.card.revisions.map(({ datanet }) => datanet.toString()))
    const bounties: string[] = []
    let code: string | undefined
    for (const id of ids) {
      try {
        await datanets.meet(id, provider, options)
        const draft = { datanet: id, account: publishAs, question, abstained: card.cid.toString() }
        bounties.push((await api.openBounty(draft, options)).bounty)
      } catch (error) {
        if (isAbort(error) || !isDatanetError(error)) throw error
        log('bounty', { datanet: id, code: error.code })
        const same = error.details.bounty
        // It is asked already: that one is what to watch.
        if (error.code === 'BOUNTY_DUPLICATE' && typeof same === 'string') bounties.push(same)
        else code ??= error.code
      }
    }
    return { bounties, ...(code === undefined ? {} : { code }) }
  }

  return async function* aloud(question, options = {}): AsyncGenerator<AskEvent> {
    // Refused before it is paid for: in nobody's name nothing can be published.
    if (question.publishAs !== undefined) wallet.account(question.publishAs)
    for await (const event of ask(question, options)) {
      const isOpen = event.type === 'done' && event.receipt.outcome === 'abstained'
      if (!isOpen || question.publishAs === undefined) yield event
      else {
        const { provider } = event.receipt
        yield { ...event, unanswered: await publish(question, provider, options) }
      }
    }
  }
}
