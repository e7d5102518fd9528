// 08-receipt: sentences of a text, and the evidence that passages give an answer.
import { rarity, termsOf } from './terms.mjs'
import { someCid } from './tools.mjs'

const ABBREVIATIONS = [
  'e.g',
  'i.e',
  'etc',
  'vs',
  'cf',
  'Mr',
  'Mrs',
  'Dr',
  'St',
  'No',
  'Fig',
  'Inc',
  'al'
]

function endsAbbreviated(words) {
  if (!words.endsWith('.')) return false
  const before = words.slice(0, -1)
  const last = /[\p{L}\p{N}_.]*$/u.exec(before)[0]
  if (/^\p{Lu}$/u.test(last) || /[^\p{L}\p{N}_]\p{Lu}$/u.test(before)) return true
  return ABBREVIATIONS.some((one) => last === one || last.endsWith(`.${one}`))
}

function isHeading(line) {
  if (/^#+ /.test(line)) return true
  return line.length <= 60 && line.split(' ').length <= 6 && /[\p{L}:]$/u.test(line)
}

/** By the page: a walk over each line that looks at every white space for an end. */
function sentencesOf(words) {
  const sentences = []
  for (const raw of words.split('\n')) {
    const line = raw.trim()
    if (line !== '' && !isHeading(line)) sentences.push(...endsIn(line))
  }
  return sentences
}

/** One line, cut behind each of its ends. */
function endsIn(line) {
  const sentences = []
  let start = 0
  for (let at = 0; at < line.length; at++) {
    if (!/\s/.test(line[at]) || /\s/.test(line[at - 1] ?? ' ')) continue
    const before = line.slice(start, at)
    const after = line.slice(at).trimStart()
    const isEnd = /[.!?]["'”’)\]]*$/.test(before) && /^["'“‘([]*[\p{Lu}\p{N}]/u.test(after)
    if (!isEnd || endsAbbreviated(before)) continue
    sentences.push(before)
    start = line.length - after.length
  }
  return [...sentences, line.slice(start)]
}

const wordsOf = (words) => words.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
const neighbours = (terms) => terms.slice(1).map((term, i) => `${terms[i]} ${term}`)

/** Sentences of an answer: the ends within a line, and every mark. */
function saidIn(answer) {
  const pieces = answer.split(/((?:\s*\[\d{1,3}\])+)/u)
  let plain = ''
  for (let i = 0; i < pieces.length; i += 2) {
    const isNew = /^(\s+["'“‘([]*[\p{Lu}\p{N}]|\s*$)/u.test(pieces[i])
    plain += (i > 0 && isNew ? '\n' : '') + pieces[i]
  }
  return plain
    .split('\n')
    .flatMap((line) => endsIn(line.trim()))
    .filter((sentence) => wordsOf(sentence).length > 0)
}

/** ⌊1024·log2(n/d)⌋, in whole numbers. */
function milliBits(n, d) {
  let [a, b] = [BigInt(n), BigInt(d)]
  let bits = 0
  for (; a >= 2n * b; b *= 2n) bits += 1
  for (let step = 0; step < 10; step++) {
    ;[a, b] = [a * a, b * b]
    bits *= 2
    if (a >= 2n * b) {
      b *= 2n
      bits += 1
    }
  }
  return bits
}

/** What every text owes to older ones, by looking at all of them. */
function standingsOf(passages) {
  const triplesOf = ({ title, text }) => {
    const words = wordsOf(`${title}\n${text}`)
    return new Set(words.slice(2).map((word, i) => `${words[i]} ${words[i + 1]} ${word}`))
  }
  const older = []
  const standings = []
  const first = (place) => (standings[place]?.kind === 'duplicate' ? standings[place].of : place)
  const inOrder = [...passages.keys()].sort((a, b) => passages[a].order - passages[b].order)
  for (const place of inOrder) {
    const { cluster } = passages[place]
    const triples = triplesOf(passages[place])
    if (cluster !== undefined) {
      const of = passages.findIndex(({ contribution }) => contribution === cluster)
      standings[place] = { kind: 'duplicate', ...(of < 0 ? {} : { of: first(of) }) }
      continue
    }
    const alone = (triple) => {
      const holders = older.filter((one) => one.triples.has(triple))
      const own = (one) => !older.some((o) => o.place === one.source && o.triples.has(triple))
      return holders.filter(own).length <= 2
    }
    const telling = [...triples].filter(alone)
    const nearest = older
      .map((one) => ({ ...one, count: telling.filter((triple) => one.triples.has(triple)).length }))
      .sort((a, b) => b.count - a.count)[0]
    const partPpm =
      nearest?.count > 0 ? Math.floor((nearest.count * 1_000_000) / telling.length) : 0
    if (partPpm >= 900_000) {
      standings[place] = { kind: 'duplicate', of: first(nearest.place) }
    } else if (partPpm >= 300_000) {
      const upstreamPpm = Math.max(450_000, partPpm)
      standings[place] = { kind: 'derivative', of: first(nearest.place), upstreamPpm }
      older.push({ place, triples, source: nearest.place })
    } else {
      standings[place] = { kind: 'original' }
      older.push({ place, triples })
    }
  }
  return standings
}

/** From the left the longest runs of words that a text has, if they are five and tell 60 bits. */
function spansOf(words, texts) {
  const all = texts.flat()
  const starts = (text, run) => text.some((_, at) => run.every((word, i) => text[at + i] === word))
  const spans = []
  for (let from = 0; from < words.length; ) {
    let length = 0
    const run = () => words.slice(from, from + length + 1)
    while (from + length < words.length && texts.some((text) => starts(text, run()))) length += 1
    const held = words.slice(from, from + length)
    const bits = held
      .map((word) => milliBits(all.length, all.filter((one) => one === word).length))
      .reduce((sum, one) => sum + one, 0)
    if (length >= 5 && bits >= 60 * 1024) {
      const holders = [...texts.keys()].filter((place) => starts(texts[place], held))
      spans.push({ from, words: length, bits, holders })
      from += length
    } else from += 1
  }
  return spans
}

function evidenceOf(answer, passages, standings) {
  const sentences = saidIn(answer)
  const units = passages.map(({ title, text }) => [title, ...sentencesOf(text)].map(termsOf))
  const df = (term) => units.filter((of) => of.some((terms) => terms.includes(term))).length
  const worth = (term) => rarity(df(term), passages.length)
  const earner = (place) => (standings[place].kind === 'duplicate' ? standings[place].of : place)
  const byAge = (a, b) => passages[a].order - passages[b].order
  const plain = passages.map(({ title, text }) => wordsOf(`${title}\n${text}`))
  const spans = spansOf(sentences.flatMap(wordsOf), plain).flatMap(({ holders, ...span }) => {
    const place = earner(holders.sort(byAge)[0])
    return place === undefined ? [] : [{ ...span, place }]
  })
  const supportsOf = (sentence) => {
    const terms = termsOf(sentence)
    const said = [
      ...terms.map((term) => [term, worth(term)]),
      ...terms.slice(1).map((term, k) => [`${terms[k]} ${term}`, worth(terms[k]) + worth(term)])
    ]
    const all = said.reduce((sum, [, one]) => sum + one, 0)
    const best = new Map()
    for (const place of passages.keys()) {
      const held = new Set(units[place].flatMap((of) => [...of, ...neighbours(of)]))
      const shared = said.reduce((sum, [run, one]) => sum + (held.has(run) ? one : 0), 0)
      const overlapPpm = all === 0 ? 0 : Math.floor((shared * 1_000_000) / all)
      const isQuoted = ` ${plain[place].join(' ')} `.includes(` ${wordsOf(sentence).join(' ')} `)
      const simPpm = isQuoted ? 1_000_000 : Math.floor((overlapPpm * 8) / 10)
      const whose = earner(place)
      if (simPpm < 500_000 || whose === undefined) continue
      best.set(whose, Math.max(simPpm, best.get(whose) ?? 0))
    }
    return [...best]
      .sort(([a, simA], [b, simB]) => simB - simA || byAge(a, b))
      .slice(0, 8)
      .map(([place, simPpm]) => ({ place, simPpm }))
  }
  let end = 0
  const measured = sentences.map((sentence) => {
    const words = wordsOf(sentence).length
    end += words
    const isIn = (word) => spans.some((s) => word >= s.from && word < s.from + s.words)
    const isTold = Array.from({ length: words }, (_, i) => end - words + i).every(isIn)
    return { words, supports: isTold ? [] : supportsOf(sentence) }
  })
  const named = new Set()
  const name = (place) => {
    named.add(place)
    if (standings[place].kind === 'derivative') name(standings[place].of)
  }
  for (const { place } of [...spans, ...measured.flatMap(({ supports }) => supports)]) name(place)
  const list = [...named].sort(byAge)
  const listed = ({ place, ...rest }) => ({ ...rest, passage: list.indexOf(place) })
  return {
    compared: passages.length,
    passages: list.map((place) => {
      const { kind, of, upstreamPpm } = standings[place]
      const { contribution } = passages[place]
      return kind === 'derivative'
        ? { contribution, upstream: list.indexOf(of), upstreamPpm }
        : { contribution }
    }),
    spans: spans.map(listed),
    sentences: measured.map(({ words, supports }) => ({ words, supports: supports.map(listed) }))
  }
}

export function overlap() {
  const texts = [
    'The bow is the front. The stern is the back.',
    'He said “Reef now!” Then the wind came (e.g. from Kiel). It blew at 30 knots.',
    'Knots\nA bowline holds, cf. Fig. 3 of Mr. Ashley et al. It never slips.\n\n# Uses:\nFor mooring; see J. Smith.',
    '  One line without an end  ',
    '## Why the ropes of the old boats were tarred\n## Why they hold.\nThe ropes of the old boats\tof tar',
    'They hold (knots, hitches etc.) Then they slip. Ö. Berg saw the ideal. Idéal. Un nœud (n.b. Å.) tient. A no. Of U.S. Boats _No. 3 is one.',
    ''
  ]
  const passages = PASSAGES.map(({ gone, ...passage }, i) => ({
    contribution: someCid(60 + i).toString(),
    ...passage,
    // The Datanet took the last one in first.
    order: PASSAGES.length - i
  }))
  const kept = passages.filter((_, i) => PASSAGES[i].gone === undefined)
  const clustered = kept.map((passage) =>
    passage.cluster === undefined
      ? passage
      : { ...passage, cluster: passages[passage.cluster].contribution }
  )
  const standings = standingsOf(clustered)
  return {
    sentences: texts.map((text) => ({ text, sentences: sentencesOf(text) })),
    passages: clustered,
    standings,
    answers: ANSWERS.map((answer) => ({
      answer,
      sentences: saidIn(answer),
      evidence: evidenceOf(answer, clustered, standings)
    }))
  }
}

const HITCH =
  'A rolling hitch grips a taut line without slipping while sailors shift the heavy load slowly aft.'
const PASSAGES = [
  { title: 'Copied hitch', text: `${HITCH} Everybody knows that by now.`, cluster: 7 },
  { title: 'Orphan', text: 'Copied lead lines measure shallow water below the keel.', cluster: 6 },
  { title: 'Stern', text: 'The stern is the back of a boat. The rudder hangs at the stern.' },
  {
    title: 'Rolling hitch again',
    text: `${HITCH} It was written down before us, and we wrote down more of it here.`
  },
  { title: 'Bowline', text: 'A bowline is a knot that makes a loop. It never slips under load.' },
  { title: 'Bow', text: 'The bow is the front of a boat. Waves break over the bow first.' },
  { title: 'Lead line', text: 'Lead lines measure shallow water below the keel.', gone: true },
  { title: 'Rolling hitch', text: HITCH }
]
const ANSWERS = [
  'The bow is the front of a boat. [1] A bowline never slips under load. [2]',
  'Waves break over the bow of the boat first, and the rudder hangs at the stern.',
  `${HITCH} [1]`,
  'It was written down before us, and we wrote down more of it here [1] Whales sing.',
  'A rolling hitch grips a taut line without slipping, he said. The stern, the back of a boat',
  'Copied lead lines measure shallow water below the keel.',
  'The rudder [1] hangs [2][3], they say, at the stern [1]. Waves break [2] [1] Whales sing [3]',
  'The rudder hangs [2] [3], they say, at the stern: the stern, the stern, the stern. [1]\n[2] Whales sing',
  '— [1]',
  ''
]
