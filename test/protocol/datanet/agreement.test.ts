import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AgreementWord, agreementOf } from '../../../protocol/datanet/agreement.ts'

const words = fc.uniqueArray(
  fc.record({
    item: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    person: fc.constantFrom('p', 'q', 'r', 's'),
    value: fc.constantFrom('yes', 'no', 'perhaps')
  }),
  { selector: ({ item, person }) => `${item} ${person}`, maxLength: 20 }
)

/** One line a person, one column an item; a dot is no word. */
function table(...lines: string[]): AgreementWord[] {
  return lines.flatMap((line, person) =>
    [...line.replaceAll(' ', '')].flatMap((value, item) =>
      value === '.' ? [] : [{ item: `${item}`, person: `${person}`, value }]
    )
  )
}

describe('agreement', () => {
  test('is what Krippendorff computes for his example of four observers', () => {
    const example = table('1233 2141 2...', '1233 2241 25.3', '.333 2342 251.', '1233 2441 251.')
    const { alphaPpm, shared } = agreementOf(example)
    // His figure is 0.743; the last unit has one word and is not shared.
    expect([shared, Math.round((alphaPpm as number) / 1_000)]).toEqual([11, 743])
  })

  test('of two people is Cohen’s kappa', () => {
    // 20 yes yes, 5 yes no, 10 no yes, 15 no no: agreed 0.7, by chance 0.5, kappa 0.4.
    const { people } = agreementOf(
      table(
        'y'.repeat(25) + 'n'.repeat(25),
        'y'.repeat(20) + 'n'.repeat(5) + 'y'.repeat(10) + 'n'.repeat(15)
      )
    )
    expect(people.get('0')).toEqual({ shared: 50, agreedPpm: 700_000, kappaPpm: 400_000 })
    expect(people.get('1')).toEqual(people.get('0'))
  })

  test('is full where all say the same of different things, and nothing where nobody differs', () => {
    expect(agreementOf(table('yn', 'yn', 'yn')).alphaPpm).toBe(1_000_000)
    const same = agreementOf(table('yy', 'yy'))
    expect(same.alphaPpm).toBeUndefined()
    expect(same.people.get('0')).toEqual({ shared: 2, agreedPpm: 1_000_000 })
    expect(agreementOf(table('y.', '.n'))).toMatchObject({ shared: 0 })
  })

  test('does not depend on the order of words, nor on what values are called', () => {
    fc.assert(
      fc.property(
        words.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))
        ),
        ([list, shuffled]) => {
          const renamed = shuffled.map((one) => ({ ...one, value: `${one.value}!` }))
          const [one, other] = [agreementOf(list), agreementOf(renamed)]
          expect([other.shared, other.alphaPpm]).toEqual([one.shared, one.alphaPpm])
          expect(new Map([...other.people].sort())).toEqual(new Map([...one.people].sort()))
        }
      )
    )
  })

  test('is at most full, and full exactly where nobody differs from anybody', () => {
    fc.assert(
      fc.property(words, (list) => {
        const { alphaPpm, people } = agreementOf(list)
        const isSame = [...Map.groupBy(list, ({ item }) => item).values()].every(
          (said) => new Set(said.map(({ value }) => value)).size === 1
        )
        if (alphaPpm !== undefined) {
          expect(alphaPpm).toBeLessThanOrEqual(1_000_000)
          expect(alphaPpm === 1_000_000).toBe(isSame)
        }
        for (const { shared, agreedPpm = 0, kappaPpm = 0 } of people.values()) {
          expect(agreedPpm).toBeGreaterThanOrEqual(0)
          expect(agreedPpm).toBeLessThanOrEqual(1_000_000)
          expect(kappaPpm).toBeLessThanOrEqual(agreedPpm)
          if (isSame && shared > 0) expect(agreedPpm).toBe(1_000_000)
        }
      })
    )
  })

  test('is not moved by items on which one person alone spoke', () => {
    fc.assert(
      fc.property(words, (list) => {
        const lonely = { item: 'z', person: 'p', value: 'perhaps' }
        const [before, after] = [agreementOf(list), agreementOf([...list, lonely])]
        expect([after.shared, after.alphaPpm]).toEqual([before.shared, before.alphaPpm])
      })
    )
  })
})
