// Chapter 08, answer and overlap: the words and sentences of an answer, and those of a passage.
const ABBREVIATED =
  /(?<![\p{L}\p{N}_])(?:e\.g|i\.e|etc|vs|cf|Mr|Mrs|Dr|St|No|Fig|Inc|al|\p{Lu})\.$/u
const END = /[.!?]["'”’)\]]*(?=\s+["'“‘([]*[\p{Lu}\p{N}])/gu
const MARKS = /(?:\s*\[\d{1,3}\])+/gu
const NEW = /^(?:\s+["'“‘([]*[\p{Lu}\p{N}]|\s*$)/u

export const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

function isHeading(line) {
  if (/^#+ /.test(line)) return true
  return line.length <= 60 && line.split(' ').length <= 6 && /[\p{L}:]$/u.test(line)
}

/** One line, cut behind each of its ends. */
function cut(line) {
  const sentences = []
  let from = 0
  for (const { 0: mark, index } of line.matchAll(END)) {
    const to = index + mark.length
    if (ABBREVIATED.test(line.slice(from, to))) continue
    sentences.push(line.slice(from, to).trim())
    from = to
  }
  return [...sentences, line.slice(from).trim()]
}

const linesOf = (text) => text.split('\n').map((line) => line.trim())

/** The sentences of a passage's text, without its headings. */
export function sentencesOf(text) {
  return linesOf(text)
    .filter((line) => line !== '' && !isHeading(line))
    .flatMap(cut)
}

/** The sentences of an answer, without its marks. */
export function saidIn(answer) {
  const plain = answer.replace(MARKS, (marks, at) =>
    NEW.test(answer.slice(at + marks.length)) ? '\n' : ''
  )
  return linesOf(plain)
    .flatMap(cut)
    .filter((sentence) => wordsOf(sentence).length > 0)
}
