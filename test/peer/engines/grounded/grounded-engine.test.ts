import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGround } from '../../../../peer/engines/attribution/ground.ts'
import type { Engine, EngineRequest } from '../../../../peer/engines/engine.ts'
import { createGroundedEngine } from '../../../../peer/engines/grounded/grounded-engine.ts'
import { readCorpus } from '../../../../peer/engines/retrieval/corpus.ts'
import {
  buildRetrievalIndex,
  loadRetrievalIndex,
  type RetrievalIndex
} from '../../../../peer/engines/retrieval/retrieval-index.ts'
import { createUpstreamModel } from '../../../../peer/engines/upstream/upstream-model.ts'
import { isAbort } from '../../../../protocol/base/errors.ts'
import { tokensOf } from '../../../../protocol/model/price.ts'
import { readAnswer } from '../../../../protocol/model/tool-calls.ts'
import { coverageCredits } from '../../../../protocol/receipt/attribution.ts'
import {
  type Asked,
  createModelServer,
  type ModelServer,
  type Said
} from '../../../fixtures/model-server.ts'
import { QUESTION, TEXTS } from '../../../fixtures/world-texts.ts'

const { signal } = new AbortController()
const passages = TEXTS.map(({ title, text }, index) => ({
  contribution: `c${index}`,
  contributor: `0x${`${index + 1}`.padStart(40, '0')}`,
  title,
  text
}))
const owners = new Map(passages.map((one) => [one.contribution, one.contributor]))
const ground = createGround(readCorpus(passages))
let index: RetrievalIndex
let server: ModelServer
let engine: Engine
let says: (asked: Asked) => Said

beforeAll(async () => {
  index = loadRetrievalIndex(
    await buildRetrievalIndex(passages, { signal, embedder: false }),
    passages
  )
  server = await createModelServer({ base: 'tiny', say: (asked) => says(asked) })
  const upstream = { name: 'here', kind: 'openai' as const, base: 'tiny', url: server.url }
  engine = createGroundedEngine(
    { index, text: createUpstreamModel(upstream), ground },
    { datanet: 'Crafts', countTokens: tokensOf }
  )
})
afterAll(() => server?.stop())

async function ask(request: Partial<EngineRequest> = {}, until = signal) {
  const messages = [{ role: 'user' as const, content: QUESTION }]
  const generation = engine.generate({ messages, ...request }, { signal: until })
  const chunks: string[] = []
  for (;;) {
    const step = await generation.next()
    if (step.done === true) return { said: chunks.join(''), chunks, outcome: step.value }
    chunks.push(step.value.text)
  }
}

const creditsOf = (said: string) => coverageCredits(ground.attribute(said), owners)
const contentOf = ({ messages }: Asked) => messages[0]?.content ?? ''

test('the model answers from what search found, and its words decide whose they are', async () => {
  says = (asked) => {
    expect(contentOf(asked)).toContain('<contribution number="1">\nSourdough starter\n')
    return { text: 'Feed the starter with equal weights of fresh flour and water every day [1].' }
  }
  const { said, outcome } = await ask()
  expect(said).toBe('Feed the starter with equal weights of fresh flour and water every day [1].')
  expect(outcome).toMatchObject({ outcome: 'answered', truncated: false })
  expect(outcome.citations).toEqual([
    { contribution: 'c0', title: 'Sourdough starter', quote: said.replace(' [1]', '') }
  ])
  expect(creditsOf(said)).toEqual([
    { contribution: 'c0', account: passages[0]?.contributor, basis: 'span', ppm: 1_000_000 }
  ])
})

test('what the model cites earns nothing unless its words rest on it', async () => {
  says = () => ({ text: 'Bread was invented by the moon [1].' })
  const { said, outcome } = await ask()
  expect(outcome.citations.map(({ contribution }) => contribution)).toEqual(['c0'])
  expect(creditsOf(said)).toEqual([{ basis: 'unattributed', ppm: 1_000_000 }])
})

test('an answer without marks cites what its words rest on; a short line counts as a sentence', async () => {
  says = () => ({ text: 'Flour and water every day' })
  const { said, outcome } = await ask()
  expect(outcome.citations.map(({ contribution }) => contribution)).toEqual(['c0'])
  expect(creditsOf(said)[0]).toMatchObject({ contribution: 'c0' })
})

test('a cut answer credits what was delivered of it, and no more', async () => {
  const second = 'A honey bee swarm is an old queen with half of the workers of a hive.'
  says = () => ({ text: `Feed the starter with equal weights of fresh flour. ${second}` })
  await ask()
  const shown = creditsOf('Feed the starter with equal weights')
  expect(shown).toMatchObject([{ contribution: 'c0', ppm: 1_000_000 }])
})

test('what the Datanet does not hold is not asked for; and the model may say so itself', async () => {
  const before = server.asked.length
  const { said, outcome } = await ask({
    messages: [{ role: 'user', content: 'Who won the chess olympiad of 1972?' }]
  })
  expect(outcome.outcome).toBe('abstained')
  expect(server.asked).toHaveLength(before)
  says = () => ({ text: said })
  const own = await ask()
  expect(own.outcome).toMatchObject({ outcome: 'abstained', citations: [] })
  expect(creditsOf(said)).toEqual([{ basis: 'unattributed', ppm: 1_000_000 }])
})

test('a bound holds by the public tokenizer, whatever the server counts', async () => {
  says = () => ({ text: 'word '.repeat(200).trim() })
  const { said, outcome } = await ask({ maxOutputTokens: 20 })
  expect(outcome.truncated).toBe(true)
  expect(tokensOf(said)).toBeLessThanOrEqual(20)
  expect(tokensOf(said)).toBeGreaterThan(15)
  expect(server.asked.at(-1)?.max_tokens).toBe(20)
})

test('tools and schemas reach the model even where the Datanet knows nothing', async () => {
  says = () => ({
    text: 'One\u001e moment.',
    calls: [{ name: 'score', arguments: '{"year":1972}' }]
  })
  const messages = [{ role: 'user' as const, content: 'Who won the chess olympiad of 1972?' }]
  const { said, outcome } = await ask({ messages, form: { tools: [{ name: 'score' }] } })
  expect(readAnswer(said)).toEqual({
    content: 'One moment.',
    toolCalls: [{ id: 'call-0', name: 'score', arguments: '{"year":1972}' }]
  })
  expect(outcome.outcome).toBe('answered')
  says = () => ({ text: '{"answer":"equal weights of fresh flour and water every day"}' })
  const structured = await ask({ form: { json: { schema: { type: 'object' } } } })
  expect(JSON.parse(structured.said)).toEqual({
    answer: 'equal weights of fresh flour and water every day'
  })
  expect(creditsOf(structured.said)[0]).toMatchObject({ contribution: 'c0' })
})

test('a tool call that does not fit is left out whole', async () => {
  says = () => ({ text: 'So.', calls: [{ name: 'score', arguments: 'x '.repeat(60) }] })
  const { said, outcome } = await ask({ form: { tools: [{ name: 'score' }] }, maxOutputTokens: 12 })
  expect([said, outcome.truncated]).toEqual(['So.', true])
})

test('a model that says nothing, or never stops a word, has failed', async () => {
  says = () => ({ text: '' })
  await expect(ask()).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    details: { reason: 'no text' }
  })
  says = () => ({ text: 'x'.repeat(2_100) })
  await expect(ask()).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    details: { reason: 'endless run' }
  })
  says = () => ({ text: 'Good.' })
  const system = [{ role: 'system' as const, content: 'Be kind.' }]
  await expect(ask({ messages: system })).rejects.toMatchObject({ code: 'INPUT_INVALID' })
})

test('a caller that leaves gets what was said accounted for; before that, the abort passes', async () => {
  says = () => ({ text: 'Feed the starter with equal weights of fresh flour. '.repeat(50) })
  const leaving = new AbortController()
  const messages = [{ role: 'user' as const, content: QUESTION }]
  const generation = engine.generate({ messages }, { signal: leaving.signal })
  const first = (await generation.next()).value as { text: string }
  leaving.abort()
  let step = await generation.next()
  while (step.done !== true) step = await generation.next()
  expect(creditsOf(first.text)).toMatchObject([{ contribution: 'c0' }])
  expect(isAbort(await ask({}, leaving.signal).catch((error) => error))).toBe(true)
})

test('a server that counts very differently is noted, and nothing is billed by it', async () => {
  expect(engine.describe()).toMatchObject({
    kind: 'openai',
    base: 'tiny',
    notes: expect.any(Array)
  })
  expect(engine.describe().notes).not.toContain('USAGE_DIFFERS')
  const counting = await createModelServer({
    base: 'tiny',
    misbehave(_, response) {
      const choices = [{ message: { content: 'Feed it.' }, finish_reason: 'stop' }]
      const usage = { prompt_tokens: 1, completion_tokens: 9_000 }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ choices, usage }))
      return true
    }
  })
  const upstream = { name: 'here', kind: 'openai' as const, base: 'tiny', url: counting.url }
  const other = createGroundedEngine(
    { index, text: createUpstreamModel(upstream), ground },
    { datanet: 'Crafts', countTokens: tokensOf }
  )
  const messages = [{ role: 'user' as const, content: QUESTION }]
  for await (const _ of other.generate({ messages }, { signal }));
  expect(other.describe().notes).toContain('USAGE_DIFFERS')
  await counting.stop()
})
