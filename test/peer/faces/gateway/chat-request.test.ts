import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseChatRequest } from '../../../../peer/faces/gateway/chat-request.ts'

const MESSAGES = [{ role: 'user', content: 'hello' }]
const CHAT = { model: 'm', messages: MESSAGES }

test('takes text, text parts, and developer messages as system ones', () => {
  const parts = [
    { type: 'text', text: 'Hel' },
    { type: 'text', text: 'lo' }
  ]
  const messages = [
    { role: 'developer', content: 'be short' },
    { role: 'user', content: parts }
  ]
  expect(parseChatRequest({ model: 'm', messages }).messages).toEqual([
    { role: 'system', content: 'be short' },
    { role: 'user', content: 'Hello' }
  ])
})

test('either name of the token bound is taken, the newer one first', () => {
  expect(parseChatRequest({ ...CHAT, max_tokens: 5 }).maxOutputTokens).toBe(5)
  const both = { ...CHAT, max_tokens: 5, max_completion_tokens: 6 }
  expect(parseChatRequest(both).maxOutputTokens).toBe(6)
  expect(parseChatRequest(CHAT)).not.toHaveProperty('maxOutputTokens')
})

// GATEWAY-R2
test('what only steers sampling is ignored, and empty lists of tools are no tools', () => {
  const steered = {
    ...CHAT,
    temperature: 0.2,
    top_p: 1,
    seed: 7,
    user: 'me',
    tools: [],
    stop: null
  }
  expect(parseChatRequest(steered)).toEqual({
    model: 'm',
    messages: MESSAGES,
    stream: false,
    includeUsage: false
  })
})

test.each([
  ['n', { n: 2 }],
  ['tools.0.type', { tools: [{ type: 'web_search' }] }],
  ['form.tools.0.name', { tools: [{ type: 'function', function: { name: 'no spaces' } }] }],
  [
    'form.toolChoice',
    {
      tools: [{ type: 'function', function: { name: 'f' } }],
      tool_choice: { type: 'function', function: { name: 'g' } }
    }
  ],
  ['functions', { functions: [{ name: 'f' }] }],
  ['response_format', { response_format: { type: 'grammar' } }],
  ['logprobs', { logprobs: true }],
  ['stop', { stop: ['\n'] }],
  ['modalities.1', { modalities: ['text', 'audio'] }],
  ['max_tokens', { max_tokens: 0 }],
  ['model', { model: '' }],
  ['messages', { messages: [] }],
  ['messages.0.role', { messages: [{ role: 'critic', content: 'x' }] }],
  ['messages.0.tool_call_id', { messages: [{ role: 'tool', content: 'x' }] }],
  ['messages.0.content', { messages: [{ role: 'assistant', content: null }] }],
  ['messages.0.content', { messages: [{ role: 'user', content: null }] }],
  ['messages.0.content', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }],
  ['x_datanet.maxWei', { x_datanet: { maxWei: '-1' } }]
])('refuses and names %s', (param, change) => {
  expect(() => parseChatRequest({ ...CHAT, ...change })).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', details: { param } })
  )
})

test('whatever JSON comes, it is a request or INPUT_INVALID', () => {
  const near = fc.record(
    { model: fc.jsonValue(), messages: fc.jsonValue(), stream: fc.jsonValue() },
    { requiredKeys: [] }
  )
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), near), (input) => {
      try {
        expect(parseChatRequest(input).messages.length).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toMatchObject({ code: 'INPUT_INVALID' })
      }
    })
  )
})
