import {
  type APIButtonComponent,
  type APIComponentInContainer,
  type APIMessageTopLevelComponent,
  type APISelectMenuComponent,
  ButtonStyle,
  ComponentType,
  MessageFlags
} from 'discord.js'
import { customId } from '../discord/custom-id.ts'

/** A file that is shown in a message because its text does not fit. */
export interface CardFile {
  readonly name: string
  readonly text: string
}

/** A framed message: paragraphs, a rule where `RULE` stands, then files and controls. */
export interface Card {
  readonly colour: number
  readonly parts: readonly string[]
  readonly files?: readonly CardFile[]
  /** Five stand in a row, and more in further rows. */
  readonly buttons?: readonly APIButtonComponent[]
  /** Each has a row of its own, above the buttons. */
  readonly selects?: readonly APISelectMenuComponent[]
  /** Who alone may be pinged by it, by their ids. */
  readonly pings?: readonly string[]
}

/** A part that is a line across. */
export const RULE = '\u0000rule'

export const COLOUR = {
  working: 0xe08a00,
  done: 0x2e8b57,
  notice: 0x5865f2,
  failed: 0xb3261e
} as const

/** Discord's bounds: all texts of a message together, all its components, buttons of a row. */
const MAX_TEXT = 4_000
const MAX_COMPONENTS = 40
const ROW = 5

/** What discord.js edits or sends a message with: Components V2, the files that it shows, no pings but those named. */
export function card({ colour, parts, files = [], buttons = [], selects = [], pings = [] }: Card) {
  // Discord refuses a text without characters; whatever became empty on the way is left out.
  const shown = parts.filter((part) => part.trim() !== '')
  const length = shown.reduce((sum, part) => sum + (part === RULE ? 0 : part.length), 0)
  if (length > MAX_TEXT) throw new RangeError(`a message of ${length} characters`)
  const inner: APIComponentInContainer[] = shown.map((part) =>
    part === RULE
      ? { type: ComponentType.Separator }
      : { type: ComponentType.TextDisplay, content: part }
  )
  for (const { name } of files) {
    inner.push({ type: ComponentType.File, file: { url: `attachment://${name}` } })
  }
  const components: APIMessageTopLevelComponent[] = [
    { type: ComponentType.Container, accent_color: colour, components: inner }
  ]
  for (const select of selects) {
    components.push({ type: ComponentType.ActionRow, components: [select] })
  }
  for (let at = 0; at < buttons.length; at += ROW) {
    const row = buttons.slice(at, at + ROW)
    components.push({ type: ComponentType.ActionRow, components: row })
  }
  const count = 1 + inner.length + selects.length * 2 + buttons.length + components.length
  if (count > MAX_COMPONENTS) throw new RangeError(`a message of ${count} components`)
  return {
    flags: MessageFlags.IsComponentsV2 as const,
    components,
    allowedMentions: { parse: [], users: [...pings] },
    // Named on every edit, so that a file that is shown no longer goes.
    attachments: [],
    files: files.map(({ name, text }) => ({ name, attachment: Buffer.from(text, 'utf8') }))
  }
}

type Style = ButtonStyle.Primary | ButtonStyle.Secondary | ButtonStyle.Success | ButtonStyle.Danger

/** A button of ours. */
export function button(
  label: string,
  action: string,
  subject: string,
  style: Style = ButtonStyle.Secondary
): APIButtonComponent {
  return { type: ComponentType.Button, label, style, custom_id: customId({ action, subject }) }
}

/** A short word as a card. */
export function said(text: string): Card {
  return { colour: COLOUR.notice, parts: [text] }
}
