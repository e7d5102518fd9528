import type { ErrorCode } from '../../protocol/base/errors.ts'
import type { Content } from '../../protocol/datanet/content.ts'
import { agrees, type Recognised } from './language.ts'
import { personalDataIn } from './personal-data.ts'
import { bodyOf, saidIn } from './said-in.ts'
import { spamIn } from './spam.ts'

/** Something about a text that its contributor should know before it is given, and its curators after. */
export interface Finding {
  readonly code: Extract<ErrorCode, 'PERSONAL_DATA_FOUND' | 'SPAM_REFUSED' | 'LANGUAGE_REFUSED'>
  /** Of personal data and noise their kind, of a language the one that was recognised. */
  readonly kind: string
  /** Whether a Datanet refuses it for that; the rest is for a person to judge. */
  readonly isRefused: boolean
  readonly field?: string
  /** In characters from the start of the field. */
  readonly at?: number
  readonly length?: number
  /** From 1. */
  readonly line?: number
  /** Enough of it to find it. */
  readonly shown?: string
}

/** What a text is examined for: the language it is said to be in, and those that are taken. */
export interface Expected {
  readonly language: string
  readonly languages?: readonly string[]
}

/** What there is to say about `content`, in the order of its texts. Deterministic. */
export function examine(
  content: Content,
  { language, languages }: Expected,
  recognise: (text: string) => Recognised | undefined
): readonly Finding[] {
  const body = bodyOf(content)
  const spam = content.schema === 'file/1' ? undefined : spamIn(body)
  const found = recognise(body)
  const isOther = found !== undefined && !agrees(language, found.language)
  const { language: kind = '', isSure = false } = found ?? {}
  const isTaken = languages === undefined || languages.some((one) => agrees(one, kind))
  return [
    ...(spam === undefined ? [] : [{ code: 'SPAM_REFUSED' as const, kind: spam, isRefused: true }]),
    ...(isOther
      ? [{ code: 'LANGUAGE_REFUSED' as const, kind, isRefused: isSure && !isTaken }]
      : []),
    ...saidIn(content).flatMap(({ field, text }) =>
      personalDataIn(text).map((place) => ({
        code: 'PERSONAL_DATA_FOUND' as const,
        ...place,
        field,
        isRefused: false
      }))
    )
  ]
}

/** A finding as the API shows it, with its words. */
export function shown(finding: Finding): Finding & { readonly text: string } {
  return { ...finding, text: inWords(finding) }
}

/** A finding in words, for a person who can act on it. */
export function inWords({ code, kind, field, line, shown }: Finding): string {
  if (code === 'SPAM_REFUSED') return SPAM[kind] ?? kind
  if (code === 'LANGUAGE_REFUSED') return `it seems to be written in another language: ${kind}`
  return `${field}, line ${line}: what looks like ${PERSONAL[kind] ?? kind} (${shown})`
}

const SPAM: Readonly<Record<string, string>> = {
  blank: 'there is nothing to read in it',
  characters: 'one character stands there a hundred times in a row',
  words: 'most of its words are one and the same',
  links: 'it is links, and hardly a word beside them',
  sameness: 'it says one thing again and again'
}

const PERSONAL: Readonly<Record<string, string>> = {
  email: 'an email address',
  phone: 'a phone number',
  iban: 'a bank account number',
  card: 'a card number',
  address: 'the network address of a machine',
  'private-key': 'a private key',
  token: 'a token or password of a service'
}
