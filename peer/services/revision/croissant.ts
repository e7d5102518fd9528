import type { RevisionFacts, RowFacts } from './dataset-card.ts'

/** Terms of the format's own vocabulary; what they mean is the same name there. */
const TERMS = [
  ...['annotation', 'arrayShape', 'citeAs', 'column', 'containedIn', 'equivalentProperty'],
  ...[
    'excludes',
    'extract',
    'field',
    'fileObject',
    'fileProperty',
    'fileSet',
    'format',
    'includes'
  ],
  ...['isArray', 'isLiveDataset', 'jsonPath', 'key', 'md5', 'parentField', 'readLines'],
  ...['recordSet', 'references', 'regex', 'sdVersion', 'separator', 'source', 'subField'],
  ...['transform', 'unArchive', 'value']
]

/** The context that Croissant 1.1 gives, with the provenance ontology that it builds on. */
const CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  ...Object.fromEntries(TERMS.map((term) => [term, `cr:${term}`])),
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  prov: 'http://www.w3.org/ns/prov#',
  rai: 'http://mlcommons.org/croissant/RAI/',
  sc: 'https://schema.org/'
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
  turns: ['', 'What was said, turn by turn, by whom.'],
  label: ['sc:Text', 'The label given.'],
  labels: ['sc:Text', 'The labels that could be given.'],
  of: ['', 'What is corrected: a contribution, or the answer of a call.'],
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
  author: ['sc:Text', 'Who made the work, in their own words.'],
  sourceUrl: ['sc:URL', 'Where the work was taken from.'],
  tags: ['sc:Text', 'Words under which it was put.'],
  cluster: ['sc:Text', 'The first contribution that it is a near-duplicate of.'],
  language: ['sc:Text', 'Language of the words, as a BCP 47 tag.'],
  licence: ['sc:Text', 'SPDX expression of the licence it was given under.'],
  contributor: ['sc:Text', 'Account that contributed it.'],
  origin: ['sc:Text', 'How it was given: by the own key, through a form, or from a message.'],
  createdAtMs: ['sc:Integer', 'When it was signed, in ms since 1970.'],
  order: ['sc:Integer', 'Its number among all contributions that were taken in.'],
  signed: ['sc:Text', 'The record that was signed, with its signature, in base64.']
}
/** The members of columns that hold more than one thing. */
const MEMBERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  turns: { role: 'Who said it: user or assistant.', text: 'What was said.' },
  of: {
    contribution: 'CID of the contribution that is corrected.',
    receipt: 'Receipt of the call whose answer is corrected.'
  }
}
const LISTS = new Set(['turns', 'labels', 'answers', 'tags'])
const COMMON = ['language', 'licence', 'contributor', 'origin', 'createdAtMs', 'order', 'signed']

/**
 * croissant.json of a revision's directory: Croissant 1.1, with a description of every column, the
 * licences, and who made the rows in which way. Live, since rows can be withdrawn: the file has no
 * fixed digest; the CID of the directory and the contributions root stand for what it was.
 */
export function croissant(
  { datanet, ordinal, manifest }: RevisionFacts,
  rows: readonly RowFacts[],
  paths: { readonly rows: string; readonly files: string }
): string {
  // Rows of one kind share one list.
  const held = new Set([...new Set(rows.map(({ columns }) => columns))].flat())
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
    license: manifest.licences.map(licence),
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
        contentUrl: paths.rows,
        encodingFormat: 'application/jsonlines'
      },
      ...files(rows, paths.files)
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

/** The files of the directory as one set, with the media types that they are of; none without any. */
function files(rows: readonly RowFacts[], path: string) {
  const mimes = new Set(rows.flatMap(({ file }) => file?.mime ?? []))
  if (mimes.size === 0) return []
  return [
    {
      ...{ '@type': 'cr:FileSet', '@id': 'files', name: 'files' },
      description:
        'The files that were contributed, each named by its CID, as the column file has it.',
      encodingFormat: [...mimes].sort(),
      includes: `${path}/*`
    }
  ]
}

function field(name: string) {
  const [dataType, description] = COLUMNS[name] ?? ['sc:Text', `The column ${name}.`]
  const id = `contributions/${name}`
  const about = {
    ...{ '@type': 'cr:Field', '@id': id, name, description },
    ...(LISTS.has(name) ? { isArray: true } : {})
  }
  const members = Object.entries(MEMBERS[name] ?? {})
  if (members.length === 0) return { ...about, dataType, source: column(name) }
  const subField = members.map(([member, text]) => ({
    ...{ '@type': 'cr:Field', '@id': `${id}/${member}`, name: member, description: text },
    dataType: 'sc:Text',
    source: { ...column(name), transform: { jsonPath: `$.${member}` } }
  }))
  return { ...about, subField }
}

/** Of JSON lines a name is taken for a column, as the reference loader reads them. */
function column(name: string) {
  return { fileObject: { '@id': 'rows' }, extract: { column: name } }
}

/** A licence as a URL where SPDX has one for it, else as a work of that name: an expression is no URL. */
function licence(spdx: string) {
  return /^(?!LicenseRef-)[A-Za-z0-9.+-]+$/.test(spdx)
    ? `https://spdx.org/licenses/${spdx}`
    : { '@type': 'sc:CreativeWork', name: spdx }
}

function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}
