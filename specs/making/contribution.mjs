// 04-contribution: of every schema, what is none, and what a host admits.

import {
  CONSENT,
  datanetId,
  foundingManifest,
  RECORDS,
  STRANGER,
  secrets,
  shown
} from './manifest.mjs'
import {
  account,
  cidOf,
  digestOf,
  encode,
  encodeInOrder,
  fill,
  hex,
  invalid,
  json,
  NOW_MS,
  sha256,
  someCid,
  text,
  typedDigest,
  utf8,
  without
} from './tools.mjs'

const TYPE = 'Contribution(bytes32 datanet,bytes32 contribution,string licence,string origin)'
const CONTRIBUTOR = account(5)

export const contributionRecord = {
  version: 1,
  datanet: datanetId,
  schema: 'text/1',
  content: {
    title: 'Bow',
    text: 'The bow is the front of a boat. “Bug” in German, «proue» in French.'
  },
  language: 'en',
  licence: 'CC-BY-4.0',
  author: 'A. Sailor',
  sourceUrl: 'https://example.org/bow',
  tags: ['boats', 'words'],
  origin: 'direct',
  contributor: hex(CONTRIBUTOR.address),
  consent: { digest: sha256(utf8(CONSENT)), atMs: NOW_MS, interaction: '1309187340122456064' },
  salt: fill(16, 0x5a),
  createdAtMs: NOW_MS
}

export function signedContribution(record = contributionRecord, signer = CONTRIBUTOR) {
  const body = encode(record)
  const digest = typedDigest(RECORDS, TYPE, {
    datanet: digestOf(record.datanet),
    contribution: digestOf(cidOf(body)),
    licence: record.licence,
    origin: record.origin
  })
  const signature = signer.sign(digest)
  return { record, body, digest, signature, data: encode({ body, signature }) }
}

/** One content of every schema, and of every form that a schema has. */
export const contents = {
  'text/1': [contributionRecord.content],
  'qa/1': [{ question: 'What is the bow?', answer: 'The front of a boat.' }],
  'dialogue/1': [
    {
      title: 'About the bow',
      turns: [
        { role: 'user', text: 'What is the bow?' },
        { role: 'assistant', text: 'The front of a boat.' }
      ]
    },
    {
      turns: [
        { role: 'assistant', text: 'Ask me about boats.' },
        { role: 'user', text: 'What is\nthe  bow?' },
        { role: 'assistant', text: 'The front.' }
      ]
    }
  ],
  'label/1': [
    { text: 'Mind the boom!', label: 'warning', labels: ['warning', 'question'] },
    { text: 'Mind the boom!', label: 'warning' }
  ],
  'correction/1': [
    {
      of: { contribution: someCid(3) },
      question: 'What is the bow?',
      wrong: 'The back of a boat.',
      right: 'The front of a boat.'
    },
    { of: { receipt: fill(16, 7) }, right: 'The bow is in front.' }
  ],
  'preference/1': [
    {
      question: 'What is the bow?',
      answers: ['A weapon.', 'The front of a boat.'],
      better: 1,
      reason: 'It is about boats here.'
    },
    { question: 'What is the bow?', answer: 'The front of a boat.', rating: 4 },
    { question: 'What is the bow?', answer: 'A weapon.', rating: 3, reason: 'Not here.' }
  ],
  'file/1': [
    { file: someCid(4), mime: 'image/png', name: 'bow.png', bytes: 70_001, caption: 'A bow.' },
    { file: someCid(4), mime: 'image/png', name: 'bow.png', bytes: 70_001 }
  ]
}

export function contribution() {
  const plain = ['author', 'sourceUrl', 'tags'].reduce(without, {
    ...contributionRecord,
    consent: without(contributionRecord.consent, 'interaction')
  })
  const bare = signedContribution({ ...plain, origin: 'interaction', licence: 'CC0-1.0' })
  const full = signedContribution()
  const bad = (id, name, change, error) =>
    invalid(id, name, signedContribution({ ...contributionRecord, ...change }).data, error)
  const malformed = (name, change) => bad('CONTRIBUTION-R1', name, change, 'RECORD_MALFORMED')
  const refused = (requirement, name, change, error) => ({
    name,
    requirement,
    bytes: text(signedContribution({ ...contributionRecord, ...change }).data),
    error
  })
  return {
    accounts: secrets(5),
    valid: [
      { ...shown(full), name: 'with every field' },
      { ...shown(bare), name: 'with the required fields' },
      {
        ...shown(signedContribution({ ...contributionRecord, origin: 'interaction' })),
        name: 'typed into a form of who keeps the key',
        requirement: 'CONTRIBUTION-W2'
      },
      ...Object.entries(contents).flatMap(([schema, list]) =>
        list.map((content, i) => ({
          ...shown(signedContribution({ ...contributionRecord, schema, content })),
          name: `${schema}, form ${i + 1}`
        }))
      )
    ],
    invalid: [
      malformed('another schema', { schema: 'image/1' }),
      malformed('an empty text', { content: { title: 'Bow', text: '' } }),
      malformed('no content', { content: {} }),
      malformed('a content of another schema', { schema: 'qa/1' }),
      malformed('a content with more than its schema says', {
        content: { ...contributionRecord.content, note: 'x' }
      }),
      ...[
        ['a dialogue of one turn', 'dialogue/1', { turns: [{ role: 'user', text: 'Ahoy' }] }],
        [
          'a turn of nobody',
          'dialogue/1',
          { turns: ['user', 'system'].map((role) => ({ role, text: 'Ahoy' })) }
        ],
        [
          'a dialogue of 257 turns',
          'dialogue/1',
          { turns: Array.from({ length: 257 }, () => ({ role: 'user', text: 'Ahoy' })) }
        ],
        [
          'a label that is not of the labels',
          'label/1',
          { text: 'x', label: 'a', labels: ['b', 'c'] }
        ],
        ['a correction of nothing', 'correction/1', { of: {}, right: 'x' }],
        [
          'a correction of two things',
          'correction/1',
          { of: { contribution: someCid(3), receipt: fill(16, 7) }, right: 'x' }
        ],
        ['a receipt of 15 bytes', 'correction/1', { of: { receipt: fill(15, 7) }, right: 'x' }],
        ['a third answer', 'preference/1', { question: 'x', answers: ['a', 'b', 'c'], better: 0 }],
        ['the third of two', 'preference/1', { question: 'x', answers: ['a', 'b'], better: 2 }],
        ['a rating of six', 'preference/1', { question: 'x', answer: 'a', rating: 6 }],
        [
          'both forms of a preference',
          'preference/1',
          { question: 'x', answers: ['a', 'b'], better: 0, answer: 'a', rating: 1 }
        ],
        ['a media type in capitals', 'file/1', { ...contents['file/1'][1], mime: 'Image/PNG' }],
        ['a file of no bytes', 'file/1', { ...contents['file/1'][1], bytes: 0 }]
      ].map(([name, schema, content]) => malformed(name, { schema, content })),
      malformed('a language that is no tag', { language: 'English language' }),
      malformed('no tags at all', { tags: [] }),
      malformed('17 tags', { tags: Array.from({ length: 17 }, (_, i) => `tag ${i}`) }),
      malformed('another origin', { origin: 'scraped' }),
      malformed('a salt of 15 bytes', { salt: fill(15, 1) }),
      malformed('a source that is no URL', { sourceUrl: 'here' }),
      malformed('a date that is no integer', { createdAtMs: 'now' }),
      invalid(
        'CONTRIBUTION-R2',
        'another signer',
        signedContribution(contributionRecord, STRANGER).data,
        'SIGNATURE_INVALID'
      ),
      invalid(
        'CONTRIBUTION-R2',
        'one letter of the body changed',
        encode({
          body: encode({
            ...contributionRecord,
            content: { ...contributionRecord.content, title: 'Bows' }
          }),
          signature: full.signature
        }),
        'SIGNATURE_INVALID'
      ),
      invalid(
        'CONTRIBUTION-R2',
        'typed into a form, and called direct afterwards',
        encode({
          body: full.body,
          signature: signedContribution({ ...contributionRecord, origin: 'interaction' }).signature
        }),
        'SIGNATURE_INVALID'
      ),
      invalid(
        'CONTRIBUTION-R2',
        'the parity bit turned',
        encode({ body: full.body, signature: parityTurned(full.signature) }),
        'SIGNATURE_INVALID'
      ),
      invalid(
        'CODEC-R3',
        'a body with keys out of order',
        encode({
          body: encodeInOrder(Object.entries(contributionRecord)),
          signature: full.signature
        }),
        'RECORD_NOT_CANONICAL'
      )
    ],
    admission: {
      datanet: datanetId.toString(),
      manifest: json(admitting),
      nowMs: NOW_MS,
      accepted: [
        { name: 'five minutes ahead', change: { createdAtMs: NOW_MS + 300_000 } },
        { name: 'now', change: {} },
        { name: 'a kind of a language', change: { language: 'EN-gb' } },
        {
          name: 'a file of the greatest size',
          change: { schema: 'file/1', content: { ...contents['file/1'][0], bytes: 80_000 } }
        }
      ].map(({ name, change }) => ({
        name,
        bytes: text(signedContribution({ ...contributionRecord, ...change }).data)
      })),
      refused: [
        refused(
          'CONTRIBUTION-R3',
          'another Datanet',
          { datanet: someCid(1) },
          'CONTRIBUTION_INVALID'
        ),
        refused(
          'CONTRIBUTION-R3',
          'more than five minutes ahead',
          { createdAtMs: NOW_MS + 300_001 },
          'CONTRIBUTION_INVALID'
        ),
        refused(
          'CONTRIBUTION-R3',
          'consent to other words',
          { consent: { digest: fill(32, 0), atMs: NOW_MS } },
          'CONTRIBUTION_INVALID'
        ),
        refused(
          'CONTRIBUTION-R3',
          'a schema that is not listed',
          { schema: 'qa/1', content: contents['qa/1'][0] },
          'CONTRIBUTION_INVALID'
        ),
        refused('CONTRIBUTION-R4', 'another licence', { licence: 'MIT' }, 'LICENCE_REFUSED'),
        refused('CONTRIBUTION-R5', 'another language', { language: 'fr' }, 'LANGUAGE_REFUSED'),
        refused('CONTRIBUTION-R5', 'a longer word', { language: 'eng' }, 'LANGUAGE_REFUSED'),
        refused(
          'CONTRIBUTION-R5',
          'the language without its kind',
          { language: 'de' },
          'LANGUAGE_REFUSED'
        ),
        refused(
          'CONTRIBUTION-R6',
          'another media type',
          { schema: 'file/1', content: { ...contents['file/1'][0], mime: 'image/gif' } },
          'FILE_REFUSED'
        ),
        refused(
          'CONTRIBUTION-R6',
          'a byte too many',
          { schema: 'file/1', content: { ...contents['file/1'][0], bytes: 80_001 } },
          'FILE_REFUSED'
        )
      ]
    }
  }
}

/** A manifest with bounds on all that can be bounded. */
const admitting = {
  ...foundingManifest,
  schemas: ['text/1', 'file/1', 'song/1'],
  languages: ['en', 'de-AT'],
  files: { mimes: ['image/png'], maxBytes: 80_000 }
}

function parityTurned(signature) {
  const out = Uint8Array.from(signature)
  out[32] ^= 0x80
  return out
}
