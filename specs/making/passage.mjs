// 04-passage: what engines read of a contribution, and by what words a host knows it again.
import { contents, contributionRecord } from './contribution.mjs'
import { json, text } from './tools.mjs'

const ROLES = { user: 'User', assistant: 'Assistant' }
const GOOD = 4

const oneLine = (words) => words.replace(/\s+/g, ' ').trim()

function line(words) {
  let cut = ''
  for (const point of oneLine(words)) {
    if (Buffer.byteLength(cut + point) > 256) break
    cut += point
  }
  return cut
}

const reply = (question, answer) =>
  line(question) === oneLine(question) ? answer : `${question}\n\n${answer}`

const PASSAGES = {
  'text/1': ({ title, text: words }) => [title, words],
  'qa/1': ({ question, answer }) => [line(question), reply(question, answer)],
  'dialogue/1': ({ title, turns }) => [
    title ?? line((turns.find(({ role }) => role === 'user') ?? turns[0]).text),
    turns.map((turn) => `${ROLES[turn.role]}: ${turn.text}`).join('\n\n')
  ],
  'label/1': ({ label, text: words }) => [label, words],
  'correction/1': ({ question, right }) => [
    line(question ?? right),
    question === undefined ? right : reply(question, right)
  ],
  'preference/1': ({ question, answers, better, answer, rating }) => {
    if (answers !== undefined) return [line(question), reply(question, answers[better])]
    return [line(question), rating >= GOOD ? reply(question, answer) : '']
  },
  'file/1': ({ name, caption }) => [name, caption ?? '']
}

const SAID = {
  'text/1': (c) => [c.text],
  'qa/1': (c) => [c.question, c.answer],
  'dialogue/1': (c) => c.turns.flatMap((turn) => [turn.role, turn.text]),
  'label/1': (c) => [c.text, c.label],
  'correction/1': ({ of, question = '', right }) => [
    of.contribution?.toString() ?? text(of.receipt),
    question,
    right
  ],
  'preference/1': (c) =>
    c.answers === undefined
      ? [c.question, c.answer, `${c.rating}`]
      : [c.question, ...c.answers, `${c.better}`],
  'file/1': (c) => [c.file.toString()]
}

const contributor = contributionRecord.contributor.text

function saidWords(schema, content) {
  const words = SAID[schema](content).map((one) => oneLine(one.toLowerCase()))
  const isJudgement = schema === 'label/1' || schema === 'preference/1'
  return [schema, ...(isJudgement ? [contributor] : []), ...words].join('\n')
}

export function passage() {
  const long = `How long is\n${'a very '.repeat(36)}éé long question?`
  const more = [
    ['text/1', { title: 'Bow ', text: ' The  Bow\n is İn\u00a0front.\t' }],
    ['qa/1', { question: long, answer: 'So long.' }],
    ['qa/1', { question: ' What?\n', answer: 'That.' }],
    ['qa/1', { question: 'é'.repeat(129), answer: 'Two bytes each.' }],
    ['qa/1', { question: '𝄞'.repeat(65), answer: 'Four bytes each.' }],
    [
      'dialogue/1',
      {
        turns: [
          { role: 'assistant', text: 'Ahoy.' },
          { role: 'assistant', text: 'Nobody?' }
        ]
      }
    ],
    ['preference/1', { question: long, answer: 'So long.', rating: 5 }]
  ]
  const all = [
    ...Object.entries(contents).flatMap(([schema, list]) => list.map((one) => [schema, one])),
    ...more
  ]
  return {
    contributor,
    cases: all.map(([schema, content]) => {
      const [title, words] = PASSAGES[schema](content)
      return {
        requirement: 'PASSAGE-R1',
        schema,
        content: json(content),
        passage: { title, text: words },
        words: saidWords(schema, content)
      }
    }),
    same: [
      {
        requirement: 'SUBMISSION-R3',
        schema: 'text/1',
        first: { title: 'Bow', text: 'The bow\nis in  front.' },
        second: { title: 'Another title', text: ' the BOW is in front. ' },
        error: 'CONTRIBUTION_DUPLICATE'
      },
      {
        requirement: 'SUBMISSION-R3',
        schema: 'qa/1',
        first: { question: 'What?', answer: 'That.' },
        second: { question: 'WHAT?', answer: 'that. ' },
        error: 'CONTRIBUTION_DUPLICATE'
      }
    ]
  }
}
