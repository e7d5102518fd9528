import { z } from 'zod'
import { formText } from '../../api/tool-calls.ts'

const jsonSchema = z.record(z.string(), z.unknown())
const name = z.string()
const called = z.object({ name, arguments: z.string() })

/** The tools and the form of an answer in a chat request. */
export const formFields = {
  tools: z
    .array(
      z.object({
        type: z.literal('function', { error: 'only functions are supported' }),
        function: z.object({
          name,
          description: z.string().nullish(),
          parameters: jsonSchema.nullish(),
          strict: z.boolean().nullish()
        })
      })
    )
    .nullish(),
  tool_choice: z
    .union([
      z.enum(['auto', 'none', 'required']),
      z.object({ type: z.literal('function'), function: z.object({ name }) })
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z
    .union(
      [
        z.object({ type: z.enum(['text', 'json_object']) }),
        z.object({
          type: z.literal('json_schema'),
          json_schema: z.object({
            name: name.nullish(),
            schema: jsonSchema.nullish(),
            strict: z.boolean().nullish()
          })
        })
      ],
      { error: 'text, json_object or json_schema' }
    )
    .nullish()
}

/** Tool calls of an earlier answer. */
export const callsField = z
  .array(z.object({ id: z.string().min(1), type: z.literal('function'), function: called }))
  .nullish()

type Fields = z.output<z.ZodObject<typeof formFields>>

/**
 * The form that the request asks for, undefined for plain text. Refuses one that no model takes
 * (INPUT_INVALID). `tool_choice` without tools has no effect, as in the API.
 */
export function formOf({ tools, tool_choice: choice, response_format: format }: Fields): {
  readonly form?: string
  /** The first parameter that asks for it. */
  readonly param?: string
} {
  const hasTools = tools != null && tools.length > 0
  const hasFormat = format != null && format.type !== 'text'
  if (!hasTools && !hasFormat) return {}
  const form = {
    ...(hasTools ? { tools: tools.map((tool) => given(tool.function)) } : {}),
    ...(hasTools && choice != null
      ? { toolChoice: typeof choice === 'string' ? choice : { name: choice.function.name } }
      : {}),
    ...(hasFormat ? { json: format.type === 'json_schema' ? given(format.json_schema) : {} } : {})
  }
  return { form: formText(form), param: hasTools ? 'tools' : 'response_format' }
}

function given(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null))
}
