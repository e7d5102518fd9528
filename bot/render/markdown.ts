const INVITE =
  /(?:https?:\/\/)?(?:www\.)?(?:discord(?:app)?\.com\/invite|discord\.gg|dsc\.gg)\/[\w-]+/gi
const CODE = /(```[\s\S]*?(?:```|$)|`[^`\n]+`)/

/**
 * Text of a member or a contributor as nothing but text: no formatting, mention, link or invite, on as
 * many characters as `max` at most once it is escaped.
 */
export function plainText(text: string, max: number): string {
  return within(text, max, escapeAll)
}

/** Text of a member on one line. */
export function plainLine(text: string, max: number): string {
  return plainText(text.replace(/\s+/g, ' ').trim(), max)
}

/**
 * A model's answer: emphasis, lists and code stay; masked links, mentions, invites, headings and small
 * print do not work, and code that is not ended is. On `max` characters at most.
 */
export function answerText(text: string, max: number): string {
  return within(text, max, withoutHarm)
}

/** As much of `text` as is `max` characters once made harmless; cut before, never in an escape. */
function within(text: string, max: number, harmless: (text: string) => string): string {
  const whole = harmless(text)
  if (whole.length <= max) return whole
  for (let keep = Math.min(text.length, max); keep > 0; ) {
    const end = text.slice(0, keep).replace(/[\ud800-\udbff]$/, '')
    const cut = harmless(`${end.trimEnd()}…`)
    if (cut.length <= max) return cut
    keep -= Math.max(1, Math.ceil((cut.length - max) / 2))
  }
  return '…'
}

function withoutHarm(text: string): string {
  const harmless = text
    .split(CODE)
    .map((part, index) => (index % 2 === 1 ? part : escapeSome(part)))
    .join('')
  return (harmless.split('```').length - 1) % 2 === 1 ? `${harmless}\n\`\`\`` : harmless
}

/** A source's address as a link that shows where it leads; nothing for what is no web address. */
export function sourceLink(url: string, max: number): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, href } = new URL(url)
  if (!/^https?:$/.test(protocol) || new RegExp(INVITE.source, 'i').test(href)) return undefined
  const link = `<${href.replace(/[<>]/g, encodeURIComponent)}>`
  return link.length <= max ? link : undefined
}

function escapeAll(text: string): string {
  return withoutTricks(text)
    .replace(/[\\`*_~|<>[\]()#]/g, '\\$&')
    .replace(/^(\s*)([-+])/gm, '$1\\$2')
    .replace(/^(\s*\d+)([.)])/gm, '$1\\$2')
}

function escapeSome(text: string): string {
  return withoutTricks(text)
    .replaceAll('<', '\\<')
    .replaceAll('](', ']\\(')
    .replace(/^(\s*)(#{1,3}\s|-#|>)/gm, '$1\\$2')
}

/** Without invites, pings of everyone, and characters that turn text around or hide it. */
function withoutTricks(text: string): string {
  return text
    .replace(/[^\P{Cc}\n\t]|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, '')
    .replace(INVITE, '(invite removed)')
    .replace(/@(?=everyone|here)/g, '@\u200b')
}
