// Chapter 08, overlap: what passages have of an answer, as the evidence that anyone comes to.
import { saidIn, sentencesOf, wordsOf } from './sentences.mjs'
import { runsIn } from './spans.mjs'
import { byAge, earner, standingsOf } from './standing.mjs'
import { rarityOf, termsOf } from './terms.mjs'

const THRESHOLD_PPM = 500_000
const SUPPORTS = 8

const pairsOf = (terms) => terms.slice(1).map((term, at) => [terms[at], term])

/** Passages made ready: {contribution, title, text, order, cluster?} each. */
export function ground(passages) {
  const units = passages.map(({ title, text }) => {
    const lists = [title, ...sentencesOf(text)].map(termsOf)
    const pairs = new Set(lists.flatMap(pairsOf).map((pair) => pair.join(' ')))
    return { terms: new Set(lists.flat()), pairs }
  })
  const dfs = new Map()
  for (const { terms } of units) for (const term of terms) dfs.set(term, (dfs.get(term) ?? 0) + 1)
  const known = new Map()
  const rarity = (term) => {
    const df = dfs.get(term) ?? 0
    if (!known.has(df)) known.set(df, rarityOf({ df, passages: passages.length }))
    return known.get(df)
  }
  const standings = standingsOf(passages)
  return { passages, units, rarity, standings, runs: runsIn(passages) }
}

/** How much of a sentence each passage has, by terms and pairs, in ppm. */
function overlapsWith(sentence, { units, rarity }) {
  const terms = termsOf(sentence)
  const parts = [
    ...terms.map((term) => ({ worth: rarity(term), isIn: (unit) => unit.terms.has(term) })),
    ...pairsOf(terms).map(([a, b]) => {
      return { worth: rarity(a) + rarity(b), isIn: (unit) => unit.pairs.has(`${a} ${b}`) }
    })
  ]
  const sum = (some) => some.reduce((total, { worth }) => total + worth, 0)
  const all = sum(parts)
  return units.map((unit) => {
    const shared = sum(parts.filter(({ isIn }) => isIn(unit)))
    const ppm = all === 0 ? 0 : Math.floor((shared * 1_000_000) / all)
    return Math.floor((ppm * 8) / 10)
  })
}

/** What was measured of an answer. */
export function evidenceOf(answer, ready) {
  const { passages, standings, runs } = ready
  const ages = new Map(byAge(passages).map((place, age) => [place, age]))
  const older = (a, b) => ages.get(a) - ages.get(b)
  const sentences = saidIn(answer)
  const spans = runs.trace(sentences.flatMap(wordsOf)).flatMap(({ holders, ...span }) => {
    const place = earner(standings, [...holders].sort(older)[0])
    return place === undefined ? [] : [{ ...span, place }]
  })

  function supportsOf(sentence) {
    const quoting = runs.holdersOf(wordsOf(sentence))
    const best = new Map()
    for (const [place, overlapPpm] of overlapsWith(sentence, ready).entries()) {
      const simPpm = quoting.has(place) ? 1_000_000 : overlapPpm
      const first = earner(standings, place)
      if (simPpm < THRESHOLD_PPM || first === undefined) continue
      best.set(first, Math.max(simPpm, best.get(first) ?? 0))
    }
    return [...best]
      .sort(([a, simA], [b, simB]) => simB - simA || older(a, b))
      .slice(0, SUPPORTS)
      .map(([place, simPpm]) => ({ place, simPpm }))
  }

  const told = new Set(
    spans.flatMap(({ from, words }) => Array.from({ length: words }, (_, i) => from + i))
  )
  let end = 0
  const measured = sentences.map((sentence) => {
    const words = wordsOf(sentence).length
    const own = Array.from({ length: words }, (_, i) => end + i)
    end += words
    return { words, supports: own.every((at) => told.has(at)) ? [] : supportsOf(sentence) }
  })

  const named = new Set()
  const name = (place) => {
    named.add(place)
    if (standings[place].kind === 'derivative') name(standings[place].of)
  }
  for (const { place } of [...spans, ...measured.flatMap((one) => one.supports)]) name(place)
  const list = [...named].sort(older)
  const listed = ({ place, ...rest }) => ({ ...rest, passage: list.indexOf(place) })
  return {
    compared: passages.length,
    passages: list.map((place) => {
      const { contribution } = passages[place]
      const { kind, of, upstreamPpm } = standings[place]
      if (kind !== 'derivative') return { contribution }
      return { contribution, upstream: list.indexOf(of), upstreamPpm }
    }),
    spans: spans.map(listed),
    sentences: measured.map(({ words, supports }) => ({ words, supports: supports.map(listed) }))
  }
}
