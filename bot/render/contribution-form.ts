import {
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  ComponentType,
  TextInputStyle
} from 'discord.js'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import { type Field, KINDS, type Kind, type Values } from '../commands/contribution-kinds.ts'

/** A radio group holds 2 to 10, a form 1 to 5 fields. */
const LICENCES = 10
const FIELDS = 5

/** The names of the fields that all kinds share. */
export const SHARED = { source: 'source', language: 'language', licence: 'licence' } as const

/** What a form is filled in with when it opens. */
export interface Filled {
  readonly values: Values
  readonly sourceUrl?: string
  readonly language: string
  readonly licence?: string
}

/** The form in which a contribution is typed. */
export function contributionForm(
  datanet: DatanetSummary,
  kind: Kind,
  { id, filled }: { readonly id: string; readonly filled: Filled }
): APIModalInteractionResponseCallbackData {
  const { fields, hasSource, hasLanguage } = KINDS[kind]
  const { values, sourceUrl, language, licence } = filled
  const licences = datanet.licences.slice(0, LICENCES)
  const chosen = licence ?? licences[0]
  const components = [
    ...fields.map((one) => fieldOf(one, values[one.id])),
    ...(hasLanguage
      ? [fieldOf({ id: SHARED.language, label: 'Language', max: 20 }, language)]
      : []),
    ...(licences.length < 2
      ? []
      : [
          fieldOf(
            {
              ...{ id: SHARED.licence, label: 'Licence', max: 100 },
              choices: licences.map((one) => ({ label: one, value: one }))
            },
            chosen
          )
        ])
  ]
  const source: Field = {
    id: SHARED.source,
    label: 'Source',
    max: 1_000,
    isOptional: true,
    description: 'A web address, if it stands somewhere already.'
  }
  // Where it stood is the first to be left out of a form that is full.
  if (hasSource && components.length < FIELDS) {
    components.splice(fields.length, 0, fieldOf(source, sourceUrl))
  }
  return { custom_id: id, title: `Contribute to ${datanet.name}`.slice(0, 45), components }
}

/** A field under its label. */
export function fieldOf(
  { id, label, max, isLong, isOptional, description, choices }: Field,
  value?: string
): APILabelComponent {
  const shared = { label, ...(description === undefined ? {} : { description }) }
  if (choices !== undefined) {
    return {
      type: ComponentType.Label,
      ...shared,
      component: {
        type: ComponentType.RadioGroup,
        custom_id: id,
        required: isOptional !== true,
        options: choices.map((choice) => ({
          label: choice.label.slice(0, 100),
          value: choice.value.slice(0, 100),
          default: choice.value === value
        }))
      }
    }
  }
  return {
    type: ComponentType.Label,
    ...shared,
    component: {
      type: ComponentType.TextInput,
      custom_id: id,
      style: isLong === true ? TextInputStyle.Paragraph : TextInputStyle.Short,
      required: isOptional !== true,
      max_length: max,
      ...(value === undefined || value === '' ? {} : { value: value.slice(0, max) })
    }
  }
}
