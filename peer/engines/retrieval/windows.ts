import { sentencesOf } from '../attribution/sentences.ts'
import type { EnginePassage } from '../engine.ts'

/** A piece of a passage as it is embedded, and the sentences it is made of. */
export interface Window {
  /** Its sentences behind the passage's title. */
  readonly text: string
  /** The first of its sentences, and the one behind its last. */
  readonly from: number
  readonly to: number
}

/** Rows of one index; at 384 bytes each they stay below 128 MiB. */
const ROWS = 262_144
const MOST = 32

/** How many windows each of `passages` may have: fewer where there are many, in steps of two. */
export function windowsEach(passages: number): number {
  let most = MOST
  while (most > 1 && most * passages > ROWS) most /= 2
  return most
}

/**
 * The windows of a passage: every sentence one of its own, behind the title, while they are at most
 * `atMost`; more sentences than that are put together in runs of about equal length.
 */
export function windowsOf({ title, text }: EnginePassage, atMost: number): readonly Window[] {
  const sentences = sentencesOf(text).map((sentence) => sentence.text)
  if (sentences.length === 0) return [{ text: title, from: 0, to: 0 }]
  const length = sentences.reduce((sum, sentence) => sum + sentence.length + 1, 0)
  const size = sentences.length <= atMost ? 0 : Math.ceil(length / atMost)
  const windows: Window[] = []
  let from = 0
  let characters = 0
  for (const [index, sentence] of sentences.entries()) {
    characters += sentence.length + 1
    const isLast = index === sentences.length - 1
    if (!isLast && (characters < size || windows.length === atMost - 1)) continue
    const run = sentences.slice(from, index + 1).join(' ')
    windows.push({ text: `${title}. ${run}`, from, to: index + 1 })
    from = index + 1
    characters = 0
  }
  return windows
}
