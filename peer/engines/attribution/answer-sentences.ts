import { splitLine } from './sentences.ts'
import { wordsOf } from './words.ts'

/** What stands for a source in an answer. */
const MARK = /\[\d{1,3}\]/g

/**
 * The sentences of an answer in order, without marks and white space around them: lines and marks
 * end one as a full stop does, and there are no headings. What has no word is none.
 * specs/08-receipt.md §Answer
 */
export function answerSentences(answer: string): readonly string[] {
  return answer
    .split(MARK)
    .flatMap((part) => part.split(/\r?\n/))
    .flatMap((line) => splitLine(line.trim()))
    .filter((sentence) => wordsOf(sentence).length > 0)
}
