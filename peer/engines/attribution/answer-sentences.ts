import { splitLine } from './sentences.ts'
import { wordsOf } from './words.ts'

/** What stands for sources in an answer, with the white space before it. */
const MARKS = /(?:\s*\[\d{1,3}\])+/gu
/** Behind them something new begins. */
const ENDING = /(?:\s*\[\d{1,3}\])+(?=\s+["'“‘([]*[\p{Lu}\p{N}]|\s*$)/gu

/**
 * The sentences of an answer in order, without marks and white space around them: a line ends one, and
 * so do marks where another begins; there are no headings. What has no word is none.
 * specs/08-receipt.md §Answer
 */
export function answerSentences(answer: string): readonly string[] {
  return answer
    .replace(ENDING, '\n')
    .replace(MARKS, '')
    .split(/\r?\n/)
    .flatMap((line) => splitLine(line.trim()))
    .filter((sentence) => wordsOf(sentence).length > 0)
}
