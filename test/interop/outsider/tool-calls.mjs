// Chapter 06: tool calls at the end of an answer, and the form of a request.
import { refuse } from './codec.mjs'

const NAME = /^[A-Za-z0-9_-]{1,64}$/
const isMap = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)
const only = (value, keys) => isMap(value) && Object.keys(value).every((key) => keys.includes(key))

function json(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function readAnswer(text) {
  const [content, ...calls] = text.split('\u001e')
  const toolCalls = calls.map((record) => {
    const call = json(record)
    const isCall =
      record.endsWith('\n') &&
      only(call, ['id', 'name', 'arguments']) &&
      typeof call.id === 'string' &&
      NAME.test(call.name) &&
      typeof call.arguments === 'string'
    return isCall ? call : refuse('RECORD_MALFORMED', 'no tool call')
  })
  return { content, toolCalls }
}

export function readForm(text) {
  const form = json(text)
  const isForm = only(form, ['tools', 'toolChoice', 'json'])
  const { tools, toolChoice } = isForm ? form : {}
  const isTool = (tool) =>
    only(tool, ['name', 'description', 'parameters', 'strict']) && NAME.test(tool.name)
  const areTools =
    tools === undefined || (Array.isArray(tools) && tools.length > 0 && tools.every(isTool))
  const isChoice =
    toolChoice === undefined ||
    (tools !== undefined &&
      (['auto', 'none', 'required'].includes(toolChoice) ||
        tools.some(({ name }) => name === toolChoice?.name)))
  if (!isForm || !areTools || !isChoice) refuse('INPUT_INVALID', 'no form')
  return form
}
