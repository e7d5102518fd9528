// 04-datanet: revision and its rows.

import { domainOf } from './base.mjs'
import { contributionRecord, signedContribution } from './datanet.mjs'
import { CURATORS, chainKey, datanetId, secrets } from './manifest.mjs'
import {
  abi,
  bytes,
  cidOf,
  digestOf,
  encode,
  fill,
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
  return {
    accounts: secrets(1, 2),
    domain: { chainId: domain.chainId, registry: REGISTRY, separator: text(separatorOf(domain)) },
    chainKey,
    valid: [record, next].map((one) => {
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
      lines: contributions.map(({ record: one, body, data }) => {
        const line = rowLine(one, cidOf(body), data)
        return {
          contribution: text(data),
          line,
          block: cidOf(utf8(line), 0x55).toString()
        }
      }),
      refusedLines: [
        { name: 'another text', change: (columns) => ({ ...columns, text: 'else' }) },
        { name: 'another column', change: (columns) => ({ ...columns, note: '' }) },
        { name: 'no signed record', change: (columns) => without(columns, 'signed') }
      ].map(({ name, change }) => {
        const { record: one, body, data } = contributions[0]
        const columns = JSON.parse(rowLine(one, cidOf(body), data))
        return {
          name,
          requirement: 'ROW-R1',
          line: `${JSON.stringify(change(columns))}\n`,
          error: 'REVISION_INVALID'
        }
      })
    }
  }
}

function rowLine(record, cid, data) {
  const { title, text: words, language, licence, author, sourceUrl, origin, schema } = record
  const columns = {
    id: cid.toString(),
    title,
    text: words,
    language,
    licence,
    ...(author === undefined ? {} : { author }),
    ...(sourceUrl === undefined ? {} : { sourceUrl }),
    contributor: record.contributor.text,
    origin,
    schema,
    createdAtMs: record.createdAtMs,
    signed: Buffer.from(data).toString('base64')
  }
  return `${JSON.stringify(columns)}\n`
}
