import { z } from 'zod'
import { idSchema, method, methodOf, topicSchema, weiSchema } from './method.ts'
import { receiptSchema } from './money-schema.ts'

const MAX_MESSAGES = 256
const texts = z.array(z.string()).readonly()

const model = z.object({
  model: z.string(),
  name: z.string(),
  description: z.string(),
  engine: z.string(),
  base: z.exactOptional(z.string()),
  adapter: z.exactOptional(z.string()),
  datanets: texts,
  revisions: texts,
  topics: texts,
  builder: z.string(),
  issuer: z.string(),
  evaluation: z.object({ questions: z.int(), answered: z.int(), falseAnswers: z.int() }),
  notes: texts,
  withdrawn: z.exactOptional(texts),
  publishedAtMs: z.int()
})

const offer = z.object({
  offer: z.string(),
  model: z.string(),
  provider: z.string(),
  callWei: weiSchema,
  inputTokenWei: weiSchema,
  outputTokenWei: weiSchema,
  openWei: weiSchema,
  maxChunkWei: weiSchema,
  royaltyPpm: z.int(),
  isWarm: z.exactOptional(z.boolean()),
  expiresAtMs: z.int()
})

const listings = z.array(z.object({ model, offers: z.array(offer).readonly() })).readonly()

const recipe = z.strictObject({
  datanet: idSchema,
  name: z.string().max(256),
  description: z.string().max(4_096),
  account: idSchema,
  upstream: z.exactOptional(z.string().min(1).max(256)),
  adapter: z.exactOptional(z.string().min(1).max(4_096))
})

const terms = z.strictObject({
  model: idSchema,
  account: idSchema,
  callWei: weiSchema,
  inputTokenWei: weiSchema,
  outputTokenWei: weiSchema,
  timeoutMs: z.exactOptional(z.int().min(100).max(110_000))
})

const question = z.strictObject({
  model: idSchema,
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['system', 'user', 'assistant', 'tool']),
        content: z.string(),
        toolCallId: z.exactOptional(z.string().min(1).max(256))
      })
    )
    .max(MAX_MESSAGES)
    .readonly(),
  maxWei: z.exactOptional(weiSchema),
  maxOutputTokens: z.exactOptional(z.int().positive()),
  form: z.exactOptional(z.string().max(65_536)),
  retry: z.exactOptional(z.boolean()),
  publishAs: z.exactOptional(idSchema)
})

const citation = z.object({
  mark: z.int(),
  contribution: z.string(),
  title: z.string(),
  sourceUrl: z.exactOptional(z.string())
})

const askEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), callId: z.string(), provider: z.string() }),
  z.object({ type: z.literal('chunk'), text: z.string(), costWei: weiSchema }),
  z.object({ type: z.literal('retrying'), provider: z.string(), code: z.string() }),
  z.object({
    type: z.literal('done'),
    receipt: receiptSchema,
    citations: z.array(citation).readonly(),
    unanswered: z.exactOptional(
      z.object({ bounties: z.array(z.string()).readonly(), code: z.exactOptional(z.string()) })
    )
  })
])

/** `models` of the PeerApi on the wire. */
export const modelsSchema = {
  build: methodOf('progress', 'recipe', recipe, model),
  adopt: methodOf('progress', 'model', idSchema, model),
  built: method('call', z.array(model).readonly()),
  serve: methodOf('call', 'terms', terms, offer),
  retire: methodOf('call', 'model', idSchema, z.object({ model: z.string() })),
  list: method('call', listings),
  search: methodOf('call', 'topic', topicSchema, listings),
  ask: methodOf('stream', 'question', question, askEvent)
}
