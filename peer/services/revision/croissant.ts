import type { RevisionFacts, RowFacts } from './dataset-card.ts'

/** The context that Croissant 1.1 gives, with the provenance ontology that it builds on. */
const CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileObject: 'cr:fileObject',
  fileProperty: 'cr:fileProperty',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isArray: 'cr:isArray',
  isLiveDataset: 'cr:isLiveDataset',
  arrayShape: 'cr:arrayShape',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  prov: 'http://www.w3.org/ns/prov#',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform'
}

/** What each column says, for who reads the data without our pages. */
const COLUMNS: Readonly<Record<string, readonly [type: string, text: string]>> = {
  id: ['sc:Text', 'CID of the signed contribution; it names the row for ever.'],
  schema: [
    'sc:Text',
    'What kind of contribution it is; says which of the other columns there are.'
  ],
  title: ['sc:Text', 'What the text is about.'],
  text: ['sc:Text', 'The words given; of a labelled example, what is labelled.'],
  question: ['sc:Text', 'What was or may be asked.'],
  answer: ['sc:Text', 'What answers the question, or what was rated.'],
  turns: ['sc:Text', 'What was said, turn by turn, by whom.'],
  label: ['sc:Text', 'The label given.'],
  labels: ['sc:Text', 'The labels that could be given.'],
  of: ['sc:Text', 'What is corrected: a contribution, or the answer of a call.'],
  wrong: ['sc:Text', 'What was said wrongly.'],
  right: ['sc:Text', 'What is right.'],
  answers: ['sc:Text', 'Two answers that were compared.'],
  better: ['sc:Integer', 'Which of the two is better, 0 or 1.'],
  rating: ['sc:Integer', 'How good the answer is, 1 to 5.'],
  reason: ['sc:Text', 'Why, in the words of who judged.'],
  file: ['sc:Text', 'CID of the file.'],
  mime: ['sc:Text', 'Media type of the file.'],
  name: ['sc:Text', 'Name of the file.'],
  bytes: ['sc:Integer', 'Size of the file in bytes.'],
  caption: ['sc:Text', 'What the file shows.'],
  language: ['sc:Text', 'Language of the words, as a BCP 47 tag.'],
  licence: ['sc:Text', 'SPDX expression of the licence it was given under.'],
  contributor: ['sc:Text', 'Account that contributed it.'],
  origin: ['sc:Text', 'How it was given: by the own key, through a form, or from a message.'],
  createdAtMs: ['sc:Integer', 'When it was signed, in ms since 1970.'],
  order: ['sc:Integer', 'Its number among all contributions that were taken in.']
}
const REPEATED = new Set(['turns', 'labels', 'answers'])
const COMMON = ['language', 'licence', 'contributor', 'origin', 'createdAtMs', 'order']

/**
 * croissant.json of a revision's directory: Croissant 1.1, with a description of every column, the
 * licences, and who made the rows in which way. Live, since rows can be withdrawn: the file has no
 * fixed digest; the CID of the directory and the contributions root stand for what it was.
 */
export function croissant(
  { datanet, ordinal, manifest }: RevisionFacts,
  rows: readonly RowFacts[],
  rowsPath: string
): string {
  const held = new Set(rows.flatMap(({ columns }) => columns))
  const names = ['id', 'schema', ...held, ...COMMON]
  const newest = rows.reduce((latest, { createdAtMs }) => Math.max(latest, createdAtMs), 0)
  const contributors = new Set(rows.map(({ contributor }) => contributor)).size
  const languages = [...new Set(rows.map(({ language }) => language))].sort()
  const metadata = {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.1',
    name: manifest.name,
    description: manifest.purpose,
    identifier: datanet,
    url: `datanet:${datanet}`,
    version: `${ordinal}.0.0`,
    license: manifest.licences.map(licenceUrl),
    keywords: manifest.topics,
    inLanguage: languages,
    isLiveDataset: true,
    dateCreated: day(manifest.createdAtMs),
    datePublished: day(newest),
    creator: { '@type': 'sc:Organization', name: manifest.name, identifier: datanet },
    citeAs: `${manifest.name}. Datanet ${datanet}, revision ${ordinal}.`,
    'prov:wasAttributedTo': {
      '@type': 'prov:Agent',
      'prov:label': `${contributors} contributors, each named by account in its rows`
    },
    'prov:wasGeneratedBy': [
      {
        '@type': 'prov:Activity',
        'prov:label':
          'contribution: signed by the contributor, with consent to the words of the manifest',
        'prov:atLocation': manifest.intakeHost
      },
      {
        '@type': 'prov:Activity',
        'prov:label': `review: accepted by at least ${manifest.review.approvals} curators`,
        'prov:wasAssociatedWith': manifest.curators.map((curator) => ({
          '@type': 'prov:Agent',
          'prov:label': curator
        }))
      }
    ],
    distribution: [
      {
        '@type': 'cr:FileObject',
        '@id': 'rows',
        name: 'rows',
        description:
          'One JSON object a line, one line a contribution, in the order of registration.',
        contentUrl: rowsPath,
        encodingFormat: 'application/jsonlines'
      }
    ],
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': 'contributions',
        name: 'contributions',
        description: 'What was contributed and accepted.',
        key: { '@id': 'contributions/id' },
        field: names.map(field)
      }
    ]
  }
  return `${JSON.stringify(metadata, null, 2)}\n`
}

function field(name: string) {
  const [dataType, description] = COLUMNS[name] ?? ['sc:Text', `The column ${name}.`]
  return {
    '@type': 'cr:Field',
    '@id': `contributions/${name}`,
    name,
    description,
    dataType,
    ...(REPEATED.has(name) ? { repeated: true } : {}),
    source: { fileObject: { '@id': 'rows' }, extract: { jsonPath: `$.${name}` } }
  }
}

/** A licence as a URL where SPDX has one for it, else the expression. */
function licenceUrl(spdx: string): string {
  return /^(?!LicenseRef-)[A-Za-z0-9.+-]+$/.test(spdx) ? `https://spdx.org/licenses/${spdx}` : spdx
}

function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}
