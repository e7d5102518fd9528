import { KINDS } from './contribution-kinds.ts'
import type { Draft } from './drafts.ts'

/** 64 digits alone, or called a key: a private key. Elsewhere they may well be somebody's digest. */
const KEY =
  /^\s*(0x)?[0-9a-f]{64}\s*$|\b(key|secret|seed|wallet)\b[\s\S]{0,40}(?<![0-9a-z])(0x)?[0-9a-f]{64}\b/i
/** As many plain words as a wallet's recovery phrase has, and nothing else. */
const PHRASE = /^\s*(?:[a-z]{3,8}\s+){11}(?:(?:[a-z]{3,8}\s+){3}){0,4}[a-z]{3,8}\s*$/
const TITLE_BYTES = 256

/** Why a draft cannot be given as it is, in words for its member; empty when it can. */
export function draftProblems(draft: Omit<Draft, 'id' | 'user'>): string[] {
  const { kind, values, context, sourceUrl, language, licence, datanet } = draft
  const { fields, content } = KINDS[kind]
  const problems: string[] = []
  const missing = fields.filter((one) => one.isOptional !== true && (values[one.id] ?? '') === '')
  if (missing.length > 0) {
    const names = missing.map(({ label }) => label).join(' and ')
    problems.push(`${names} cannot be empty.`)
  }
  const made = content(values, context)
  if (missing.length === 0 && typeof made === 'string') problems.push(made)
  if (Buffer.byteLength(values.title ?? '') > TITLE_BYTES) problems.push('The title is too long.')
  if (sourceUrl !== '' && !isWebAddress(sourceUrl)) {
    problems.push('The source is no web address. Write it whole, with https://, or leave it out.')
  }
  if (!isLanguage(language)) {
    problems.push('The language is a short code: en, de, pt-BR.')
  }
  if (!datanet.licences.includes(licence)) problems.push('This licence is not taken here.')
  if ([...Object.values(values), sourceUrl].some(isSecret)) {
    problems.push(
      'This looks like a private key or a recovery phrase. Never type one anywhere: take it out.'
    )
  }
  return problems
}

/** Whether a text looks like what nobody must ever type into a form: it is refused and not kept. */
export function isSecret(text: string): boolean {
  return KEY.test(text) || PHRASE.test(text)
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function isLanguage(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1
  } catch {
    return false
  }
}
