import { SUPPORT_THRESHOLD_PPM } from '../../../protocol/receipt/attribution.ts'
import { rarityOf } from './rarity.ts'
import { termsOf } from './terms.ts'

/** Tenths of its overlap that a passage gets which has the words, but not in these words' order. */
const NOT_VERBATIM = 8

/** Passages by their terms, as search keeps them. */
export interface OverlapGround {
  readonly passages: { readonly length: number }
  /** The id of a term, or -1 when no passage holds it. */
  idOf(term: string): number
  /** How many passages hold the term. */
  df(id: number): number
  holders(id: number): Uint32Array
  /** Term ids of all passages, unit after unit: a title, then its sentences. */
  readonly tokens: Uint32Array
  unitsOf(passage: number): readonly { readonly start: number; readonly end: number }[]
}

/**
 * The passages that have enough of a sentence's information, with how much in ppm: its terms and its
 * neighbouring pairs of terms, each counted by rarity. Word order makes a quotation stand out from a
 * paraphrase, and a paraphrase from talk about the same subject. All passages are looked at.
 * specs/08-receipt.md §Overlap
 */
export function overlapping(
  sentence: string,
  ground: OverlapGround
): readonly { readonly passage: number; readonly simPpm: number }[] {
  const ids = termsOf(sentence).map((term) => ground.idOf(term))
  const rarities = ids.map((id) => rarityOf(ground.df(id), ground.passages.length))
  const pairs = new Map<number, number>()
  let all = 0
  for (const [index, rarity] of rarities.entries()) {
    all += rarity
    const next = rarities[index + 1]
    if (next === undefined) continue
    all += rarity + next
    const pair = pairOf(ids[index] as number, ids[index + 1] as number)
    pairs.set(pair, (pairs.get(pair) ?? 0) + rarity + next)
  }
  if (all === 0) return []
  const shared = new Map<number, number>()
  for (const [index, id] of ids.entries()) {
    for (const passage of ground.holders(id)) {
      shared.set(passage, (shared.get(passage) ?? 0) + (rarities[index] as number))
    }
  }
  const enough = (sum: number): number =>
    Math.floor((Math.floor((sum * 1_000_000) / all) * NOT_VERBATIM) / 10)
  const found: { passage: number; simPpm: number }[] = []
  for (const [passage, terms] of shared) {
    // A term stands in two pairs at most: what cannot reach the threshold is not read.
    if (enough(3 * terms) < SUPPORT_THRESHOLD_PPM) continue
    const simPpm = enough(terms + pairsIn(passage, pairs, ground))
    if (simPpm >= SUPPORT_THRESHOLD_PPM) found.push({ passage, simPpm })
  }
  return found
}

function pairsIn(
  passage: number,
  pairs: ReadonlyMap<number, number>,
  { tokens, unitsOf }: OverlapGround
): number {
  const seen = new Set<number>()
  let sum = 0
  for (const { start, end } of unitsOf(passage)) {
    for (let at = start; at + 1 < end; at++) {
      const pair = pairOf(tokens[at] as number, tokens[at + 1] as number)
      const worth = pairs.get(pair)
      if (worth === undefined || seen.has(pair)) continue
      seen.add(pair)
      sum += worth
    }
  }
  return sum
}

/** One number for two ids; no passage has the pair of a term that none holds. */
function pairOf(one: number, other: number): number {
  return one < 0 || other < 0 ? -1 : one * 67_108_864 + other
}
