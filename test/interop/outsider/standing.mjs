// Chapter 08, standing: what a passage owes to older ones, so that a copy earns nothing.
import { wordsOf } from './sentences.mjs'

const DUPLICATE_PPM = 900_000
const DERIVATIVE_PPM = 300_000
const LEAST_PPM = 450_000
/** A triple that more older passages have is a phrase. */
const PHRASE = 2
/** Of those that have a triple so many count, the oldest. */
const HOLDERS = 64

function triplesOf({ title, text }) {
  const words = wordsOf(`${title}\n${text}`)
  return new Set(words.slice(2).map((word, at) => `${words[at]} ${words[at + 1]} ${word}`))
}

/** Places of passages, older ones first. */
export const byAge = (passages) =>
  [...passages.keys()].sort((a, b) => passages[a].order - passages[b].order)

/** Who earns for what the passage at `place` says; nobody where that one was withdrawn. */
export const earner = (standings, place) =>
  standings[place]?.kind === 'duplicate' ? standings[place].of : place

/** The standing of every passage, at its place; `of` is a place. */
export function standingsOf(passages) {
  const places = new Map(passages.map(({ contribution }, place) => [contribution, place]))
  const holders = new Map()
  const standings = []
  const add = (place, triples, source) => {
    for (const triple of triples) {
      const those = holders.get(triple) ?? []
      if (those.length === HOLDERS) continue
      those.push({ place, isOwn: !those.some((one) => one.place === source) })
      holders.set(triple, those)
    }
  }
  const duplicate = (place) => {
    const of = place === undefined ? undefined : earner(standings, place)
    return { kind: 'duplicate', ...(of === undefined ? {} : { of }) }
  }
  for (const place of byAge(passages)) {
    const { cluster } = passages[place]
    const triples = triplesOf(passages[place])
    const nearest = nearestOf(triples, holders, passages)
    if (cluster !== undefined) standings[place] = duplicate(places.get(cluster))
    else if (nearest.partPpm >= DUPLICATE_PPM) standings[place] = duplicate(nearest.place)
    else if (nearest.partPpm >= DERIVATIVE_PPM) {
      const upstreamPpm = Math.max(LEAST_PPM, nearest.partPpm)
      standings[place] = { kind: 'derivative', of: nearest.place, upstreamPpm }
      add(place, triples, nearest.place)
    } else {
      standings[place] = { kind: 'original' }
      add(place, triples)
    }
  }
  return standings
}

/** The older passage that has most of the triples that are no phrase, and its part in ppm. */
function nearestOf(triples, holders, passages) {
  const counts = new Map()
  let telling = 0
  for (const triple of triples) {
    const those = holders.get(triple) ?? []
    if (those.filter(({ isOwn }) => isOwn).length > PHRASE) continue
    telling += 1
    for (const { place } of those) counts.set(place, (counts.get(place) ?? 0) + 1)
  }
  const [first] = [...counts].sort(
    ([a, most], [b, more]) => more - most || passages[a].order - passages[b].order
  )
  if (first === undefined) return { partPpm: 0 }
  const [place, count] = first
  return { place, partPpm: Math.floor((count * 1_000_000) / telling) }
}
