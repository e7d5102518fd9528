// 04-datanet: revision and its rows.

import { domainOf } from './base.mjs'
import { contents, contributionRecord, signedContribution } from './contribution.mjs'
import { CURATORS, chainKey, datanetId, secrets } from './manifest.mjs'
import {
  abi,
  bytes,
  cidOf,
  digestOf,
  encode,
  fill,
  hex,
  invalid,
  json,
  keccak,
  NOW_MS,
  REGISTRY,
  separatorOf,
  someCid,
  text,
  typedDigest,
  utf8,
  without
} from './tools.mjs'

const TYPE =
  'RevisionApproval(bytes32 datanet,uint64 ordinal,bytes32 parent,bytes32 revision,bytes32 contributionsRoot)'

export function revision() {
  const [first, second] = CURATORS
  const contributions = [contributionRecord, { ...contributionRecord, salt: fill(16, 2) }].map(
    (record) => signedContribution(record)
  )
  const cids = contributions.map(({ body }) => cidOf(body))
  const leaves = cids.map((cid, row) =>
    keccak(keccak(abi(['bytes32', 'uint256'], [digestOf(cid), row])))
  )
  const record = {
    version: 1,
    datanet: datanetId,
    manifest: datanetId,
    ordinal: 1,
    contributionsRoot: keccak(...leaves.sort((a, b) => (text(a) < text(b) ? -1 : 1))),
    rows: 2,
    content: cidOf(utf8('a UnixFS directory'), 0x70),
    createdAtMs: NOW_MS
  }
  const next = { ...record, ordinal: 2, parent: cidOf(encode(record)) }
  const share = (curator, ppm) => ({ account: hex(curator.address), ppm })
  const curation = [share(first, 600_000), share(second, 400_000)]
  const shared = { ...next, ordinal: 3, curation }
  const bad = (name, change) =>
    invalid('REVISION-R1', name, encode({ ...record, ...change }), 'RECORD_MALFORMED')
  const wrong = (name, list) => ({
    name,
    requirement: 'REVISION-R2',
    bytes: text(encode(record)),
    contributions: list.map(String),
    error: 'REVISION_INVALID'
  })
  const domain = domainOf('DatanetRegistry', REGISTRY)
  const [original, salted] = contributions
  const rows = [
    { signed: original, word: { order: 1 } },
    { signed: salted, word: { order: 12, cluster: cids[0] } },
    {
      signed: salted,
      word: { order: 3, embedding: Buffer.from(fill(4, 0x80)).toString('base64') }
    },
    ...Object.entries(contents).flatMap(([schema, list]) =>
      list.map((content) => ({
        signed: signedContribution({ ...contributionRecord, schema, content }),
        word: { order: 4 }
      }))
    )
  ]
  return {
    accounts: secrets(1, 2),
    domain: { chainId: domain.chainId, registry: REGISTRY, separator: text(separatorOf(domain)) },
    chainKey,
    valid: [record, next, shared].map((one) => {
      const data = encode(one)
      const digest = typedDigest(domain, TYPE, {
        datanet: bytes(chainKey),
        ordinal: one.ordinal,
        parent: one.parent === undefined ? fill(32, 0) : digestOf(one.parent),
        revision: digestOf(cidOf(data)),
        contributionsRoot: one.contributionsRoot
      })
      return {
        name: `ordinal ${one.ordinal}`,
        input: json(one),
        bytes: text(data),
        cid: cidOf(data).toString(),
        contributions: cids.map(String),
        approval: {
          digest: text(digest),
          signatures: [first, second].map((curator) => ({
            account: curator.address,
            signature: text(curator.sign(digest))
          }))
        }
      }
    }),
    invalid: [
      bad('ordinal 0', { ordinal: 0 }),
      bad('the first with a parent', { parent: someCid(1) }),
      bad('the second without a parent', { ordinal: 2 }),
      bad('no rows', { rows: 0 }),
      bad('shares for nobody', { curation: [] }),
      bad('shares of less than the whole', { curation: [share(first, 999_999)] }),
      bad('shares out of order', { curation: curation.toReversed() }),
      bad('a share of nothing', { curation: [share(first, 1_000_000), share(second, 0)] }),
      bad('a root of 31 bytes', { contributionsRoot: fill(31, 1) }),
      bad('a content of CID version 0', {
        content: cidOf(utf8('a UnixFS directory'), 0x70).toV0()
      })
    ],
    rows: {
      refused: [
        wrong('a row missing', cids.slice(0, 1)),
        wrong('a row twice', [cids[0], cids[0]]),
        wrong('rows in another order', [cids[1], cids[0]]),
        wrong('another row', [cids[0], someCid(1)])
      ],
      lines: rows.map(({ signed: { record: one, body, data }, word }) => {
        const line = rowLine(one, cidOf(body), data, word)
        return {
          contribution: text(data),
          word: { ...word, ...(word.cluster === undefined ? {} : { cluster: `${word.cluster}` }) },
          line,
          block: cidOf(utf8(line), 0x55).toString()
        }
      }),
      orders: [
        ['as they came', [[1], [2], [7]]],
        ['a copy of an earlier one', [[1], [2, 0]]],
        ['a copy of one that is not here', [[2, 9]]],
        ['accepted in another order', [[3], [1]]],
        ['one order twice', [[1], [1]], 'REVISION_INVALID'],
        ['a copy of itself', [[1], [2, 1]], 'REVISION_INVALID'],
        ['a copy of a later one', [[1, 1], [2]], 'REVISION_INVALID']
      ].map(([name, list, error]) => ({
        name,
        requirement: 'ROW-R2',
        rows: list.map(([order, cluster], i) => ({
          contribution: someCid(i).toString(),
          order,
          ...(cluster === undefined ? {} : { cluster: someCid(cluster).toString() })
        })),
        ...(error === undefined ? {} : { error })
      })),
      refusedLines: [
        { name: 'another text', change: (columns) => ({ ...columns, text: 'else' }) },
        { name: 'another column', change: (columns) => ({ ...columns, note: '' }) },
        { name: 'no signed record', change: (columns) => without(columns, 'signed') },
        { name: 'no order', change: (columns) => without(columns, 'order') },
        { name: 'an order of zero', change: (columns) => ({ ...columns, order: 0 }) },
        { name: 'a cluster that is no CID', change: clusterOf('first') },
        { name: 'an embedding that is no base64', change: embeddingOf('!') }
      ]
        .map(({ name, change }) => {
          const { record: one, body, data } = contributions[0]
          const columns = JSON.parse(rowLine(one, cidOf(body), data, { order: 1 }))
          return {
            name,
            requirement: 'ROW-R1',
            line: `${JSON.stringify(change(columns))}\n`,
            error: 'REVISION_INVALID'
          }
        })
        .concat(messageLine())
    }
  }
}

/** What was rightly signed and written, and stands in no revision all the same. */
function messageLine() {
  const taken = { ...contributionRecord, origin: 'message' }
  const { body, data } = signedContribution(taken)
  return {
    name: 'the text of a message',
    requirement: 'ROW-R3',
    line: rowLine(taken, cidOf(body), data, { order: 1 }),
    error: 'REVISION_INVALID'
  }
}

/** A change that puts a column where it belongs, so that only its value is wrong. */
const columnOf =
  (name) =>
  (value) =>
  ({ signed, ...columns }) => ({ ...columns, [name]: value, signed })
const clusterOf = columnOf('cluster')
const embeddingOf = columnOf('embedding')

/** A row as its host writes it: the columns of its schema, then what the host says of it. */
function rowLine(record, cid, data, { order, cluster, embedding }) {
  const { content, language, licence, author, sourceUrl, tags, origin, schema } = record
  const columns = {
    id: cid.toString(),
    schema,
    ...inOrder(schema, content),
    language,
    licence,
    ...(author === undefined ? {} : { author }),
    ...(sourceUrl === undefined ? {} : { sourceUrl }),
    ...(tags === undefined ? {} : { tags }),
    contributor: record.contributor.text,
    origin,
    createdAtMs: record.createdAtMs,
    order,
    ...(cluster === undefined ? {} : { cluster: cluster.toString() }),
    ...(embedding === undefined ? {} : { embedding }),
    signed: Buffer.from(data).toString('base64')
  }
  return `${JSON.stringify(columns)}\n`
}

const COLUMNS = {
  'text/1': ['title', 'text'],
  'qa/1': ['question', 'answer'],
  'dialogue/1': ['title', 'turns'],
  'label/1': ['text', 'label', 'labels'],
  'correction/1': ['of', 'question', 'wrong', 'right'],
  'preference/1': ['question', 'answers', 'better', 'answer', 'rating', 'reason'],
  'file/1': ['file', 'mime', 'name', 'bytes', 'caption']
}

function inOrder(schema, content) {
  const here = COLUMNS[schema].filter((name) => content[name] !== undefined)
  return Object.fromEntries(
    here.map((name) => {
      const value = content[name]
      if (name === 'file') return [name, value.toString()]
      if (name === 'turns')
        return [name, value.map(({ role, text: words }) => ({ role, text: words }))]
      if (name !== 'of') return [name, value]
      const { contribution, receipt } = value
      return [name, receipt ? { receipt: text(receipt) } : { contribution: `${contribution}` }]
    })
  )
}
