import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatWei, weiFromBytes, weiToBytes } from '../../../protocol/base/units.ts'
import { refusal } from './refusal.ts'

const MAX = (1n << 128n) - 1n

// AMOUNT-W1
test('amounts come back from their bytes, the shortest there are', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, MAX), (amountWei) => {
      const bytes = weiToBytes(amountWei)
      expect(weiFromBytes(bytes)).toBe(amountWei)
      expect(bytes.byteLength).toBe(
        amountWei === 0n ? 0 : Math.ceil(amountWei.toString(2).length / 8)
      )
    })
  )
})

test('bytes come back from their amounts, or are refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 18 }), async (bytes) => {
      if (bytes.byteLength > 16 || bytes[0] === 0) {
        expect(await refusal(() => weiFromBytes(bytes))).toBe('RECORD_NOT_CANONICAL')
      } else expect(weiToBytes(weiFromBytes(bytes))).toEqual(bytes)
    })
  )
})

test('refuses 17 bytes', async () => {
  expect(await refusal(() => weiFromBytes(new Uint8Array(17).fill(1)))).toBe('RECORD_NOT_CANONICAL')
})

test('refuses amounts below zero and beyond 128 bits', async () => {
  expect(await refusal(() => weiToBytes(-1n))).toBe('INPUT_INVALID')
  expect(await refusal(() => weiToBytes(MAX + 1n))).toBe('INPUT_INVALID')
})

test.each([
  [0n, '0'],
  [1n, '0.000000000000000001'],
  [-1_500_000_000_000_000_000n, '-1.5'],
  [10n ** 20n, '100']
])('writes %s for people', (amountWei, text) => {
  expect(formatWei(amountWei)).toBe(text)
  expect(formatWei(amountWei, 'DNC')).toBe(`${text} DNC`)
})

test.each([
  [1_500_000n, 6, '1.5'],
  [-1n, 6, '-0.000001'],
  [12n, 0, '12'],
  [0n, 0, '0']
])('%d of a token with %d places reads %s', (amountWei, decimals, text) => {
  expect(formatWei(amountWei, '', decimals)).toBe(text)
})
