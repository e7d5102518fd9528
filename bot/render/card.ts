import {
  type APIButtonComponentWithCustomId,
  type APIComponentInContainer,
  type APIMessageTopLevelComponent,
  type ButtonStyle,
  ComponentType,
  MessageFlags
} from 'discord.js'
import { customId } from '../discord/custom-id.ts'

/** A file that is shown in a message because its text does not fit. */
export interface CardFile {
  readonly name: string
  readonly text: string
}

/** A framed message: paragraphs, a rule where `RULE` stands, then files and buttons. */
export interface Card {
  readonly colour: number
  readonly parts: readonly string[]
  readonly files?: readonly CardFile[]
  readonly buttons?: readonly APIButtonComponentWithCustomId[]
}

/** A part that is a line across. */
export const RULE = '\u0000rule'

export const COLOUR = {
  working: 0xe08a00,
  done: 0x2e8b57,
  notice: 0x5865f2,
  failed: 0xb3261e
} as const

/** All texts of a message together. */
const MAX_TEXT = 4_000

/** What discord.js edits or sends a message with: Components V2, no pings, the files that it shows. */
export function card({ colour, parts, files = [], buttons = [] }: Card) {
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
  if (buttons.length > 0) {
    components.push({ type: ComponentType.ActionRow, components: [...buttons] })
  }
  return {
    flags: MessageFlags.IsComponentsV2 as const,
    components,
    allowedMentions: { parse: [] },
    // Named on every edit, so that a file that is shown no longer goes.
    attachments: [],
    files: files.map(({ name, text }) => ({ name, attachment: Buffer.from(text, 'utf8') }))
  }
}

/** A button of ours. */
export function button(
  label: string,
  action: string,
  subject: string,
  style: ButtonStyle.Primary | ButtonStyle.Secondary | ButtonStyle.Success | ButtonStyle.Danger
): APIButtonComponentWithCustomId {
  return { type: ComponentType.Button, label, style, custom_id: customId({ action, subject }) }
}

/** A short word to one member alone. */
export function notice(text: string) {
  const { components } = card({ colour: COLOUR.notice, parts: [text] })
  return {
    components,
    allowedMentions: { parse: [] },
    flags: (MessageFlags.IsComponentsV2 | MessageFlags.Ephemeral) as number
  }
}
