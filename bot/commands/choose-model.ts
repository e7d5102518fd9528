import type { ModelListing, ModelSummary } from '../../peer/api/models-api.ts'
import { refusal } from '../../peer/api/problem.ts'

/** Discord's bound on what is offered, and on each of them. */
const CHOICES = 25
const CHARACTERS = 100

/**
 * The model that `wanted` means, an id or a name; without it the newest that is offered. Refuses what
 * is not there (MODEL_UNKNOWN, DISCOVERY_EMPTY when there is none at all).
 */
export function chooseModel(
  listings: readonly ModelListing[],
  wanted: string | undefined
): ModelSummary {
  if (listings.length === 0) throw refusal('DISCOVERY_EMPTY', {})
  const offered = listings.filter(({ offers }) => offers.length > 0)
  const models = (offered.length > 0 ? offered : listings).map(({ model }) => model)
  const [newest] = models.toSorted((a, b) => b.publishedAtMs - a.publishedAtMs)
  if (wanted === undefined) return newest as ModelSummary
  const all = listings.map(({ model }) => model)
  const found =
    all.find(({ model }) => model === wanted) ??
    models.find(({ name }) => name.toLowerCase() === wanted.toLowerCase()) ??
    all.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())
  if (found === undefined) throw refusal('MODEL_UNKNOWN', { model: wanted })
  return found
}

/** What is offered while a model is typed: those that are served first. */
export function modelChoices(
  listings: readonly ModelListing[],
  typed: string
): { readonly name: string; readonly value: string }[] {
  const part = typed.toLowerCase()
  return listings
    .filter(({ model }) => `${model.name} ${model.description}`.toLowerCase().includes(part))
    .toSorted((a, b) => Number(b.offers.length > 0) - Number(a.offers.length > 0))
    .slice(0, CHOICES)
    .map(({ model }) => ({
      name: `${model.name} — ${model.description}`.slice(0, CHARACTERS),
      value: model.model.slice(0, CHARACTERS)
    }))
}
