/** What looks like it belongs to a person, or like a secret. */
export type PersonalKind = 'email' | 'phone' | 'iban' | 'card' | 'address' | 'private-key' | 'token'

/** Where it stands, and enough of it to find it: the rest is covered. */
export interface PersonalFinding {
  readonly kind: PersonalKind
  /** In characters from the start of the text. */
  readonly at: number
  readonly length: number
  /** From 1. */
  readonly line: number
  readonly shown: string
}

/** A pattern, and what its match must fulfil besides; group 1 is what counts where there is one. */
interface Rule {
  readonly kind: PersonalKind
  readonly pattern: RegExp
  readonly holds?: (match: string, before: string) => boolean
}

/** One text may hold so many before the rest is not counted any more. */
const MOST = 50

const RULES: readonly Rule[] = [
  {
    kind: 'private-key',
    pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]{40,}?(?:-----END|$)/g
  },
  {
    // 32 bytes alone are a hash more often than a key: only what is called one counts.
    kind: 'private-key',
    pattern:
      /\b(?:private|secret)[ _-]?key\b["'`]?\s*(?:is|=|:|=>)\s*["'`]?((?:0x)?[0-9a-f]{64})\b/gi
  },
  {
    kind: 'token',
    pattern:
      /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|xox[abeprs]-[\w-]{20,}|(?:sk|rk|pk)[-_](?:live|test|proj|ant|or)[-_][\w-]{16,}|sk-[A-Za-z0-9]{32,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,}|dop_v1_[0-9a-f]{64}|SG\.[\w-]{20,}\.[\w-]{20,})(?![\w-])/g
  },
  { kind: 'token', pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/g },
  { kind: 'token', pattern: /\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])/g },
  {
    kind: 'email',
    pattern: /\b[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.)+\p{L}{2,24}\b/gu,
    holds: (match) => !isExample(match)
  },
  {
    kind: 'iban',
    pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g,
    holds: isIban
  },
  { kind: 'card', pattern: /\b[3-6]\d{3}(?:[ -]?\d){9,15}\b/g, holds: isCard },
  {
    kind: 'phone',
    pattern: /(?<![\w.+])\+[1-9]\d{0,2}(?:[ ./-]?\(?\d{1,5}\)?){2,6}(?![\w.])/g,
    holds: (match) => hasDigits(match, 9, 15)
  },
  {
    kind: 'phone',
    pattern: /(?<![\w.(])\(\d{3}\) ?\d{3}[ -]\d{4}\b|(?<![\w.-])\d{3}-\d{3}-\d{4}(?![\w-])/g
  },
  {
    kind: 'phone',
    pattern:
      /\b(?:tel|telephone|phone|mobile|fax|call me)\b[.:]{0,2}\s*((?:\(?\d{1,6}\)?[ ./-]{0,3}){2,6}\d)/gi,
    holds: (match) => hasDigits(match, 7, 15)
  },
  {
    kind: 'address',
    pattern: /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]|\/\d)/g,
    holds: isPublicIp4
  },
  {
    kind: 'address',
    pattern: /(?<![\w:.])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,4}(?![\w:.])/gi,
    holds: isPublicIp6
  }
]

/**
 * Personal data and secrets that `text` seems to hold, in their order, each place once. Examples
 * that standards set aside for it (example.org, 192.0.2.0/24, private networks) are none. What a
 * checksum can tell apart is told apart by it.
 */
export function personalDataIn(text: string): readonly PersonalFinding[] {
  const found: PersonalFinding[] = []
  for (const { kind, pattern, holds } of RULES) {
    for (const match of text.matchAll(pattern)) {
      const said = match[1] ?? match[0]
      const at = match.index + match[0].indexOf(said)
      if (holds !== undefined && !holds(said, text.slice(Math.max(0, at - 16), at))) continue
      const end = at + said.length
      if (found.some((one) => at < one.at + one.length && one.at < end)) continue
      found.push({ kind, at, length: said.length, line: lineOf(text, at), shown: covered(said) })
      if (found.length >= MOST) return inOrder(found)
    }
  }
  return inOrder(found)
}

function inOrder(found: PersonalFinding[]): readonly PersonalFinding[] {
  return found.sort((a, b) => a.at - b.at)
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}

/** The ends of what was found: to be found again, not to be told on. */
function covered(said: string): string {
  const [line = ''] = said.split('\n')
  return line.length <= 6 ? `${line.slice(0, 1)}…` : `${line.slice(0, 3)}…${line.slice(-2)}`
}

function isExample(email: string): boolean {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  return /(?:^|\.)(?:example(?:\.(?:com|org|net|edu))?|test|invalid|localhost|local)$/.test(domain)
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '')
}

function hasDigits(text: string, least: number, most: number): boolean {
  const { length } = digitsOf(text)
  return length >= least && length <= most
}

/** ISO 7064 mod 97-10 over the rearranged account number. */
function isIban(text: string): boolean {
  const plain = text.replaceAll(' ', '')
  if (plain.length < 15 || plain.length > 34) return false
  const digits = `${plain.slice(4)}${plain.slice(0, 4)}`.replace(/[A-Z]/g, (letter) =>
    String(letter.charCodeAt(0) - 55)
  )
  let rest = 0
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % 97
  return rest === 1
}

/** Luhn's check digit, over as many digits as cards have, with a prefix that is given out. */
function isCard(text: string): boolean {
  const digits = digitsOf(text)
  if (/^(\d)\1+$/.test(digits)) return false
  if (
    !/^(?:4(?:.{12}|.{15}|.{18})|(?:5[1-5]|2[2-7]|6[045]).{14}|3[47].{13}|36.{12})$/.test(digits)
  ) {
    return false
  }
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    const twice = digit * 2
    sum += i % 2 === 0 ? digit : twice > 9 ? twice - 9 : twice
  }
  return sum % 10 === 0
}

function isPublicIp4(text: string, before: string): boolean {
  // The version of a thing and the number of a section have the same form.
  if (/(?:\bv|version|release|build|section|chapter|§|\bnode|\bclause)\s*$/i.test(before))
    return false
  const parts = text.split('.').map(Number)
  const [a = 0, b = 0, c = 0] = parts
  if (parts.some((part) => part > 255) || a === 0 || a >= 224) return false
  if (a === 10 || a === 127 || (a === 192 && b === 168)) return false
  if ((a === 172 && b >= 16 && b < 32) || (a === 169 && b === 254)) return false
  const isDocumentation =
    (a === 192 && b === 0 && c === 2) ||
    (a === 198 && b === 51 && c === 100) ||
    (a === 203 && b === 0 && c === 113)
  // A network ends in zeros where a machine does not.
  return !isDocumentation && !(b === 0 && c === 0) && a > 4
}

function isPublicIp6(text: string): boolean {
  const groups = text.split(':').filter((group) => group !== '')
  const isWhole = groups.length === 8 || text.includes('::')
  return isWhole && !/^(?:2001:0?db8|fe80|f[cd]|::1$)/i.test(text) && groups.length > 3
}
