/** A language as it was recognised. */
export interface Recognised {
  /** ISO 639-1. */
  readonly language: string
  /** Whether the text is long and plain enough to go by. */
  readonly isSure: boolean
}

/** Fewer letters than this say little about a language, fewer than that nothing that is sure. */
const LEAST_LETTERS = 40
const SURE_LETTERS = 120
/** A language is in its first words: reading more costs and says no more. */
const READ_CHARACTERS = 4_000

/** Languages that are written so much alike that one is often taken for another. */
const ALIKE = [
  ['no', 'nb', 'nn', 'da', 'sv'],
  ['hr', 'bs', 'sr', 'sh', 'sl'],
  ['id', 'ms'],
  ['zh', 'yue'],
  ['tl', 'fil'],
  ['hi', 'mr', 'ne'],
  ['az', 'tr'],
  ['gl', 'pt'],
  ['cs', 'sk'],
  ['ru', 'uk', 'be', 'bg'],
  ['af', 'nl']
]

/** Recognises languages; the data is loaded the first time (half a second, 30 MB), and once. */
export async function loadRecogniser(): Promise<(text: string) => Recognised | undefined> {
  const { eld } = await import('eld/small')
  return (text) => {
    const read = text.slice(0, READ_CHARACTERS).replace(/https?:\/\/\S+|`[^`]*`/g, ' ')
    const letters = read.match(/\p{L}/gu)?.length ?? 0
    const weighed =
      letters + 3 * (read.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/gu)?.length ?? 0)
    if (weighed < LEAST_LETTERS) return undefined
    const found = eld.detect(read)
    if (found.language === '' || !found.isReliable()) return undefined
    return { language: found.language, isSure: weighed >= SURE_LETTERS }
  }
}

/** Whether a text that was recognised as `recognised` may well be of the language that `tag` says. */
export function agrees(tag: string, recognised: string): boolean {
  const [primary = ''] = tag.toLowerCase().split('-')
  if (primary === recognised) return true
  return ALIKE.some((group) => group.includes(primary) && group.includes(recognised))
}
