import { createRequire } from 'node:module'
import { DatanetError } from '../../protocol/base/errors.ts'

/** One entry of the weakness dictionary as the sample uses it: plain text, nothing invented. */
export interface Weakness {
  readonly id: string
  readonly name: string
  /** Who submitted it: an organisation, or the named person or project where there is none. */
  readonly author: string
  /** Other names that the dictionary gives it, the nickname in its own name included. */
  readonly terms: readonly string[]
  readonly description: string
  readonly text: string
  /** Real cases as others described them; no part of `text`. */
  readonly cases: readonly string[]
  /** Ids it names as parent, child or peer. */
  readonly related: readonly string[]
  readonly parents: readonly string[]
}

type Json = { readonly [key: string]: Json | undefined } | readonly Json[] | string | number

const SECTION_BYTES = { extended: 1100, consequences: 600, mitigations: 900 } as const

let loaded: readonly Weakness[] | undefined

/**
 * Every entry of the installed `cwe-sdk` with enough to say, in ascending id; deprecated ones and
 * those under 240 characters are left out. Read from the package when called, kept nowhere else.
 * Refuses with DEPENDENCY_MISSING when the package is not installed.
 */
export function readWeaknesses(): readonly Weakness[] {
  loaded ??= Object.values(readDictionary())
    .filter((entry) => attribute(entry, 'Status') !== 'Deprecated')
    .map(toWeakness)
    .filter(({ text }) => text.length >= 240)
    .sort((a, b) => Number(a.id) - Number(b.id))
  return loaded
}

function readDictionary(): Readonly<Record<string, Json>> {
  try {
    return createRequire(import.meta.url)('cwe-sdk/raw/cwe-dictionary.json')
  } catch (cause) {
    throw new DatanetError('DEPENDENCY_MISSING', { package: 'cwe-sdk' }, { cause })
  }
}

function toWeakness(entry: Json): Weakness {
  const fullName = attribute(entry, 'Name')
  const nickname = /\('([^']+)'\)/.exec(fullName)?.[1]
  const name = clean(fullName)
  const alternates = list(at(entry, 'Alternate_Terms', 'Alternate_Term'))
  const terms = alternates.map((term) => plain(at(term, 'Term')))
  const description = plain(at(entry, 'Description'))
  const relations = list(at(entry, 'Related_Weaknesses', 'Related_Weakness'))
  const idsOf = (chosen: readonly Json[]): string[] => [
    ...new Set(chosen.map((relation) => attribute(relation, 'CWE_ID')))
  ]
  return {
    id: attribute(entry, 'ID'),
    name,
    author: authorOf(entry),
    terms: [...(nickname === undefined ? [] : [clean(nickname)]), ...terms].filter(Boolean),
    description,
    text: [
      description,
      within(plain(at(entry, 'Extended_Description')), SECTION_BYTES.extended),
      section('Also known as', alternates.map(alternateText).join(' ')),
      section(
        'Common consequences',
        within(
          list(at(entry, 'Common_Consequences', 'Consequence'))
            .map(consequenceText)
            .join(' '),
          SECTION_BYTES.consequences
        )
      ),
      section(
        'Potential mitigations',
        within(
          list(at(entry, 'Potential_Mitigations', 'Mitigation'))
            .map((mitigation) => plain(at(mitigation, 'Description')))
            .join(' '),
          SECTION_BYTES.mitigations
        )
      )
    ]
      .filter(Boolean)
      .join('\n\n'),
    cases: list(at(entry, 'Observed_Examples', 'Observed_Example'))
      .map((example) => plain(at(example, 'Description')))
      .filter((described) => described.length >= 50 && !/CWE-|^Chain/.test(described)),
    related: idsOf(relations),
    parents: idsOf(relations.filter((relation) => attribute(relation, 'Nature') === 'ChildOf'))
  }
}

/** One group under one name: its members sign in changing orders and spellings. */
function authorOf(entry: Json): string {
  const submission = list(at(entry, 'Content_History', 'Submission'))[0]
  const name = plain(at(submission, 'Submission_Name'))
  const organisation = plain(at(submission, 'Submission_Organization'))
  if (/^Accellera/.test(organisation)) return 'Accellera Systems Initiative'
  if (organisation === '' || organisation === 'MITRE') return name || 'MITRE'
  return organisation
}

function alternateText(term: Json): string {
  const description = plain(at(term, 'Description'))
  return sentence(`${plain(at(term, 'Term'))}${description === '' ? '' : `: ${description}`}`)
}

function consequenceText(consequence: Json): string {
  const impacts = list(at(consequence, 'Impact')).map(plain).filter(Boolean)
  const scopes = list(at(consequence, 'Scope')).map(plain).filter(Boolean)
  const effect =
    impacts.length === 0 ? '' : sentence(`Impact on ${scopes.join(', ')}: ${impacts.join(', ')}`)
  return [effect, plain(at(consequence, 'Note'))].filter(Boolean).join(' ')
}

/**
 * Text of a string or of an XHTML fragment. The dictionary keeps paragraphs and lists apart, so a
 * paragraph that only leads into a list that is no longer there is dropped.
 */
function plain(value: Json | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'string' || typeof value === 'number') return clean(String(value))
  if (Array.isArray(value)) {
    const parts = value.map((part: Json) => plain(part)).filter((part) => !part.endsWith(':'))
    return parts.filter(Boolean).map(sentence).join(' ')
  }
  const parts = Object.entries(value as Record<string, Json>)
    .filter(([key]) => key !== 'attr' && key !== 'xhtml:b' && !key.startsWith('@'))
    .map(([, part]) => plain(part))
  return plain(parts)
}

function clean(text: string): string {
  return text
    .replace(/\[REF-\d+\]/g, '')
    .replace(/^[\s-]+/, '')
    .replace(/\s+/g, ' ')
    .replace(/ ([.,;])/g, '$1')
    .trim()
}

function sentence(text: string): string {
  return /[.!?]["')]*$/.test(text) ? text : `${text.replace(/[,;:]$/, '')}.`
}

function section(heading: string, text: string): string {
  return text === '' ? '' : `${heading}\n${text}`
}

/** As many whole sentences as fit. */
function within(text: string, maxBytes: number): string {
  let kept = ''
  for (const part of text.split(/(?<=[.!?]) (?=[A-Z"'(])/)) {
    const longer = kept === '' ? part : `${kept} ${part}`
    if (Buffer.byteLength(longer) > maxBytes) break
    kept = longer
  }
  return kept
}

function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let inner = value
  for (const key of path) {
    if (inner === undefined || typeof inner !== 'object' || Array.isArray(inner)) return undefined
    inner = (inner as Record<string, Json>)[key]
  }
  return inner
}

function attribute(value: Json, name: string): string {
  return String(at(value, 'attr', `@_${name}`) ?? '')
}

function list(value: Json | undefined): readonly Json[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value as Json]
}
