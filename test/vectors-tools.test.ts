import { describe, expect, test } from 'vitest'
import { decodeForm, encodeForm } from '../protocol/model/answer-form.ts'
import { encodeToolCalls, readAnswer } from '../protocol/model/tool-calls.ts'
import { refuses, type Vectors, vectors } from './vector-cases.ts'

describe('tool calls', () => {
  const file = vectors('06-tool-calls')
  test.each<[string, Vectors]>(file.valid.map((one: Vectors) => [one.name, one]))(
    '%s',
    (_, one) => {
      const { text, content, toolCalls } = one
      expect(readAnswer(text)).toEqual({ content, toolCalls })
      expect(content + encodeToolCalls(toolCalls)).toBe(text)
    }
  )
  refuses(file.invalid, (one) => readAnswer(one.text))
})

describe('forms', () => {
  const file = vectors('06-tool-calls')
  const stands = file.forms.filter((one: Vectors) => one.error === undefined)
  test.each<[string, Vectors]>(stands.map((one: Vectors) => [one.name, one]))('%s', (_, one) => {
    expect(encodeForm(decodeForm(one.form))).toBe(one.form)
  })
  refuses(
    file.forms.filter((one: Vectors) => one.error !== undefined),
    (one) => decodeForm(one.form)
  )
})
