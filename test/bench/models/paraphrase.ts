import type { SeededRandom } from '../../../peer/devnet/sample-random.ts'
import { termsOf } from '../../../peer/engines/attribution/terms.ts'
import { readWordNet } from './wordnet.ts'

/**
 * `text` with a part of its nouns, verbs and adjectives, about two thirds unless given, replaced by a
 * synonym of their usual sense; undefined where fewer than two words have one.
 */
export function inOtherWords(
  text: string,
  random: SeededRandom,
  leaves: (random: SeededRandom) => boolean = ({ below }) => below(3) === 0
): string | undefined {
  let replaced = 0
  const words = text.split(/(?<=\s)|(?=\s)/).map((word) => {
    const bare = word.toLowerCase().replace(/[^\p{L}-]/gu, '')
    if (bare.length < 4 || termsOf(bare).length === 0 || leaves(random)) return word
    const synonym = synonymOf(bare, random)
    if (synonym === undefined) return word
    replaced++
    return word.toLowerCase().replace(bare, synonym)
  })
  return replaced < 2 ? undefined : words.join('')
}

/** One slip of the fingers in the longest word: swapped, lost, doubled or neighbouring letter. */
export function withTypo(text: string, random: SeededRandom): string {
  const words = text.split(' ')
  const longest = words.reduce((best, _, index) => {
    const letters = (index: number) => (words[index] ?? '').replace(/[^a-z]/gi, '').length
    return letters(index) > letters(best) ? index : best
  }, 0)
  const word = words[longest] as string
  const at = 1 + random.below(Math.max(1, word.length - 3))
  const [a = '', b = ''] = [word[at], word[at + 1]]
  const slips = [
    `${word.slice(0, at)}${b}${a}${word.slice(at + 2)}`,
    `${word.slice(0, at)}${word.slice(at + 1)}`,
    `${word.slice(0, at)}${a}${word.slice(at)}`,
    `${word.slice(0, at)}${KEYS[KEYS.indexOf(a.toLowerCase()) + 1] ?? 'e'}${word.slice(at + 1)}`
  ]
  words[longest] = random.pick(slips)
  return words.join(' ')
}

/** Those of `templates` that the half may use: tuning never sees the words of the test's. */
export function templatesFor(half: 'tune' | 'test', templates: readonly string[]): string[] {
  return templates.filter((_, index) => index % 2 === (half === 'tune' ? 0 : 1))
}

/** `{name}` in a template replaced by its value. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
}

const KEYS = 'qwertyuiopasdfghjklzxcvbnm'

function synonymOf(word: string, random: SeededRandom): string | undefined {
  for (const part of ['noun', 'verb', 'adj'] as const) {
    for (const form of formsOf(word)) {
      const [usual] = readWordNet(part).sensesOf(form)
      if (usual === undefined) continue
      const own = termsOf(form)[0]
      const others = usual.lemmas.filter(
        (lemma) => /^[a-z]+( [a-z]+)?$/.test(lemma) && termsOf(lemma)[0] !== own
      )
      return others.length === 0 ? undefined : random.pick(others)
    }
  }
  return undefined
}

/** The word and what it may be the plural, past or third person of. */
function formsOf(word: string): string[] {
  return [
    word,
    word.replace(/ies$/, 'y'),
    word.replace(/(ss|sh|ch|x)es$/, '$1'),
    word.replace(/s$/, ''),
    word.replace(/ed$/, ''),
    word.replace(/d$/, ''),
    word.replace(/ing$/, ''),
    word.replace(/ing$/, 'e')
  ]
}
