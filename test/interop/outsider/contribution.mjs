// Chapter 04: a contribution, and what its schema says that it holds.
import { cidOf, decode, digestOf, encode, LIMITS, refuse } from './codec.mjs'
import {
  address,
  atMs,
  bytes,
  cid,
  count,
  int,
  is,
  label,
  list,
  map,
  matching,
  optional,
  record,
  text
} from './fields.mjs'
import { demandSigner, digest, open, RECORDS, sign, unwrap } from './signing.mjs'

const url = {
  read: (value) => {
    const isUrl = typeof value === 'string' && value.length <= 2048 && URL.canParse(value)
    return isUrl ? value : refuse('RECORD_MALFORMED', 'no absolute URL')
  },
  write: (value) => value
}

const words = text(LIMITS.contributionTextBytes)

/** One of several maps: the first whose fields it has. */
const either = (...types) => ({
  read: (value) => {
    for (const type of types) {
      try {
        return type.read(value)
      } catch {}
    }
    return refuse('RECORD_MALFORMED', 'none of the forms')
  },
  write: (value) => {
    for (const type of types) {
      try {
        const written = type.write(value)
        type.read(written)
        return written
      } catch {}
    }
    return refuse('RECORD_MALFORMED', 'none of the forms')
  }
})

const tuple = (type, length) => list(type, length, length)

export const contents = {
  'text/1': map({ title: label, text: words }),
  'qa/1': map({ question: words, answer: words }),
  'dialogue/1': map({
    title: optional(label),
    turns: list(map({ role: is('user', 'assistant'), text: words }), 2, LIMITS.turns)
  }),
  'label/1': map(
    { text: words, label, labels: optional(list(label, 2, LIMITS.labels)) },
    (c) => c.labels === undefined || c.labels.includes(c.label)
  ),
  'correction/1': map({
    of: either(map({ contribution: cid }), map({ receipt: bytes(16) })),
    question: optional(words),
    wrong: optional(words),
    right: words
  }),
  'preference/1': either(
    map({ question: words, answers: tuple(words, 2), better: int(0, 1), reason: optional(words) }),
    map({ question: words, answer: words, rating: int(1, 5), reason: optional(words) })
  ),
  'file/1': map({
    file: cid,
    mime: matching(/^(?=.{3,256}$)[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/),
    name: label,
    bytes: int(1, LIMITS.contentBytes),
    caption: optional(words)
  })
}

const ofSchema = (schema) =>
  record({
    version: is(1),
    datanet: cid,
    schema: is(schema),
    content: contents[schema],
    language: matching(/^(?=.{2,256}$)[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/),
    licence: label,
    author: optional(label),
    sourceUrl: optional(url),
    tags: optional(list(label, 1, LIMITS.tags)),
    bounty: optional(cid),
    origin: is('direct', 'interaction', 'message'),
    contributor: address,
    consent: map({ digest: bytes(32), atMs, interaction: optional(label) }),
    salt: bytes(16),
    createdAtMs: atMs
  })
const bySchema = Object.fromEntries(Object.keys(contents).map((one) => [one, ofSchema(one)]))

/** A record whose schema says what it holds. */
export const contribution = {
  decode: (wire) => {
    const { schema } = decode(wire) ?? {}
    if (!Object.hasOwn(bySchema, `${schema}`)) refuse('RECORD_MALFORMED', 'an unknown schema')
    return bySchema[schema].decode(wire)
  },
  encode: (value) => bySchema[value.schema].encode(value)
}

const oneLine = (said) => said.replace(/\s+/g, ' ').trim()

function line(said) {
  let cut = ''
  for (const point of oneLine(said)) {
    if (Buffer.byteLength(cut + point) > LIMITS.labelBytes) break
    cut += point
  }
  return cut
}

const reply = (question, answer) =>
  line(question) === oneLine(question) ? answer : `${question}\n\n${answer}`

const PASSAGES = {
  'text/1': (c) => ({ title: c.title, text: c.text }),
  'qa/1': (c) => ({ title: line(c.question), text: reply(c.question, c.answer) }),
  'dialogue/1': ({ title, turns }) => {
    const first = turns.find(({ role }) => role === 'user') ?? turns[0]
    const said = turns.map((t) => `${t.role === 'user' ? 'User' : 'Assistant'}: ${t.text}`)
    return { title: title ?? line(first.text), text: said.join('\n\n') }
  },
  'label/1': (c) => ({ title: c.label, text: c.text }),
  'correction/1': ({ question, right }) => ({
    title: line(question ?? right),
    text: question === undefined ? right : reply(question, right)
  }),
  'preference/1': (c) => {
    const answer = c.answers ? c.answers[c.better] : c.rating > 3 && c.answer
    return { title: line(c.question), text: answer ? reply(c.question, answer) : '' }
  },
  'file/1': (c) => ({ title: c.name, text: c.caption ?? '' })
}

/** What engines read of a contribution. */
export const passageOf = ({ schema, content }) => PASSAGES[schema](content)

export const submissionReceipt = record({
  version: is(1),
  datanet: cid,
  contribution: cid,
  order: int(1),
  cluster: optional(cid),
  takenAtMs: atMs
})

export const submissionQuery = record({
  version: is(1),
  datanet: cid,
  account: address,
  contribution: optional(cid),
  after: count,
  askedAtMs: atMs
})

/** A host's receipt, and the peer whose word it is. */
export async function readSubmissionReceipt(sealed) {
  const { payload, signer: host } = await open(sealed, 'datanet/submission/1')
  return { value: submissionReceipt.decode(payload), host }
}

const queryDigest = (value, body) =>
  digest(RECORDS, 'SubmissionQuery', {
    datanet: digestOf(value.datanet),
    account: value.account,
    query: digestOf(cidOf(body))
  })

/** A question for where an account's contributions stand, signed by it. */
export function signQuery(value, secretKey) {
  const body = submissionQuery.encode(value)
  return encode({ body, signature: sign(secretKey, queryDigest(value, body)) })
}

/** The same as a host reads it. */
export function readQuery(bytesOfIt, nowMs) {
  const { body, signatures } = unwrap(bytesOfIt, 'signature')
  const value = submissionQuery.decode(body)
  demandSigner(queryDigest(value, body), signatures[0], value.account)
  if (value.askedAtMs > nowMs + LIMITS.clockSkewMs) refuse('RECORD_FROM_FUTURE', 'asked ahead')
  if (value.askedAtMs < nowMs - LIMITS.clockSkewMs) refuse('RECORD_EXPIRED', 'asked long ago')
  return value
}
