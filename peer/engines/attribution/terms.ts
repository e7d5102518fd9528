/** Words that carry no subject: function words of English and the scaffolding of questions. */
const STOP = new Set(
  `a about above after again against all almost also although always am among an and another any
  anybody anyone anything are aren aren't as ask at away be became because become been before being
  below between both but by can cannot can't come could couldn did didn do does doesn doing don done
  down due during each either else etc even ever every everything for from further get give given go
  good had has hasn have haven having he help hence her here hers him his how however i if in instead
  into is isn it its itself just keep kind know known let like make many may me mean meant might more
  most much must my need needs neither never next no nor not nothing now of off often on once one
  only onto or other others our out over own per perhaps please quite rather really said same say
  see seem she should show since so some somebody someone something sometimes still such take tell
  than that the their them then there thereby therefore these they thing things this those though
  through thus to together too toward towards under until up upon us use used uses using usually very
  via was wasn way ways we well were weren what whatever when whenever where whether which while who
  whom whose why will with within without would wouldn yes yet you your happen happens happened`
    .split(/\s+/)
    .filter(Boolean)
)

/**
 * The content terms of `text` in order: lower case, stop words out, lightly stemmed so that plural,
 * tense and the common noun endings of one word meet. Equal on every machine.
 * specs/08-receipt.md §Terms
 */
export function termsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+(?:[-'’][\p{L}\p{N}]+)*/gu) ?? []
  const terms: string[] = []
  for (const word of words) {
    const parts = word.replace(/['’]\p{L}+/gu, '').split('-')
    const telling = parts.filter(tells)
    terms.push(...telling.map(stem))
    // "off-by-one" has no part that says it
    if (telling.length < parts.length && parts.length > 1) terms.push(parts.join('-'))
  }
  return terms
}

function tells(word: string): boolean {
  return word.length > (/\p{N}/u.test(word) ? 0 : 1) && !STOP.has(word)
}

/** Suffix rules in the order they apply; a stem keeps at least `keep` characters. */
const SUFFIXES: readonly (readonly [pattern: RegExp, replacement: string, keep: number])[] = [
  [/sses$/, 'ss', 3],
  [/ies$/, 'y', 2],
  [/([^su])s$/, '$1', 3],
  [/(?:iveness|fulness|ousness)$/, '', 4],
  [/ement$|ment$/, '', 4],
  [/(?:ability|ibility|able|ible)$/, '', 4],
  [/(?:ation|ated|ating|ator|ate)$/, '', 4],
  [/(?:tion|sion)$/, 't', 4],
  [/ing$/, '', 3],
  [/ed$/, '', 3],
  [/(?:ally|ly)$/, '', 4],
  [/(?:age|ure)$/, '', 4],
  [/er$/, '', 4],
  [/or$/, '', 5],
  [/ise$/, 'iz', 4],
  [/e$/, '', 3],
  [/y$/, 'i', 2]
]

function stem(word: string): string {
  if (word.length < 4 || /\p{N}/u.test(word)) return word
  let bare = word
  for (const [pattern, replacement, keep] of SUFFIXES) {
    const shorter = bare.replace(pattern, replacement)
    if (shorter !== bare && shorter.length >= keep) bare = shorter
  }
  // running, stopped: one consonant is left of the doubled one
  return bare.replace(/([bdgmnprt])\1$/, '$1')
}
