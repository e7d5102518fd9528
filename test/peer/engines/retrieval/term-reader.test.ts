import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packTexts } from '../../../../peer/engines/retrieval/packed-texts.ts'
import { createTermReader } from '../../../../peer/engines/retrieval/term-reader.ts'

test('texts that are packed are found where they were, and others nowhere', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme' })), fc.string(), (texts, other) => {
      const packed = packTexts(texts)
      const whole = texts.map((text) => Buffer.from(text).toString())
      expect([...packed.all()]).toEqual(whole)
      for (const [place, text] of texts.entries()) expect(packed.find(text)).toBe(place)
      if (!whole.includes(other)) expect(packed.find(other)).toBe(-1)
    })
  )
})

test('a reader that settled knows what it knew, and reads on as if it had not', () => {
  const texts = [
    'The keeper’s well-worn aprons, ironed twice.',
    'Naïve keepers iron aprons again and again.'
  ]
  const [plain, settling] = [createTermReader(), createTermReader()]
  for (const text of [...texts, 'Twice-told tales of keepers', ...texts]) {
    const ids = plain.read(text)
    expect(settling.read(text)).toEqual(ids)
    settling.settle()
    settling.settle()
    expect(settling.size).toBe(plain.size)
    expect([...settling.words()]).toEqual([...plain.words()])
    for (const term of ['keeper', 'apron', 'iron', 'nothing', '']) {
      expect(settling.idOf(term)).toBe(plain.idOf(term))
    }
  }
})
