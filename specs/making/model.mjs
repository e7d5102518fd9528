// 06-model: card, offer, price.
import { chainKey, datanetId, foundingManifest, policy } from './manifest.mjs'
import {
  account,
  CHAIN_ID,
  cidOf,
  ESCROW,
  encode,
  fill,
  hex,
  invalid,
  json,
  NOW_MS,
  POOL,
  peer,
  REGISTRY,
  seal,
  sha256,
  someCid,
  TOKEN,
  text,
  utf8,
  wei,
  without
} from './tools.mjs'

const WEEK_MS = 604_800_000
const TEN_MINUTES_MS = 600_000

export const OPERATOR = account(7)
export const RECEIPT_SIGNER = account(8)
export const BUILDER = account(6)

export const payment = {
  chainId: CHAIN_ID,
  escrow: hex(ESCROW),
  pool: hex(POOL),
  registry: hex(REGISTRY),
  token: hex(TOKEN),
  operator: hex(OPERATOR.address),
  receiptSigner: hex(RECEIPT_SIGNER.address),
  auditor: hex(`0x${chainKey}`),
  withdrawDelayS: 86_400
}

export async function cardRecord() {
  return {
    version: 1,
    name: 'sea-words',
    description: 'Answers about what sailors say.',
    engine: 'retrieval',
    artefact: cidOf(utf8('an index'), 0x55),
    revisions: [{ datanet: datanetId, revision: someCid(2) }],
    topics: ['sailing'],
    languages: ['en'],
    builder: hex(BUILDER.address),
    issuer: (await peer(1)).id,
    tokenizer: 'o200k_base',
    evaluation: {
      method: 'held-out/1',
      questions: 40,
      answered: 31,
      falseAnswers: 1
    },
    seq: NOW_MS
  }
}

export async function offerRecord() {
  return {
    version: 1,
    model: cidOf(encode(await cardRecord())),
    provider: (await peer(1)).id,
    payment,
    price: {
      callWei: wei(10n ** 15n),
      inputTokenWei: wei(10n ** 12n),
      outputTokenWei: wei(2n * 10n ** 12n)
    },
    openWei: wei(10n ** 15n + 512n * 10n ** 12n),
    maxChunkWei: wei(10n ** 14n),
    policy,
    maxInputBytes: 65_536,
    maxOutputTokens: 1_024,
    seq: NOW_MS,
    expiresAtMs: NOW_MS + TEN_MINUTES_MS
  }
}

async function sealed(domain, record) {
  const body = encode(record)
  return { body, data: await seal(domain, body, await peer(1)) }
}

async function shown(domain, name, record) {
  const { body, data } = await sealed(domain, record)
  return {
    name,
    seed: text(fill(32, 1)),
    input: json(record),
    body: text(body),
    cid: cidOf(body).toString(),
    bytes: text(data),
    nowMs: NOW_MS
  }
}

export async function card() {
  const DOMAIN = 'datanet/card/1'
  const record = await cardRecord()
  const good = await sealed(DOMAIN, record)
  const bad = async (name, change) =>
    invalid(
      'CARD-R1',
      name,
      (await sealed(DOMAIN, { ...record, ...change })).data,
      'RECORD_MALFORMED',
      {
        nowMs: NOW_MS
      }
    )
  return {
    valid: [
      await shown(DOMAIN, 'without a base', record),
      await shown(DOMAIN, 'with a base', { ...record, engine: 'llama', base: 'some/base-model' }),
      await shown(DOMAIN, 'with an adapter', {
        ...record,
        engine: 'openai',
        base: 'some/base-model',
        adapter: {
          cid: someCid(3),
          rank: 16,
          canary: { prompt: 'What is a bow?', answer: sha256(utf8('The front of a boat.')) }
        }
      })
    ],
    invalid: [
      await bad('capitals in the name', { name: 'Sea' }),
      await bad('a name that ends in a dash', { name: 'sea-' }),
      await bad('no revision', { revisions: [] }),
      await bad('an adapter of no rank', { adapter: { cid: someCid(3), rank: 0 } }),
      await bad('a canary without an answer', {
        adapter: { cid: someCid(3), rank: 16, canary: { prompt: 'What is a bow?' } }
      }),
      await bad('another tokenizer', { tokenizer: 'cl100k_base' }),
      await bad('a fraction in the evaluation', {
        evaluation: { ...record.evaluation, answered: 0.5 }
      }),
      invalid(
        'CARD-R2',
        'sealed by another peer',
        await seal(DOMAIN, good.body, await peer(2)),
        'SIGNER_UNEXPECTED',
        { nowMs: NOW_MS }
      ),
      invalid('CARD-R3', 'from the future', good.data, 'RECORD_FROM_FUTURE', {
        nowMs: NOW_MS - 300_001
      }),
      invalid('CARD-R4', 'a week and a bit old', good.data, 'RECORD_EXPIRED', {
        nowMs: NOW_MS + WEEK_MS + 1
      }),
      invalid(
        'ENVELOPE-R2',
        'sealed as an offer',
        await seal('datanet/offer/1', good.body, await peer(1)),
        'RECORD_MALFORMED',
        { nowMs: NOW_MS }
      )
    ]
  }
}

export async function offer() {
  const DOMAIN = 'datanet/offer/1'
  const record = await offerRecord()
  const nothing = wei(0)
  const free = {
    ...record,
    price: { callWei: nothing, inputTokenWei: nothing, outputTokenWei: nothing },
    openWei: nothing,
    maxChunkWei: nothing
  }
  const good = await sealed(DOMAIN, record)
  const bad = async (name, change) =>
    invalid(
      'OFFER-R1',
      name,
      (await sealed(DOMAIN, { ...record, ...change })).data,
      'RECORD_MALFORMED',
      { nowMs: NOW_MS }
    )
  const floor = (name, change, error) => ({
    name,
    policy: { ...policy, ...change },
    ...(error === undefined ? {} : { requirement: 'OFFER-R5', error })
  })
  const poor = { royaltyPpm: 0 }
  const generous = { contributorsPpm: 800_000, builderPpm: 0 }
  const several = [
    ['the highest of two', [{}, poor], {}],
    ['a mean of two', [{}, poor], { royaltyPpm: 150_000 }, 'ROYALTY_TOO_LOW'],
    ['the second is the dearer', [poor, {}], { royaltyPpm: 299_999 }, 'ROYALTY_TOO_LOW'],
    ['the highest of each part', [{}, { ...poor, ...generous }], generous],
    ['the highest of one part only', [{}, { ...poor, ...generous }], {}, 'ROYALTY_TOO_LOW']
  ]
  return {
    valid: [
      await shown(DOMAIN, 'priced', record),
      await shown(DOMAIN, 'free', free),
      await shown(DOMAIN, 'with warm adapters', {
        ...record,
        adapters: { maxRank: 64, warm: [someCid(3), someCid(4)] }
      })
    ],
    invalid: [
      await bad('a life over ten minutes', { expiresAtMs: NOW_MS + TEN_MINUTES_MS + 1 }),
      await bad('a withdrawal at once', { payment: { ...payment, withdrawDelayS: 0 } }),
      await bad('a chain key of 31 bytes', { payment: { ...payment, auditor: fill(31, 1) } }),
      await bad('an amount as a number', { openWei: 1 }),
      await bad('more warm adapters than are told', {
        adapters: { maxRank: 64, warm: Array.from({ length: 65 }, () => someCid(3)) }
      }),
      invalid(
        'OFFER-R1',
        'no payment',
        (await sealed(DOMAIN, without(record, 'payment'))).data,
        'RECORD_MALFORMED',
        { nowMs: NOW_MS }
      ),
      invalid(
        'AMOUNT-R1',
        'an amount with a leading zero',
        (await sealed(DOMAIN, { ...record, openWei: Uint8Array.of(0, 1) })).data,
        'RECORD_NOT_CANONICAL',
        { nowMs: NOW_MS }
      ),
      invalid(
        'OFFER-R2',
        'sealed by another peer',
        await seal(DOMAIN, good.body, await peer(2)),
        'SIGNER_UNEXPECTED',
        { nowMs: NOW_MS }
      ),
      invalid('OFFER-R3', 'from the future', good.data, 'RECORD_FROM_FUTURE', {
        nowMs: NOW_MS - 300_001
      }),
      invalid('OFFER-R4', 'past its expiry', good.data, 'OFFER_EXPIRED', {
        nowMs: NOW_MS + TEN_MINUTES_MS + 1
      })
    ],
    floor: {
      manifest: json(foundingManifest),
      cases: [
        floor('what the Datanet asks', {}),
        floor('more', { royaltyPpm: 300_001 }),
        floor('less royalty', { royaltyPpm: 299_999 }, 'ROYALTY_TOO_LOW'),
        floor(
          'less of it for contributors',
          { contributorsPpm: 699_999, builderPpm: 100_001 },
          'ROYALTY_TOO_LOW'
        )
      ],
      several: several.map(([name, asked, change, error]) => ({
        ...floor(name, change, error),
        asked: asked.map((one) => ({ ...policy, ...one }))
      }))
    }
  }
}

export async function price() {
  const { price: asked } = await offerRecord()
  const amount = ({ inputTokens, outputTokens }) =>
    asked.callWei.amount +
    asked.inputTokenWei.amount * BigInt(inputTokens) +
    asked.outputTokenWei.amount * BigInt(outputTokens)
  const usages = [
    { inputTokens: 0, outputTokens: 0 },
    { inputTokens: 12, outputTokens: 345 },
    { inputTokens: 16_384, outputTokens: 1_024 }
  ]
  return {
    price: json(asked),
    valid: usages.map((usage) => ({
      usage,
      priceWei: amount(usage).toString(),
      royaltyPpm: 333_333,
      royaltyWei: ((amount(usage) * 333_333n) / 1_000_000n).toString()
    })),
    // Written down, not computed here: figures of the public vocabulary that both sides must meet.
    tokens: [
      { text: '', tokens: 0 },
      { text: 'hello world', tokens: 2 },
      { text: 'The bow is the front of a boat.', tokens: 9 },
      { text: '<|endoftext|>', tokens: 7 }
    ],
    running: [
      { chunks: ['The bow is', ' the front of a boat.'], tokens: [3, 9] },
      { chunks: ['hello worl', 'd', '!'], tokens: [3, 3, 3] }
    ]
  }
}

/** Tool calls as the text that an answer ends with, and forms that ask for them. */
export function toolCalls() {
  const line = (call) => `\u001e${JSON.stringify(call)}\n`
  const tide = { id: 'a', name: 'tide', arguments: '{"at":"noon"}' }
  const wind = { id: 'b', name: 'wind', arguments: 'not JSON' }
  const form = (name, value, error) => ({
    name,
    form: typeof value === 'string' ? value : JSON.stringify(value),
    ...(error === undefined ? {} : { requirement: 'FORM-R1', error })
  })
  const none = 'INPUT_INVALID'
  const tools = [{ name: 'tide', description: 'in or out', parameters: { type: 'object' } }]
  return {
    valid: [
      { name: 'no call', text: 'The bow.', content: 'The bow.', toolCalls: [] },
      { name: 'one call', text: line(tide), content: '', toolCalls: [tide] },
      {
        name: 'words and two calls',
        text: `Let me see.${line(tide)}${line(wind)}`,
        content: 'Let me see.',
        toolCalls: [tide, wind]
      }
    ],
    invalid: [
      ['no line feed', `\u001e${JSON.stringify(tide)}`],
      ['no JSON', '\u001etide\n'],
      ['no id', line({ name: 'tide', arguments: '{}' })],
      ['a name with a space', line({ ...tide, name: 'the tide' })],
      ['arguments that are no text', line({ ...tide, arguments: {} })]
    ].map(([name, text]) => ({
      name,
      requirement: 'TOOLS-R1',
      text,
      error: 'RECORD_MALFORMED'
    })),
    forms: [
      form('a tool', { tools }),
      form('a choice', { tools, toolChoice: { name: 'tide' } }),
      form('a schema', { json: { name: 'tide', schema: { type: 'object' }, strict: true } }),
      form('any JSON', { json: {} }),
      form('no JSON', 'tools', none),
      form('no tool', { tools: [] }, none),
      form('a name with a space', { tools: [{ name: 'the tide' }] }, none),
      form('a choice of another', { tools, toolChoice: { name: 'wind' } }, none),
      form('a choice of nothing', { toolChoice: 'required' }, none),
      form('another key', { grammar: 'x' }, none)
    ]
  }
}
