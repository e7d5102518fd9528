/** The words of `text` in order: lower case, longest runs of letters and digits. specs/08-receipt.md §Spans */
export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}
