import {
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  ComponentType,
  TextInputStyle
} from 'discord.js'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import type { Draft } from '../commands/drafts.ts'

/** A radio group holds 2 to 10. */
const LICENCES = 10

/** The names of its fields. */
export const FIELDS = {
  title: 'title',
  text: 'text',
  source: 'source',
  language: 'language',
  licence: 'licence'
} as const

/** The form in which a contribution is typed, filled with `draft` when it is corrected. */
export function contributionForm(
  datanet: DatanetSummary,
  {
    id,
    language,
    draft
  }: { readonly id: string; readonly language: string; readonly draft?: Draft }
): APIModalInteractionResponseCallbackData {
  const licences = datanet.licences.slice(0, LICENCES)
  const chosen = draft?.licence ?? licences[0]
  const choice: readonly APILabelComponent[] =
    licences.length < 2
      ? []
      : [
          {
            type: ComponentType.Label,
            label: 'Licence',
            component: {
              type: ComponentType.RadioGroup,
              custom_id: FIELDS.licence,
              required: true,
              options: licences.map((licence) => ({
                label: licence.slice(0, 100),
                value: licence.slice(0, 100),
                default: licence === chosen
              }))
            }
          }
        ]
  return {
    custom_id: id,
    title: `Contribute to ${datanet.name}`.slice(0, 45),
    components: [
      field(FIELDS.title, 'Title', { max: 200, value: draft?.title }),
      field(FIELDS.text, 'Text', {
        max: 4_000,
        value: draft?.text,
        isLong: true,
        description: 'Your own words, or words whose licence lets you give them.'
      }),
      field(FIELDS.source, 'Source', {
        max: 1_000,
        value: draft?.sourceUrl,
        isOptional: true,
        description: 'A web address, if it stands somewhere already.'
      }),
      field(FIELDS.language, 'Language', { max: 20, value: draft?.language ?? language }),
      ...choice
    ]
  }
}

function field(
  id: string,
  label: string,
  given: {
    readonly max: number
    readonly value: string | undefined
    readonly isLong?: boolean
    readonly isOptional?: boolean
    readonly description?: string
  }
): APILabelComponent {
  const { max, value, isLong, isOptional, description } = given
  return {
    type: ComponentType.Label,
    label,
    ...(description === undefined ? {} : { description }),
    component: {
      type: ComponentType.TextInput,
      custom_id: id,
      style: isLong === true ? TextInputStyle.Paragraph : TextInputStyle.Short,
      required: isOptional !== true,
      max_length: max,
      ...(value === undefined || value === '' ? {} : { value })
    }
  }
}
