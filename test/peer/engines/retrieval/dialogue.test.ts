import { expect, it } from 'vitest'
import { readDialogue } from '../../../../peer/engines/retrieval/dialogue.ts'

it.each([
  [['What is a heat pump?', 'How do I clean it?'], 'What is a heat pump: How do I clean it?'],
  [['What is a heat pump?', 'why?'], 'What is a heat pump: why?'],
  [['Where is Bern?', 'And Geneva?'], 'Where is Bern: And Geneva?'],
  [
    ['What is a heat pump?', 'How do I clean it?', 'How often is that needed?'],
    'What is a heat pump: How do I clean it?: How often is that needed?'
  ]
])('joins %j', (turns, text) => {
  expect(readDialogue(turns)).toEqual({ text: text.replace('?:', ':'), question: turns.at(-1) })
})

it.each([
  [['What is a heat pump?', 'What is the capital of Chad?']],
  [['What is a heat pump?', 'What is it called when water boils under low pressure in a pan?']],
  [['How do I clean it?']],
  [['What is a heat pump?', 'Tell me about solar panels on roofs of old houses.']]
])('lets the last of %j stand alone', (turns) => {
  expect(readDialogue(turns).text).toBe(turns.at(-1))
})
