import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOutputMeter, priceWei, royaltyWei, tokensOf } from '../../../protocol/model/price.ts'
import { offer } from './sample-model.ts'

const { price } = offer('x')
const count = fc.nat(1_000_000)

test('a price is the call plus its tokens, and never falls with either', () => {
  expect(priceWei(price, { inputTokens: 0, outputTokens: 0 })).toBe(price.callWei)
  expect(priceWei(price, { inputTokens: 2, outputTokens: 3 })).toBe(
    price.callWei + 2n * price.inputTokenWei + 3n * price.outputTokenWei
  )
  fc.assert(
    fc.property(count, count, count, count, (inputTokens, outputTokens, more, yetMore) => {
      const least = priceWei(price, { inputTokens, outputTokens })
      const most = priceWei(price, {
        inputTokens: inputTokens + more,
        outputTokens: outputTokens + yetMore
      })
      expect(most).toBeGreaterThanOrEqual(least)
    })
  )
})

test('a royalty is rounded down and is never above the price', () => {
  expect(royaltyWei(10n, 333_333)).toBe(3n)
  fc.assert(
    fc.property(fc.bigInt(0n, 1n << 120n), fc.nat(1_000_000), (callWei, ppm) => {
      const royalty = royaltyWei(callWei, ppm)
      expect(royalty <= callWei).toBe(true)
      expect(royalty * 1_000_000n <= callWei * BigInt(ppm)).toBe(true)
      expect((royalty + 1n) * 1_000_000n > callWei * BigInt(ppm)).toBe(true)
    })
  )
})

test('control tokens written out are text like any other', () => {
  expect(tokensOf('')).toBe(0)
  expect(tokensOf('<|endoftext|>')).toBeGreaterThan(1)
})

test('the meter never falls, however the answer is cut, and never undercounts its text', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.constantFrom(
      'un',
      'believ',
      'able',
      'worl',
      'd',
      'recommen',
      ' ',
      '  ',
      '\n',
      '<|endoftext|>'
    )
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (chunks) => {
      const meter = createOutputMeter()
      let last = 0
      for (const chunk of chunks) {
        const peeked = meter.peek(chunk)
        const tokens = meter.push(chunk)
        expect(tokens).toBe(peeked)
        expect(tokens).toBeGreaterThanOrEqual(last)
        expect(tokens).toBeGreaterThanOrEqual(tokensOf(meter.text))
        last = tokens
      }
      expect(meter.text).toBe(chunks.join(''))
    }),
    { numRuns: 60 }
  )
})

test('the meter does not fall when two pieces become one token', () => {
  const meter = createOutputMeter()
  expect(tokensOf('hello world')).toBeLessThan(tokensOf('hello worl'))
  expect([meter.push('hello worl'), meter.push('d')]).toEqual([3, 3])
  expect(tokensOf(meter.text)).toBe(2)
})

test('one chunk is counted as its text', () => {
  const text = 'The bow is the front of a boat.'
  expect(createOutputMeter().push(text)).toBe(tokensOf(text))
})

test('what was peeked at and not pushed does not count', () => {
  const meter = createOutputMeter()
  meter.peek('A long answer that nobody paid for. ')
  expect(meter.push('No.')).toBe(tokensOf('No.'))
  expect(meter.peek('No.')).toBe(tokensOf('No.No.'))
  expect(meter.text).toBe('No.')
})
