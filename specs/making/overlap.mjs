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
    if (line === '' || isHeading(line)) continue
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
    sentences.push(line.slice(start))
  }
  return sentences
}

const plain = (words) => ` ${(words.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ')} `
const neighbours = (terms) => terms.slice(1).map((term, i) => `${terms[i]} ${term}`)

function evidenceOf(sentences, passages) {
  const units = passages.map(({ title, text }) => [title, ...sentencesOf(text)].map(termsOf))
  const df = (term) => units.filter((of) => of.some((terms) => terms.includes(term))).length
  const worth = (term) => rarity(df(term), passages.length)
  return sentences.map((sentence) => {
    const terms = termsOf(sentence)
    const supports = passages.map(({ contribution, title, text }, i) => {
      const held = new Set(units[i].flatMap((of) => [...of, ...neighbours(of)]))
      const said = [
        ...terms.map((term) => [term, worth(term)]),
        ...terms.slice(1).map((term, k) => [`${terms[k]} ${term}`, worth(terms[k]) + worth(term)])
      ]
      const all = said.reduce((sum, [, one]) => sum + one, 0)
      const shared = said.reduce((sum, [run, one]) => sum + (held.has(run) ? one : 0), 0)
      const overlapPpm = all === 0 ? 0 : Math.floor((shared * 1_000_000) / all)
      const isQuoted = plain(`${title}\n${text}`).includes(plain(sentence))
      return { contribution, simPpm: isQuoted ? 1_000_000 : Math.floor((overlapPpm * 8) / 10) }
    })
    return {
      weight: Math.max(1, terms.length),
      supports: supports.filter(({ simPpm }) => simPpm >= 500_000)
    }
  })
}

export function overlap() {
  const texts = [
    'The bow is the front. The stern is the back.',
    'He said “Reef now!” Then the wind came (e.g. from Kiel). It blew at 30 knots.',
    'Knots\nA bowline holds, cf. Fig. 3 of Mr. Ashley et al. It never slips.\n\n# Uses:\nFor mooring; see J. Smith.',
    '  One line without an end  ',
    ''
  ]
  const passages = [
    { title: 'Bow', text: 'The bow is the front of a boat. Waves break over the bow first.' },
    { title: 'Stern', text: 'The stern is the back of a boat. The rudder hangs at the stern.' },
    { title: 'Bowline', text: 'A bowline is a knot that makes a loop. It never slips under load.' }
  ].map((passage, i) => ({ contribution: someCid(60 + i).toString(), ...passage }))
  const answers = [
    'The bow is the front of a boat.',
    'Waves break over the bow of the boat first, and the rudder hangs at the stern.',
    'A bowline never slips under load.',
    'Whales sing.',
    'The.'
  ]
  const units = passages.map(({ title, text }) => [title, ...sentencesOf(text)].flatMap(termsOf))
  const terms = [...new Set([...units.flat(), ...answers.flatMap(termsOf)])].sort()
  return {
    sentences: texts.map((text) => ({ text, sentences: sentencesOf(text) })),
    passages,
    df: Object.fromEntries(
      terms.map((term) => [term, units.filter((of) => of.includes(term)).length])
    ),
    answers,
    evidence: { thresholdPpm: 500_000, sentences: evidenceOf(answers, passages) }
  }
}
