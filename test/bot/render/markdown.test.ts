import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerText, plainLine, plainText, sourceLink } from '../../../bot/render/markdown.ts'

test.each([
  ['**bold** _it_ ~~no~~ `code` ||spoiler||', /(?<!\\)[*_~`|]/],
  ['# heading', /^#/],
  ['-# small', /^-/],
  ['> quote', /^>/],
  ['1. one', /^1\./],
  ['[a](https://evil.example)', /(?<!\\)\]/],
  ['<@123456789012345678>', /(?<!\\)<@/],
  ['@everyone and @here', /@(everyone|here)/],
  ['come to https://discord.gg/AbC-1 now', /discord\.gg/],
  ['discordapp.com/invite/abc', /invite\/abc/],
  ['a\u202eb\u200bc\u0007', /\u202e|\p{Cc}/u]
])('%j is nothing but text', (text, bad) => {
  expect(plainText(text, 500)).not.toMatch(bad)
})

test('an answer keeps emphasis, lists and code, and loses what could deceive', () => {
  expect(answerText('**Yes.** _Do_ it:\n- one\n1. two\n`<b>`', 500)).toBe(
    '**Yes.** _Do_ it:\n- one\n1. two\n`<b>`'
  )
  expect(answerText('[safe](https://evil.example) <@123> <t:1>', 500)).toBe(
    '[safe]\\(https://evil.example) \\<@123> \\<t:1>'
  )
  expect(answerText('# Big\n-# receipt 0\n> quoted', 500)).toBe(
    '\\# Big\n\\-# receipt 0\n\\> quoted'
  )
  expect(answerText('```js\nlet a = b < c', 500)).toBe('```js\nlet a = b < c\n```')
})

test('whatever is cut fits, and no escape is cut in two', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 300 })
  const bound = fc.integer({ min: 1, max: 120 })
  fc.assert(
    fc.property(text, bound, (any, max) => {
      for (const shown of [plainText(any, max), plainLine(any, max)]) {
        expect(shown.length).toBeLessThanOrEqual(max)
        // An odd number of backslashes at the end would escape what comes after.
        expect(/(?<!\\)(\\\\)*\\$/.test(shown)).toBe(false)
        expect(shown.isWellFormed()).toBe(any.isWellFormed() || shown.isWellFormed())
      }
      expect(answerText(any, max).length).toBeLessThanOrEqual(Math.max(max, 1))
    })
  )
})

test('a source is linked when it is a web address, and shows where it leads', () => {
  expect(sourceLink('https://example.org/a_b?c=1', 100)).toBe('<https://example.org/a_b?c=1>')
  for (const bad of ['javascript:alert(1)', 'here', 'https://discord.gg/abc', 'ftp://a.example']) {
    expect(sourceLink(bad, 100)).toBeUndefined()
  }
  expect(sourceLink(`https://example.org/${'x'.repeat(100)}`, 100)).toBeUndefined()
})
