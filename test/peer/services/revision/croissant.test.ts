import { beforeAll, describe, expect, test } from 'vitest'
import { croissant } from '../../../../peer/services/revision/croissant.ts'
import { datasetCard } from '../../../../peer/services/revision/dataset-card.ts'
import {
  brokenRules,
  CROISSANT_RULES,
  type Json,
  triplesOf
} from '../../../fixtures/croissant/check.mjs'
import { sampleDirectory } from '../../../fixtures/croissant/directory.ts'
import { STANDARD_CONTEXT } from '../../../fixtures/croissant/standard-context.ts'
import { manifest, person } from '../../../protocol/datanet/people.ts'

const ROWS = 'data/contributions.jsonl'
let directory: ReadonlyMap<string, Uint8Array>
const read = (path: string) => new TextDecoder().decode(directory.get(path))
const made = (): Json => JSON.parse(read('croissant.json'))
const fieldOf = (dataset: Json, name: string): Json =>
  dataset.recordSet[0].field.find((field: Json) => field.name === name)

beforeAll(async () => {
  directory = await sampleDirectory()
})

test('what a revision says of itself keeps every rule of the format', async () => {
  expect(await brokenRules(made())).toEqual([])
})

test('its words mean what they mean in the context of the standard', async () => {
  const dataset = made()
  const said = await triplesOf(dataset)
  expect(said).toBe(await triplesOf({ ...dataset, '@context': STANDARD_CONTEXT }))
  const { citeAs: _, ...narrow } = STANDARD_CONTEXT as Json
  expect(said).not.toBe(await triplesOf({ ...dataset, '@context': narrow }))
})

test('every line is read by JSON.parse alone, and every column that it has is described', () => {
  const lines = read(ROWS).split('\n')
  expect(lines.pop()).toBe('')
  const rows: Json[] = lines.map((line) => JSON.parse(line))
  expect(rows.map(({ schema }) => schema)).toEqual([
    ...['text/1', 'qa/1', 'dialogue/1', 'label/1', 'correction/1', 'correction/1'],
    ...['preference/1', 'preference/1', 'file/1']
  ])
  const dataset = made()
  const described = new Set(dataset.recordSet[0].field.map(({ name }: Json) => name))
  expect(new Set(rows.flatMap((row) => Object.keys(row)))).toEqual(described)
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      const field = fieldOf(dataset, name)
      for (const one of field.isArray === true ? (value as Json[]) : [value]) {
        if (field.subField === undefined) {
          expect(typeof one, name).toBe(field.dataType === 'sc:Integer' ? 'number' : 'string')
        } else {
          const members = field.subField.map((member: Json) => member.name)
          for (const member of Object.keys(one)) expect(members).toContain(member)
        }
      }
    }
  }
})

test('a licence that is no single one of SPDX is a work of that name, and no URL', () => {
  const license = made().license
  expect(license.slice(0, 2)).toEqual([
    'https://spdx.org/licenses/CC-BY-4.0',
    'https://spdx.org/licenses/CC0-1.0'
  ])
  expect(license.slice(2).map(({ name }: Json) => name)).toEqual([
    'MIT OR Apache-2.0',
    'LicenseRef-sea'
  ])
})

const BROKEN = ['id', 'title', 'text', 'tags']

/** What breaks a rule, and no other. */
type Breach = (dataset: Json) => unknown
const set =
  (change: object): Breach =>
  (d) =>
    Object.assign(d, change)
const inFile =
  (change: object): Breach =>
  (d) =>
    Object.assign(d.distribution[0], change)
const inField =
  (change: object, name = 'title'): Breach =>
  (d) =>
    Object.assign(fieldOf(d, name), change)
const inSet =
  (change: object): Breach =>
  (d) =>
    Object.assign(d.distribution[1], change)

const BREACHES: Readonly<Record<string, Breach>> = {
  'dataset-type': set({ '@type': 'sc:Thing' }),
  'dataset-conforms': set({ conformsTo: 'http://mlcommons.org/croissant/1.0' }),
  'dataset-name': set({ name: '' }),
  'dataset-description': (d) => delete d.description,
  'dataset-licence': (d) => d.license.push('CC0'),
  'dataset-url': set({ url: 'no url' }),
  'dataset-creator': (d) => delete d.creator['@type'],
  'dataset-published': set({ datePublished: 'lately' }),
  'dataset-created': set({ dateCreated: ['2026-01-01', '2026-01-02'] }),
  'dataset-version': set({ version: '3' }),
  'dataset-cited': (d) => delete d.citeAs,
  'dataset-live': set({ isLiveDataset: [true, false] }),
  'dataset-distribution': (d) =>
    d.distribution.push({ '@id': 'other', '@type': 'sc:DataDownload', name: 'other' }),
  'dataset-record-sets': (d) => d.recordSet.push({ '@id': 'other', name: 'other' }),
  'dataset-keywords': set({ keywords: [] }),
  'dataset-languages': set({ inLanguage: ['British English'] }),
  'dataset-attributed': (d) => delete d['prov:wasAttributedTo'],
  'dataset-generated': (d) => delete d['prov:wasGeneratedBy'][0]['@type'],
  'creator-name': (d) => delete d.creator.name,
  'agent-label': (d) => delete d['prov:wasAttributedTo']['prov:label'],
  'activity-label': (d) => delete d['prov:wasGeneratedBy'][0]['prov:label'],
  'file-name': inFile({ name: ['rows', 'lines'] }),
  'file-place': inFile({ contentUrl: [] }),
  'file-format': inFile({ encodingFormat: 'lines' }),
  'file-digest': (d) => delete d.isLiveDataset,
  'file-set-name': inSet({ name: [] }),
  'file-set-place': inSet({ containedIn: { '@id': 'nowhere' } }),
  'file-set-pattern': inSet({ includes: [] }),
  'file-set-format': inSet({ encodingFormat: [] }),
  'record-set-name': (d) => delete d.recordSet[0].name,
  'record-set-fields': (d) => d.recordSet[0].field.push({ '@id': 'contributions/bare' }),
  'record-set-key': (d) => Object.assign(d.recordSet[0], { key: { '@id': 'none' } }),
  'field-name': inField({ name: ['title', 'heading'] }),
  'field-described': inField({ description: [] }),
  'field-source': (d) => {
    const field = fieldOf(d, 'title')
    field.source = [field.source, fieldOf(d, 'text').source]
  },
  'field-values': inField({ dataType: 'Words' }),
  'field-array': inField({ isArray: 'yes' }, 'tags'),
  'field-id': inField({ '@id': 'elsewhere' }),
  'field-is-array': inField({ arrayShape: '-1' }),
  source: (d) => Object.assign(fieldOf(d, 'title').source, { fileObject: { '@id': 'none' } }),
  'source-extract': (d) => delete fieldOf(d, 'title').source.extract,
  extract: (d) => Object.assign(fieldOf(d, 'title').source.extract, { jsonPath: '$.title' })
}

describe('each rule has its breach', () => {
  test('and every rule one', () => {
    expect(Object.keys(BREACHES).sort()).toEqual([...CROISSANT_RULES].sort())
  })
  test.each(Object.entries(BREACHES))('%s', async (rule, breach) => {
    const dataset = made()
    const [set] = dataset.recordSet
    // What is checked 43 times is kept short.
    set.field = set.field.filter(({ name }: Json) => BROKEN.includes(name))
    breach(dataset)
    expect(await brokenRules(dataset)).toEqual([rule])
  })
})

test('neither card nor metadata names an author: a name goes with the rows that were withdrawn', () => {
  const facts = { datanet: 'bafyreidatanet', ordinal: 3, manifest: manifest() }
  const row = { columns: ['title', 'author'], language: 'en', createdAtMs: 1_700_000_000_000 }
  const rows = [5, 6, 5].map((n) => ({ ...row, contributor: person(n).address }))
  const card = datasetCard(facts, rows, [], ROWS)
  expect(card).toContain(`| \`${person(5).address}\` | 2 |`)
  expect(card).toContain('language: [en]')
  expect(card).not.toContain('Author')
  expect(read('croissant.json')).not.toContain('Ada')
  expect(croissant(facts, rows, { rows: ROWS, files: 'files' })).toContain('contributions/author')
})
