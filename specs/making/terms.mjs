// 08-receipt: terms, rarity, sentences and the evidence of an answer, from the lists on the page.
import { readFileSync } from 'node:fs'

const PAGE = readFileSync(new URL('../08-receipt.md', import.meta.url), 'utf8')
const STOP = new Set(/```words\n([\s\S]*?)```/.exec(PAGE)[1].split(/\s+/).filter(Boolean))
const ENDINGS = [
  ...PAGE.matchAll(/^\| (`[a-z`, ]+?`)(, not after `s` or `u`)? \| (.*?) \| (\d) \|$/gm)
].map(([, endings, not, becomes, stay]) => ({
  endings: endings.split(', ').map((ending) => ending.replaceAll('`', '')),
  isPlural: not !== undefined,
  becomes: becomes === '–' ? '' : becomes.replaceAll('`', ''),
  stay: Number(stay)
}))

function stem(word) {
  if (word.length < 4 || /\p{N}/u.test(word)) return word
  let bare = word
  for (const { endings, isPlural, becomes, stay } of ENDINGS) {
    const ending = endings.find((one) => bare.endsWith(one))
    if (ending === undefined) continue
    const before = bare.slice(0, -ending.length)
    if (isPlural && (before === '' || /[su]$/.test(before))) continue
    if ((before + becomes).length >= stay) bare = before + becomes
  }
  return /(.)\1$/.test(bare) && 'bdgmnprt'.includes(bare.at(-1)) ? bare.slice(0, -1) : bare
}

/** The terms of a text, in order. */
export function termsOf(words) {
  const found = words.toLowerCase().match(/[\p{L}\p{N}]+([-'’][\p{L}\p{N}]+)*/gu) ?? []
  return found.flatMap((word) => {
    const parts = word.replace(/['’]\p{L}+/gu, '').split('-')
    const telling = parts.filter(
      (part) => !STOP.has(part) && part.length >= (/\p{N}/u.test(part) ? 1 : 2)
    )
    const whole = parts.length > 1 && telling.length < parts.length ? [parts.join('-')] : []
    return [...telling.map(stem), ...whole]
  })
}

/**
 * ⌊1024·log2(1 + N/(df + ½))⌋, by squaring a fraction in whole numbers: nothing is rounded on the
 * way.
 */
export function rarity(df, passages) {
  let [n, d] = [BigInt(2 * df + 1 + 2 * passages), BigInt(2 * df + 1)]
  let bits = 0
  for (; n >= 2n * d; d *= 2n) bits += 1
  for (let step = 0; step < 10; step++) {
    ;[n, d] = [n * n, d * d]
    bits *= 2
    if (n >= 2n * d) {
      d *= 2n
      bits += 1
    }
  }
  return bits
}

export function terms() {
  const texts = [
    'Sailors’ knots: the bowline, two half-hitches and a man-of-war.',
    "The crew's captain didn't reef; she was running before the wind.",
    'Stopped pages, babies, classes, buses, happiness, movement, navigable, navigation.',
    'Off-by-one errors of CVE-2021-44228 in version 2',
    'Grüße aus Köln — 世界',
    ''
  ]
  return {
    stop: [...STOP],
    terms: texts.map((words) => ({ text: words, terms: termsOf(words) })),
    stems: ENDINGS.flatMap(({ endings }) => endings)
      .flatMap((ending) => ['a', 'hull', 'anchored', 'cargoliner'].map((word) => word + ending))
      .map((word) => ({ word, terms: termsOf(word) })),
    rarity: [
      [0, 1],
      [1, 1],
      [1, 10],
      [3, 10],
      [0, 1_000_000],
      [999_999, 1_000_000]
    ].map(([df, passages]) => ({ df, passages, rarity: rarity(df, passages) }))
  }
}
