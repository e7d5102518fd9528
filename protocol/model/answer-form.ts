import { z } from 'zod'
import { DatanetError } from '../base/errors.ts'

/** Characters of a form: some tens of tools with their parameters. */
const MAX_CHARACTERS = 65_536
const MAX_TOOLS = 128

const name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const jsonSchema = z.record(z.string(), z.json())

/** The form as JSON. specs/06-model.md §Answer form */
const formSchema = z.strictObject({
  tools: z.exactOptional(
    z
      .array(
        z.strictObject({
          name,
          description: z.exactOptional(z.string().max(4_096)),
          parameters: z.exactOptional(jsonSchema),
          strict: z.exactOptional(z.boolean())
        })
      )
      .min(1)
      .max(MAX_TOOLS)
      .readonly()
  ),
  toolChoice: z.exactOptional(
    z.union([z.enum(['auto', 'none', 'required']), z.strictObject({ name })])
  ),
  json: z.exactOptional(
    z.strictObject({
      name: z.exactOptional(name),
      schema: z.exactOptional(jsonSchema),
      strict: z.exactOptional(z.boolean())
    })
  )
})

/** Tools that an answer may call, and that it is to be JSON, of a schema where one is given. */
export type AnswerForm = z.output<typeof formSchema>

/** The text of `form` that travels in a request and is counted like a message. */
export function encodeForm(form: AnswerForm): string {
  return JSON.stringify(form)
}

/**
 * The form in a request. Refuses text that is too long, no JSON, outside the schema, or that asks to
 * choose among tools without naming any (INPUT_INVALID). specs/06-model.md §Answer form
 */
export function decodeForm(text: string): AnswerForm {
  const parsed = text.length > MAX_CHARACTERS ? undefined : formSchema.safeParse(toJson(text))
  if (parsed?.success !== true) {
    const at = parsed?.error?.issues[0]?.path.join('.') ?? ''
    throw new DatanetError('INPUT_INVALID', { param: `form${at === '' ? '' : `.${at}`}` })
  }
  const { tools, toolChoice } = parsed.data
  const chosen = typeof toolChoice === 'object' ? toolChoice.name : undefined
  const isNamed = chosen === undefined || tools?.some((tool) => tool.name === chosen) === true
  if (!isNamed || (toolChoice !== undefined && tools === undefined)) {
    throw new DatanetError('INPUT_INVALID', { param: 'form.toolChoice' })
  }
  return parsed.data
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
