import { deflateRawSync } from 'node:zlib'

/** Why a text looks like noise rather than content. */
export type SpamKind = 'blank' | 'characters' | 'words' | 'links' | 'sameness'

/** Shorter texts may well repeat themselves: an answer, a name. */
const LEAST_WORDS = 20
const LEAST_BYTES = 400
/** More of one character in a row is no emphasis, no ruler and no table line. */
const RUN = 100
/** Prose leaves 30 % and more, a list of like lines 10 %. */
const LEAST_LEFT = 0.04

const LINK = /\b(?:https?:\/\/|www\.)\S+/giu
const WORD = /[\p{L}\p{N}\p{M}]+/gu

/**
 * Why `text` is not taken as content, in the first of these that holds; undefined when none does:
 * nothing to read in it, one character or word again and again, links and hardly a word beside them,
 * or so little in so many bytes that it must be one thing many times.
 */
export function spamIn(text: string): SpamKind | undefined {
  const words = text.toLowerCase().match(WORD) ?? []
  if (!/[\p{L}\p{N}\p{S}]/u.test(text)) return 'blank'
  if (hasRun(text)) return 'characters'
  const links = text.match(LINK)?.length ?? 0
  if (links > 0 && (text.replace(LINK, ' ').match(WORD)?.length ?? 0) < links * 2) return 'links'
  if (words.length >= LEAST_WORDS && mostOf(words) * 2 > words.length) return 'words'
  const bytes = Buffer.from(text)
  if (bytes.byteLength >= LEAST_BYTES) {
    if (deflateRawSync(bytes).byteLength < bytes.byteLength * LEAST_LEFT) return 'sameness'
  }
  return undefined
}

function hasRun(text: string): boolean {
  let run = 0
  let last = ''
  for (const character of text) {
    run = character === last ? run + 1 : 1
    last = character
    // Blank lines and rulers under a heading may be long.
    if (run >= RUN && /[^\s\-_=*#.~+|]/u.test(character)) return true
  }
  return false
}

function mostOf(words: readonly string[]): number {
  const counts = new Map<string, number>()
  let most = 0
  for (const word of words) {
    const count = (counts.get(word) ?? 0) + 1
    counts.set(word, count)
    if (count > most) most = count
  }
  return most
}
