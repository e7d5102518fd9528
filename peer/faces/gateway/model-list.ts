import type { ModelListing } from '../../api/models-api.ts'
import { refusal } from '../../api/problem.ts'

/** A model as the OpenAI API lists it; `x_datanet` holds what a buyer here needs to know. */
export type OpenAiModel = ReturnType<typeof toOpenAiModels>[number]

/** Every listing under its id: the model's name where only one has it, else the card's CID. */
export function toOpenAiModels(listings: readonly ModelListing[]) {
  const uses = new Map<string, number>()
  for (const { model } of listings) uses.set(model.name, (uses.get(model.name) ?? 0) + 1)
  return listings.map(({ model, offers }) => ({
    id: uses.get(model.name) === 1 ? model.name : model.model,
    object: 'model' as const,
    created: Math.floor(model.publishedAtMs / 1000),
    owned_by: model.issuer,
    x_datanet: {
      model: model.model,
      description: model.description,
      engine: model.engine,
      datanets: model.datanets,
      topics: model.topics,
      builder: model.builder,
      evaluation: model.evaluation,
      offers: offers.map((offer) => ({
        offer: offer.offer,
        provider: offer.provider,
        callWei: offer.callWei.toString(),
        inputTokenWei: offer.inputTokenWei.toString(),
        outputTokenWei: offer.outputTokenWei.toString(),
        royaltyPpm: offer.royaltyPpm,
        expiresAtMs: offer.expiresAtMs
      }))
    }
  }))
}

/**
 * The listing that `id` (a name or a card CID) means. Refuses an unknown one with MODEL_UNKNOWN and
 * a name that several models share with INPUT_INVALID.
 */
export function findListing(listings: readonly ModelListing[], id: string): ModelListing {
  const byCid = listings.find(({ model }) => model.model === id)
  if (byCid !== undefined) return byCid
  const [named, another] = listings.filter(({ model }) => model.name === id)
  if (named === undefined) throw refusal('MODEL_UNKNOWN', { model: id, param: 'model' })
  if (another !== undefined) {
    throw refusal(
      'INPUT_INVALID',
      { model: id, param: 'model' },
      { hint: 'several models have this name: use the id that /v1/models lists' }
    )
  }
  return named
}
