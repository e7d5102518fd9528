import { describe, expect, test } from 'vitest'
import { croissant } from '../../../../peer/services/revision/croissant.ts'
import { datasetCard } from '../../../../peer/services/revision/dataset-card.ts'
import { CROISSANT_RULES, type Json } from '../../../fixtures/croissant-rules.ts'
import { manifest, person } from '../../../protocol/datanet/people.ts'

const facts = { datanet: 'bafyreidatanet', ordinal: 3, manifest: manifest({ createdAtMs: 1e12 }) }
const row = (contributor: number, columns: string[], language = 'en') => ({
  contributor: person(contributor).address,
  ...{ language, columns, createdAtMs: 1_700_000_000_000 }
})
const rows = [
  row(5, ['title', 'text']),
  row(6, ['question', 'answers', 'better'], 'de'),
  row(5, ['file', 'mime', 'name', 'bytes'])
]
const made = (): Json => JSON.parse(croissant(facts, rows, 'data/contributions.jsonl'))
const broken = (): Json[] =>
  CROISSANT_RULES.filter((rule) => !holds(rule, made())).map((r) => r.name)

function holds(rule: (typeof CROISSANT_RULES)[number], dataset: Json): boolean {
  try {
    return rule.holds(dataset)
  } catch {
    return false
  }
}

test('what a revision says of itself keeps every rule of the format', () => {
  expect(broken()).toEqual([])
  expect(made().recordSet[0].field.map(({ name }: Json) => name)).toEqual([
    ...['id', 'schema', 'title', 'text', 'question', 'answers', 'better', 'file', 'mime', 'name'],
    ...['bytes', 'language', 'licence', 'contributor', 'origin', 'createdAtMs', 'order']
  ])
  expect(made().license).toEqual([
    'https://spdx.org/licenses/CC-BY-4.0',
    'https://spdx.org/licenses/CC0-1.0'
  ])
})

/** For each rule, what breaks it and no other. */
const BREACHES: readonly [rule: string, breach: (dataset: Json) => void][] = [
  ['the context maps the terms of the format', (d) => delete d['@context'].citeAs],
  ['data types are read as terms, and examples as JSON', (d) => delete d['@context'].examples],
  ['it is a dataset', (d) => Object.assign(d, { '@type': 'sc:Thing' })],
  [
    'it says which version it conforms to',
    (d) => Object.assign(d, { conformsTo: 'http://mlcommons.org/croissant/1.0' })
  ],
  ['it has a name', (d) => Object.assign(d, { name: '' })],
  ['it has a description', (d) => delete d.description],
  ['it has a URL', (d) => Object.assign(d, { url: 'no url' })],
  ['its version is semantic', (d) => Object.assign(d, { version: '3' })],
  ['its licences are URLs', (d) => d.license.push('CC0')],
  ['it has a creator of a type', (d) => delete d.creator['@type']],
  ['it says when it was published', (d) => Object.assign(d, { datePublished: 'lately' })],
  ['it says how to cite it', (d) => delete d.citeAs],
  ['its files have a place and a media type', (d) => delete d.distribution[0].encodingFormat],
  ['a file without a digest is of a live dataset', (d) => delete d.isLiveDataset],
  ['ids are distinct', (d) => d.distribution.push({ ...d.distribution[0], name: 'again' })],
  [
    'record sets have their type, and fields theirs',
    (d) => Object.assign(d.recordSet[0].field[1], { '@type': 'Field' })
  ],
  [
    'a field is named under its record set',
    (d) => Object.assign(d.recordSet[0].field[1], { '@id': 'elsewhere' })
  ],
  ['every field is described', (d) => delete d.recordSet[0].field[2].description],
  [
    'every field has a data type of the format',
    (d) => Object.assign(d.recordSet[0].field[2], { dataType: 'string' })
  ],
  [
    'every field comes from a file that there is, by a path in its line',
    (d) => Object.assign(d.recordSet[0].field[2].source, { fileObject: { '@id': 'none' } })
  ],
  ['keys are fields', (d) => Object.assign(d.recordSet[0], { key: { '@id': 'none' } })],
  [
    'its provenance names who made it and by which activities',
    (d) => delete d['prov:wasGeneratedBy'][0]['prov:label']
  ]
]

describe('each rule has its breach', () => {
  test('and every rule one', () => {
    expect(BREACHES.map(([rule]) => rule)).toEqual(CROISSANT_RULES.map(({ name }) => name))
  })
  test.each(BREACHES)('%s', (rule, breach) => {
    const dataset = made()
    breach(dataset)
    const failed = CROISSANT_RULES.filter((one) => !holds(one, dataset)).map(({ name }) => name)
    expect(failed).toEqual([rule])
  })
})

test('neither card nor metadata names an author: a name goes with the rows that were withdrawn', () => {
  const card = datasetCard(facts, rows, [], 'data/contributions.jsonl')
  expect(card).toContain(`| \`${person(5).address}\` | 2 |`)
  expect(card).toContain('language: [de, en]')
  expect(card).not.toContain('Author')
})
