import { LIMITS } from '../../../protocol/base/limits.ts'
import { refuseUncountable, tokensOf } from '../../../protocol/model/price.ts'
import type { CallRequest } from '../../../protocol/net/invoke.ts'
import { OFFERED } from '../model/offering.ts'

/**
 * Tokens of the caller's own messages and of the form it asks for. Refuses text that cannot be counted
 * (REQUEST_TOO_LARGE). specs/06-model.md §Usage
 */
export function inputTokensOf({ messages, form = '' }: Asked): number {
  const texts = [...messages.map(({ content }) => content), form]
  for (const text of texts) refuseUncountable(text)
  return texts.reduce((sum, text) => sum + (text === '' ? 0 : tokensOf(text)), 0)
}

type Asked = Pick<CallRequest, 'form'> & {
  readonly messages: readonly Pick<CallRequest['messages'][number], 'content'>[]
}

/**
 * The text in pieces of at most half a chunk's tokens, since joined pieces can count for more; cut
 * between words, and within one only where it is longer than a piece may be.
 */
export function pieces(text: string): string[] {
  const maxTokens = OFFERED.chunkTokens / 2
  if (text.length <= LIMITS.chunkCharacters && tokensOf(text) <= maxTokens) return [text]
  const out: string[] = []
  let piece = ''
  for (const part of text.split(/(?<=\s)/).flatMap(cut)) {
    if (piece !== '' && tokensOf(piece + part) > maxTokens) {
      out.push(piece)
      piece = ''
    }
    piece += part
  }
  return piece === '' ? out : [...out, piece]
}

/** A word whole where it fits in a piece, else in runs of characters that do. */
function cut(word: string): string[] {
  const runs: string[] = word.match(/.{1,256}/gsu) ?? []
  return runs.flatMap((run) =>
    tokensOf(run) <= OFFERED.chunkTokens / 2 ? [run] : (run.match(/.{1,8}/gsu) ?? [])
  )
}
