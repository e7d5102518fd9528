// Chapter 08, terms: the words of a text that tell, stemmed, and how rare each is.
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
whom whose why will with within without would wouldn yes yet you your happen happens happened`.split(
    /\s+/
  )
)

const ENDINGS = [
  [['sses'], 'ss', 3],
  [['ies'], 'y', 2],
  [['s'], '', 3],
  [['iveness', 'fulness', 'ousness'], '', 4],
  [['ement', 'ment'], '', 4],
  [['ability', 'ibility', 'able', 'ible'], '', 4],
  [['ation', 'ated', 'ating', 'ator', 'ate'], '', 4],
  [['tion', 'sion'], 't', 4],
  [['ing'], '', 3],
  [['ed'], '', 3],
  [['ally', 'ly'], '', 4],
  [['age', 'ure'], '', 4],
  [['er'], '', 4],
  [['or'], '', 5],
  [['ise'], 'iz', 4],
  [['e'], '', 3],
  [['y'], 'i', 2]
]

function stem(word) {
  if (word.length < 4 || /\p{N}/u.test(word)) return word
  let stemmed = word
  for (const [endings, becomes, least] of ENDINGS) {
    const ending = endings.find((one) => stemmed.endsWith(one))
    if (ending === undefined || (ending === 's' && /[su]s$/.test(stemmed))) continue
    const shorter = stemmed.slice(0, -ending.length) + becomes
    if (shorter.length >= least) stemmed = shorter
  }
  return /([bdgmnprt])\1$/.test(stemmed) ? stemmed.slice(0, -1) : stemmed
}

const tells = (part) => !STOP.has(part) && (part.length > 1 || /\p{N}/u.test(part))

export function termsOf(text) {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+(?:[-'’][\p{L}\p{N}]+)*/gu) ?? []
  return words.flatMap((word) => {
    const parts = word.replace(/['’]\p{L}*/gu, '').split('-')
    const telling = parts.filter(tells)
    const isWhole = parts.length === 1 || telling.length === parts.length
    return [...telling.map(stem), ...(isWhole ? [] : [parts.join('-')])]
  })
}

/** ⌊1024 · log₂(above / below)⌋, exactly. */
export function flooredLog2(above, below) {
  const [top, bottom] = [above ** 1024n, below ** 1024n]
  const bits = (n) => n.toString(2).length
  const most = bits(top) - bits(bottom)
  return bottom << BigInt(most) <= top ? most : most - 1
}

/** ⌊1024 · log₂(1 + N / (df + ½))⌋ */
export function rarityOf({ df, passages }) {
  const below = BigInt(2 * df + 1)
  return flooredLog2(below + BigInt(2 * passages), below)
}
