// Whole exchanges, frame by frame: 04 a submission, 05 documents and blocks.
import { contributionRecord, signedContribution } from './contribution.mjs'
import { directoryNode } from './files.mjs'
import { datanetId } from './manifest.mjs'
import { cardRecord, offerRecord } from './model.mjs'
import { taken } from './standing.mjs'
import { cidOf, concat, encode, invalid, json, peer, seal, someCid, text, utf8 } from './tools.mjs'

/** A value as one frame: its length as a varint, then its canonical bytes. */
export function frame(value) {
  const data = encode(value)
  const prefix = []
  let rest = data.length
  for (; rest > 127; rest = Math.floor(rest / 128)) prefix.push((rest % 128) + 128)
  return concat(Uint8Array.from([...prefix, rest]), data)
}

const SERVER = new Set(['part', 'end', 'error'])

/**
 * The frames of one stream in their order: who sends each, what it says, its bytes. A fourth element
 * names the requirement that the ask before it broke.
 */
export function stream(messages) {
  return messages.map(([t, id, v, breach = {}]) => {
    const message = v === undefined ? { t, id } : { t, id, v }
    const from = SERVER.has(t) ? 'server' : 'caller'
    return { from, message: json(message), bytes: text(frame(message)), ...breach }
  })
}

export async function submission() {
  const signed = signedContribution()
  const { data: receipt } = await taken()
  const cid = cidOf(encode(contributionRecord))
  return {
    protocol: '/datanet/contribute/1',
    frames: stream([
      ['ask', 1, { datanet: datanetId, contribution: signed.data }],
      ['end', 1, { contribution: cid, status: 'pending', receipt }],
      ['ask', 2, { datanet: someCid(1), contribution: signed.data }],
      [
        'error',
        2,
        { code: 20, text: 'no such Datanet is known here', details: {} },
        { requirement: 'SUBMISSION-R1', error: 'DATANET_UNKNOWN' }
      ]
    ])
  }
}

export async function documents() {
  const provider = await peer(1)
  const card = cidOf(encode(await cardRecord()))
  const cardBytes = await seal('datanet/card/1', encode(await cardRecord()), provider)
  const offer = await seal('datanet/offer/1', encode(await offerRecord()), provider)
  const name = { issuer: provider.id, kind: 'offer', id: card.toString() }
  const entry = (kind, bytes, labels) => ({
    issuer: provider.id,
    kind,
    id: card.toString(),
    cid: cidOf(bytes),
    labels
  })
  const entries = [entry('offer', offer, []), entry('card', cardBytes, ['sailing'])]
  const missing = someCid(9)
  return {
    protocol: '/datanet/document/1',
    frames: stream([
      ['ask', 1, { catalogue: true }],
      ['part', 1, { entries }],
      ['end', 1],
      ['ask', 2, { name }],
      ['end', 2, { bytes: offer }],
      ['ask', 3, { cid: cidOf(cardBytes) }],
      ['end', 3, { bytes: cardBytes }],
      ['ask', 4, { cid: missing }],
      [
        'error',
        4,
        {
          code: 106,
          text: 'the peer does not hold this document',
          details: { cid: missing.toString() }
        },
        { requirement: 'DOCUMENT-R4', error: 'DOCUMENT_UNKNOWN' }
      ],
      ['ask', 5, { cid: cidOf(cardBytes) }],
      ['part', 5, { bytes: cardBytes.subarray(0, 200) }],
      ['part', 5, { bytes: cardBytes.subarray(200, 201) }],
      ['end', 5, { bytes: cardBytes.subarray(201) }, { requirement: 'DOCUMENT-R7' }]
    ])
  }
}

export function blocks() {
  const row = utf8('{"one":"row"}\n')
  const root = cidOf(row, 0x55)
  const file = { cid: root, name: `${root}`, size: row.length }
  const inner = directoryNode([file])
  const top = directoryNode([{ cid: inner.cid, name: 'files', size: inner.size }])
  const block = ({ cid, bytes }) => ({ cid, bytes })
  return {
    protocol: '/datanet/blocks/1',
    frames: stream([
      ['ask', 1, { root, have: [] }],
      ['part', 1, { blocks: [{ cid: root, bytes: row }] }],
      ['end', 1, { blocks: 1 }],
      // The list of a directory's files, and none of them.
      ['ask', 2, { root: top.cid, have: [], without: ['files'] }],
      ['part', 2, { blocks: [block(top), block(inner)] }],
      ['end', 2, { blocks: 2 }]
    ])
  }
}

/** Messages as such: what is one, what is none, and what an error comes to. */
export function messages() {
  const some = { t: 'ask', id: 1, v: { any: 'value' } }
  const bad = (name, message) => invalid('EXCHANGE-R1', name, encode(message), 'FRAME_MALFORMED')
  const told = (name, value, error, said = value.text) => ({
    name,
    requirement: 'ERROR-R1',
    value: json(value),
    error,
    text: said
  })
  return {
    valid: [
      ['an ask', some, some],
      ['without a value', { t: 'stop', id: 7 }, { t: 'stop', id: 7 }],
      ['with a key that nobody knows', { ...some, new: 1 }, some, 'FRAME-R5']
    ].map(([name, message, read, requirement]) => ({
      name,
      ...(requirement === undefined ? {} : { requirement }),
      bytes: text(encode(message)),
      read: json(read)
    })),
    values: [
      [
        'a submission',
        'contribute',
        { datanet: datanetId, contribution: signedContribution().data }
      ],
      ['a chunk', 'part', { chunk: 'The bow', costWei: Uint8Array.of(7) }],
      ['a need', 'part', { needWei: Uint8Array.of(7) }]
    ].map(([name, of, value]) => ({
      name,
      requirement: 'FRAME-R5',
      of,
      bytes: text(encode({ ...value, new: 1 })),
      read: json(value)
    })),
    invalid: [
      bad('a list', [1]),
      bad('another word', { t: 'hello', id: 1 }),
      bad('no number', { t: 'ask' }),
      bad('a number below zero', { t: 'ask', id: -1 }),
      bad('a number as text', { t: 'ask', id: '1' })
    ],
    errors: [
      told('a code of the table', { code: 46, text: 'busy', details: {} }, 'PROVIDER_BUSY'),
      told('a code that nobody knows', { code: 77, text: 'new', details: {} }, 'INTERNAL'),
      told(
        'a line break in the text',
        { code: 46, text: 'a\nb', details: {} },
        'PROVIDER_BUSY',
        'a b'
      ),
      told(
        'a text without end',
        { code: 46, text: 'x'.repeat(600), details: {} },
        'PROVIDER_BUSY',
        'x'.repeat(512)
      )
    ]
  }
}
