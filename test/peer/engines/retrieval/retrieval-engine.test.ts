import { beforeAll, describe, expect, it } from 'vitest'
import {
  type SampleDraft,
  sampleContributions,
  sampleQuestions
} from '../../../../peer/devnet/sample.ts'
import { createGround } from '../../../../peer/engines/attribution/ground.ts'
import type { Engine, EngineOutcome, EnginePassage } from '../../../../peer/engines/engine.ts'
import { readCorpus } from '../../../../peer/engines/retrieval/corpus.ts'
import { loadEmbedder } from '../../../../peer/engines/retrieval/embedder.ts'
import { createRetrievalEngine } from '../../../../peer/engines/retrieval/retrieval-engine.ts'
import {
  buildRetrievalIndex,
  loadRetrievalIndex
} from '../../../../peer/engines/retrieval/retrieval-index.ts'
import { isAbort, isDatanetError } from '../../../../protocol/base/errors.ts'
import { coverageCredits, verifyCredits } from '../../../../protocol/receipt/attribution.ts'

const { signal } = new AbortController()
const drafts = sampleContributions({ seed: 4, count: 80 })
const passages = drafts.map(toPassage)
const owners = new Map(passages.map(({ contribution, contributor }) => [contribution, contributor]))
const questions = sampleQuestions({ seed: 4, answerable: 20, unanswerable: 10 }, drafts)
const ground = createGround(readCorpus(passages))
const engines: Record<'hybrid' | 'lexical', Engine> = {} as never

beforeAll(async () => {
  const embedder = await loadEmbedder()
  const bytes = await buildRetrievalIndex(passages, { signal, ...(embedder && { embedder }) })
  const index = loadRetrievalIndex(bytes, passages)
  engines.hybrid = createRetrievalEngine({ index, embedder }, { datanet: 'Weaknesses' })
  engines.lexical = createRetrievalEngine({ index }, { datanet: 'Weaknesses' })
})

describe.each(['hybrid', 'lexical'] as const)('the %s engine', (kind) => {
  it('answers what was contributed and credits the contribution it was drawn from', async () => {
    let answered = 0
    let right = 0
    let cited = 0
    for (const { text, sourceUrl } of questions.filter(({ answerable }) => answerable)) {
      const { said, outcome } = await ask(engines[kind], text)
      const credits = coverageCredits(ground.attribute(said.join('')), owners)
      verifyCredits(credits)
      if (outcome.outcome === 'abstained') continue
      answered++
      const top = passages.find(({ contribution }) => contribution === credits[0]?.contribution)
      right += Number(top?.sourceUrl === sourceUrl)
      cited += Number(outcome.citations[0]?.sourceUrl === sourceUrl)
    }
    expect(answered).toBeGreaterThanOrEqual(18)
    // An answer whose words stand in an older sibling as well is the sibling's first (bench:attribution).
    expect(right).toBeGreaterThanOrEqual(answered - 2)
    expect(cited).toBeGreaterThanOrEqual(answered - 1)
  })

  it('abstains from what was held out, one near miss at most, and cites nobody', async () => {
    const answered: string[] = []
    for (const { text } of questions.filter(({ answerable }) => !answerable)) {
      const { said, outcome } = await ask(engines[kind], text)
      if (outcome.outcome === 'answered') {
        answered.push(text)
        continue
      }
      expect(outcome.citations).toEqual([])
      expect(said.join('')).toMatch(/Weaknesses.*\.$/)
    }
    expect(answered.length, answered.join('\n')).toBeLessThanOrEqual(1)
  })

  it.each([
    'Who won the 1998 football world cup?',
    'How do I bake sourdough bread?',
    'How can malaria be prevented?',
    'hello',
    'the of and',
    '?!',
    '\u{1f600}\u0000'
  ])('abstains from %j', async (question) => {
    expect((await ask(engines[kind], question)).outcome.outcome).toBe('abstained')
  })

  it('quotes verbatim, in several chunks, and cites what it quotes', async () => {
    const question = questions.find((one) => one.answerable && one.kind === 'definition')
    const { said, outcome } = await ask(engines[kind], question?.text as string)
    expect(said.length).toBeGreaterThan(1)
    expect(outcome.citations[0]?.title).toBe(question?.title)
    const source = passages.find(
      ({ contribution }) => contribution === outcome.citations[0]?.contribution
    )
    for (const chunk of said) {
      expect(passages.some(({ text }) => text.includes(chunk.replace(/ \[\d\]/, '').trim()))).toBe(
        true
      )
    }
    expect(source?.text).toContain(outcome.citations[0]?.quote)
    expect(said.join('')).toContain('[1]')
  })

  it('names what a question describes', async () => {
    const question = questions.find((one) => one.answerable && one.kind === 'description')
    const { said } = await ask(engines[kind], question?.text as string)
    expect(said[0]).toBe(`${question?.title}: `)
  })

  it('says nothing twice', async () => {
    for (const { text } of questions.filter(({ answerable }) => answerable)) {
      const { said } = await ask(engines[kind], text)
      const keys = said.map((chunk) =>
        chunk
          .replace(/ \[\d\]/, '')
          .trim()
          .toLowerCase()
      )
      expect(keys).toEqual([...new Set(keys)])
    }
  })

  it('gives the same answer again', async () => {
    for (const { text } of questions.slice(0, 5)) {
      expect(await ask(engines[kind], text)).toEqual(await ask(engines[kind], text))
    }
  })
})

describe('an engine over a few notes', () => {
  const notes = [
    ['Bike maintenance', 'Wipe and oil the chain every 200 km, more often in the rain.'],
    ['Home network', 'If the internet is down, unplug the modem for thirty seconds.'],
    ['Coffee machine', 'A blinking red light means that the water tank is empty.'],
    ['Hiking club', 'Members pay 30 euro a year, children nothing.'],
    ['Tomatoes', 'Sow tomatoes indoors in the middle of March.'],
    ['Fire alarm', 'Leave by the stairs, never by the lift.']
  ].map(([title = '', text = ''], index) => ({
    contribution: `note-${index}`,
    contributor: `0x${'44'.repeat(20)}`,
    title,
    text
  }))

  it('answers what is asked in other words, and abstains from what nobody noted', async () => {
    const embedder = await loadEmbedder()
    if (embedder === undefined) return
    const index = loadRetrievalIndex(await buildRetrievalIndex(notes, { signal, embedder }), notes)
    const engine = createRetrievalEngine({ index, embedder }, { datanet: 'Notes' })
    for (const [question, note] of [
      ['when do I have to grease my bicycle?', 0],
      ['nobody can get online, what should I do?', 1],
      ['the coffee maker flashes red', 2]
    ] as const) {
      const { said, outcome } = await ask(engine, question)
      expect(outcome.citations[0]?.contribution, question).toBe(`note-${note}`)
      expect(said.join('')).toBe(`${notes[note]?.text} [1]`)
    }
    for (const question of ['how long do I boil potatoes?', 'what is the capital of France?']) {
      expect((await ask(engine, question)).outcome.outcome, question).toBe('abstained')
    }
  })
})

describe('createRetrievalEngine', () => {
  it('says when it works without embeddings, and when passages are gone', async () => {
    const index = loadRetrievalIndex(
      await buildRetrievalIndex(passages, { signal, embedder: false }),
      passages.slice(1)
    )
    const engine = createRetrievalEngine({ index }, { datanet: 'Weaknesses' })
    expect(engine.describe()).toMatchObject({
      kind: 'retrieval',
      passages: 79,
      notes: ['EMBEDDINGS_MISSING', 'PASSAGES_MISSING']
    })
    expect(engine.describe()).not.toHaveProperty('base')
  })

  it('does not know a withdrawn contribution any more', async () => {
    const gone = questions.find((one) => one.answerable && one.kind === 'description')
    const left = passages.filter(({ sourceUrl }) => sourceUrl !== gone?.sourceUrl)
    const index = loadRetrievalIndex(
      await buildRetrievalIndex(passages, { signal, embedder: false }),
      left
    )
    const engine = createRetrievalEngine({ index }, { datanet: 'Weaknesses' })
    const { outcome } = await ask(engine, gone?.text as string)
    expect(outcome.citations.map(({ title }) => title)).not.toContain(gone?.title)
  })

  it('answers as before where others handed in the same, and cites who was first', async () => {
    const question = questions.find((one) => one.answerable && one.kind === 'definition')
    const first = passages.find(({ sourceUrl }) => sourceUrl === question?.sourceUrl)
    const copies = Array.from({ length: 6 }, (_, n) => ({
      ...(first as EnginePassage),
      contribution: `a copy ${n}`,
      order: 1_000 + n
    }))
    const all = [...passages.map((one, order) => ({ ...one, order })), ...copies]
    const bytes = await buildRetrievalIndex(all, { signal, embedder: false })
    const index = loadRetrievalIndex(bytes, all)
    const copied = createGround(index.corpus)
    const engine = createRetrievalEngine({ index, ground: copied }, { datanet: 'Weaknesses' })
    const { said, outcome } = await ask(engine, question?.text as string)
    expect(outcome.citations[0]?.contribution).toBe(first?.contribution)
    const [top] = coverageCredits(copied.attribute(said.join('')), owners)
    expect(top?.contribution).toBe(first?.contribution)
  })

  it.each([1, 5, 20, 60, 100])('never says more than %i tokens', async (maxOutputTokens) => {
    for (const { text } of questions.slice(0, 8)) {
      const { said, outcome } = await ask(engines.lexical, text, { maxOutputTokens })
      const answer = said.join('')
      expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(3 * maxOutputTokens)
      verifyCredits(coverageCredits(ground.attribute(answer), owners))
      if (answer.length > 0 && outcome.outcome === 'answered') {
        expect(outcome.citations.length).toBeGreaterThan(0)
      }
    }
  })

  it('answers the last user message', async () => {
    const [first, second] = questions.filter(({ answerable }) => answerable)
    const turns = [
      { role: 'system' as const, content: 'Answer in French.' },
      { role: 'user' as const, content: first?.text ?? '' },
      { role: 'assistant' as const, content: 'Yes.' },
      { role: 'user' as const, content: second?.text ?? '' }
    ]
    const { outcome } = await ask(engines.lexical, turns)
    expect(outcome).toEqual((await ask(engines.lexical, second?.text ?? '')).outcome)
  })

  it('takes up the turn before where the question points back', async () => {
    const question = questions.find((one) => one.answerable && one.kind === 'definition')
    const turns = [
      { role: 'user' as const, content: question?.text ?? '' },
      { role: 'assistant' as const, content: 'A weakness.' },
      { role: 'user' as const, content: 'How can it be prevented?' }
    ]
    const { outcome } = await ask(engines.hybrid, turns)
    expect(outcome.citations[0]?.title).toBe(question?.title)
    const alone = await ask(engines.hybrid, 'How can it be prevented?')
    expect(alone.outcome.outcome).toBe('abstained')
  })

  it('understands a question with a slip of the fingers', async () => {
    const question = questions.find((one) => one.answerable && one.kind === 'definition')
    const words = (question?.text ?? '').split(' ')
    const longest = words.toSorted((a, b) => b.length - a.length)[0] ?? ''
    const slipped = `${longest.slice(0, 3)}${longest[4]}${longest[3]}${longest.slice(5)}`
    const { outcome } = await ask(engines.lexical, (question?.text ?? '').replace(longest, slipped))
    expect(outcome.citations[0]?.title).toBe(question?.title)
  })

  it('refuses a request without a user message, and stops when aborted', async () => {
    const error = await ask(engines.lexical, []).catch((e: unknown) => e)
    expect(isDatanetError(error) && error.code).toBe('INPUT_INVALID')
    const controller = new AbortController()
    const request = { messages: [{ role: 'user' as const, content: questions[0]?.text ?? '' }] }
    const answer = engines.lexical.generate(request, { signal: controller.signal })
    await answer.next()
    controller.abort()
    expect(isAbort(await drained(answer).catch((e: unknown) => e))).toBe(true)
  })
})

async function ask(
  engine: Engine,
  asked: string | readonly { role: 'system' | 'user' | 'assistant'; content: string }[],
  options: { maxOutputTokens?: number } = {}
): Promise<{ said: string[]; outcome: EngineOutcome }> {
  const messages = typeof asked === 'string' ? [{ role: 'user' as const, content: asked }] : asked
  return drained(engine.generate({ messages, ...options }, { signal }))
}

async function drained(
  answer: ReturnType<Engine['generate']>
): Promise<{ said: string[]; outcome: EngineOutcome }> {
  const said: string[] = []
  for (;;) {
    const { done, value } = await answer.next()
    if (done === true) return { said, outcome: value }
    said.push(value.text)
  }
}

function toPassage(draft: SampleDraft, index: number): EnginePassage {
  const { title, text, sourceUrl } = draft
  const contributor = `0x${index.toString(16).padStart(40, '0')}`
  const contribution = `contribution-${index}`
  return { contribution, contributor, title, text, sourceUrl, order: index + 1 }
}
