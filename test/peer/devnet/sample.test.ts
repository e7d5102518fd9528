import { describe, expect, it } from 'vitest'
import { sampleContributions, sampleQuestions } from '../../../peer/devnet/sample.ts'
import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import { readWeaknesses } from '../../../peer/devnet/sample-weaknesses.ts'
import { isDatanetError } from '../../../protocol/base/errors.ts'

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

describe('sampleContributions', () => {
  it('draws 280 real entries of a dozen contributors or more, the same for the same seed', () => {
    for (const seed of SEEDS) {
      const drafts = sampleContributions({ seed })
      expect(drafts).toHaveLength(280)
      expect(new Set(drafts.map(({ sourceUrl }) => sourceUrl)).size).toBe(280)
      const authors = new Set(drafts.map(({ author }) => author)).size
      expect(authors).toBeGreaterThanOrEqual(12)
      expect(authors).toBeLessThanOrEqual(25)
      expect(sampleContributions({ seed })).toEqual(drafts)
    }
    expect(sampleContributions({ seed: 1 })).not.toEqual(sampleContributions({ seed: 2 }))
  })

  it('gives clean text of a useful length with its licence and source', () => {
    for (const draft of sampleContributions({ seed: 3, count: 600 })) {
      expect(draft.text.length).toBeGreaterThanOrEqual(240)
      expect(Buffer.byteLength(draft.text)).toBeLessThanOrEqual(4096)
      expect(draft.text).not.toMatch(/xhtml|\[REF-|\[object|\t| {2}/)
      expect(Buffer.byteLength(draft.title)).toBeLessThanOrEqual(256)
      expect(draft.sourceUrl).toMatch(/^https:\/\/cwe\.mitre\.org\/data\/definitions\/\d+\.html$/)
      expect(draft.licence).toBe('LicenseRef-CWE-Terms-of-Use')
      expect(draft.author).not.toBe('')
      expect(draft.title).not.toMatch(/deprecated/i)
    }
  })

  it('brings the spellings of one group together', () => {
    const authors = new Set(readWeaknesses().map(({ author }) => author))
    expect([...authors].filter((author) => author.startsWith('Intel'))).toEqual([
      'Intel Corporation'
    ])
    expect([...authors].filter((author) => author.startsWith('Accellera'))).toHaveLength(1)
  })

  it('refuses more than there is', () => {
    expect(codeOf(() => sampleContributions({ seed: 1, count: 5_000 }))).toBe('INPUT_INVALID')
  })
})

describe('sampleQuestions', () => {
  const idOf = (url: string): string => /(\d+)\.html$/.exec(url)?.[1] ?? ''

  it('asks what it was told to, the same for the same seed', () => {
    for (const seed of SEEDS) {
      const drafts = sampleContributions({ seed })
      const options = { seed, answerable: 5, unanswerable: 3 }
      const questions = sampleQuestions(options, drafts)
      expect(questions.filter(({ answerable }) => answerable)).toHaveLength(5)
      expect(questions.filter(({ answerable }) => !answerable)).toHaveLength(3)
      expect(sampleQuestions(options, drafts)).toEqual(questions)
    }
  })

  it('draws answerable ones from what was contributed, with its title and author', () => {
    const drafts = sampleContributions({ seed: 5 })
    const questions = sampleQuestions({ seed: 5, answerable: 80, unanswerable: 0 }, drafts)
    for (const { sourceUrl, title, author } of questions) {
      const draft = drafts.find((one) => one.sourceUrl === sourceUrl)
      expect(draft).toMatchObject({ title, author })
    }
    expect(new Set(questions.map(({ kind }) => kind)).size).toBe(4)
    const literal = questions.filter(({ text, title }) =>
      text.toLowerCase().includes(title.toLowerCase())
    )
    expect(literal.length).toBeLessThan(questions.length * 0.75)
  })

  it('draws unanswerable ones from entries to which nothing contributed is related', () => {
    for (const seed of SEEDS) {
      const drafts = sampleContributions({ seed })
      const contributed = new Set(drafts.map(({ sourceUrl }) => idOf(sourceUrl)))
      const entries = new Map(readWeaknesses().map((weakness) => [weakness.id, weakness]))
      for (const question of sampleQuestions({ seed, answerable: 0, unanswerable: 12 }, drafts)) {
        const held = entries.get(idOf(question.sourceUrl))
        expect(held).toBeDefined()
        expect(contributed.has(held?.id as string)).toBe(false)
        for (const id of contributed) {
          const entry = entries.get(id)
          expect(held?.related).not.toContain(id)
          expect(entry?.related).not.toContain(held?.id)
          expect(entry?.parents.some((parent) => held?.parents.includes(parent))).toBe(false)
        }
      }
    }
  })

  it('asks by real cases, in words that were not contributed', () => {
    const drafts = sampleContributions({ seed: 6 })
    const options = { seed: 6, answerable: 30, unanswerable: 3, kinds: ['case'] as const }
    for (const { text, sourceUrl, answerable } of sampleQuestions(options, drafts)) {
      const draft = drafts.find((one) => one.sourceUrl === sourceUrl)
      expect(draft !== undefined).toBe(answerable)
      expect(draft?.text ?? '').not.toContain(text.replace('What went wrong here: ', ''))
    }
  })

  it('refuses to invent what the data does not hold', () => {
    const drafts = sampleContributions({ seed: 1, count: 30 })
    const options = { seed: 1, answerable: 31, unanswerable: 0 }
    expect(codeOf(() => sampleQuestions(options, drafts))).toBe('INPUT_INVALID')
  })
})

describe('createSeededRandom', () => {
  it('shuffles without losing anything and spreads evenly enough', () => {
    const random = createSeededRandom(42)
    const items = Array.from({ length: 100 }, (_, index) => index)
    expect(random.shuffle(items).toSorted((a, b) => a - b)).toEqual(items)
    const counts = [0, 0, 0, 0]
    for (let draw = 0; draw < 4_000; draw++) {
      const pick = random.below(4)
      counts[pick] = (counts[pick] as number) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })
})

function codeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    return isDatanetError(error) ? error.code : String(error)
  }
  return undefined
}
