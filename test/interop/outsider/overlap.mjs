// Chapter 08, overlap: which passages support which sentences of an answer, and how much.
import { rarityOf, termsOf } from './terms.mjs'

const ABBREVIATIONS = 'e.g i.e etc vs cf Mr Mrs Dr St No Fig Inc al'.split(' ')
const END = /[.!?]["'”’)\]]*(?=\s+["'“‘([]*[\p{Lu}\p{N}])/gu

function isHeading(line) {
  if (line.startsWith('# ')) return true
  const isShort = line.length <= 60 && line.split(/\s+/).length <= 6
  return isShort && /[\p{L}:]$/u.test(line)
}

function isAbbreviated(before) {
  const word = before.match(/(?:^|[^\p{L}.])([\p{L}.]*)$/u)?.[1] ?? ''
  return ABBREVIATIONS.includes(word) || /^\p{Lu}$/u.test(word)
}

export function sentencesOf(text) {
  return text.split('\n').flatMap((raw) => {
    const line = raw.trim()
    if (line === '' || isHeading(line)) return []
    const sentences = []
    let from = 0
    for (const { 0: mark, index } of line.matchAll(END)) {
      if (mark.startsWith('.') && isAbbreviated(line.slice(from, index))) continue
      sentences.push(line.slice(from, index + mark.length).trim())
      from = index + mark.length
    }
    return [...sentences, line.slice(from).trim()]
  })
}

const wordsOf = (text) => ` ${(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ')} `
const pairsOf = (terms) => terms.slice(1).map((term, at) => [terms[at], term])

/** Passages made ready: {contribution, title, text} each. */
export function ground(passages) {
  const ready = passages.map(({ contribution, title, text }) => {
    const lists = [title, ...sentencesOf(text)].map(termsOf)
    const pairs = new Set(lists.flatMap(pairsOf).map((pair) => pair.join(' ')))
    return { contribution, words: wordsOf(`${title} ${text}`), terms: new Set(lists.flat()), pairs }
  })
  const df = (term) => ready.filter(({ terms }) => terms.has(term)).length
  const known = new Map()
  const rarity = (term) => {
    if (!known.has(term)) known.set(term, rarityOf({ df: df(term), passages: ready.length }))
    return known.get(term)
  }
  return { ready, df, rarity }
}

/** The evidence of an answer's sentences; a support below the threshold is left out. */
export function evidenceOf(sentences, { ready, rarity }, thresholdPpm) {
  return sentences.map((sentence) => {
    const terms = termsOf(sentence)
    const words = wordsOf(sentence)
    const parts = [
      ...terms.map((term) => ({ rarity: rarity(term), isIn: (p) => p.terms.has(term) })),
      ...pairsOf(terms).map(([a, b]) => {
        return { rarity: rarity(a) + rarity(b), isIn: (p) => p.pairs.has(`${a} ${b}`) }
      })
    ]
    const sum = (some) => some.reduce((total, part) => total + part.rarity, 0)
    const all = sum(parts)
    const simPpm = (passage) => {
      if (passage.words.includes(words)) return 1_000_000
      return all === 0 ? 0 : Math.floor((sum(parts.filter((p) => p.isIn(passage))) * 800_000) / all)
    }
    const supports = ready
      .map((passage) => ({ contribution: passage.contribution, simPpm: simPpm(passage) }))
      .filter((support) => support.simPpm >= thresholdPpm)
    return { weight: Math.max(1, terms.length), supports }
  })
}
