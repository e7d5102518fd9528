import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { columns, paragraph } from '../../../peer/devnet/layout.ts'
import type { Step } from '../../../peer/devnet/steps.ts'
import { tellStep } from '../../../peer/devnet/story.ts'

const DNC = 10n ** 18n
const told = (step: Step) => stripVTControlCharacters(tellStep(step)).replace(/\s+/g, ' ')
const lengths = (text: string) =>
  stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.length)

const asked = (
  outcome: 'answered' | 'abstained',
  drawn?: { isAnswerable: boolean; isCreditCorrect: boolean }
): Extract<Step, { step: 'asked' }> => ({
  step: 'asked',
  answer: {
    question: 'How should a program that runs on many machines of many customers keep '.repeat(3),
    text: 'Keep nothing in the program that its users must not read. '.repeat(8),
    citations: [{ mark: 1, contribution: 'c', title: 'Keys '.repeat(15), sourceUrl: 'https://k' }],
    receipt: {
      ...{ callId: '01'.repeat(16), channelId: '0x01', seq: 0, model: 'm', provider: 'p', outcome },
      ...{ inputTokens: 1, outputTokens: 1, priceWei: DNC, royaltyWei: 0n, method: 'coverage/1' },
      ...{ credits: [{ account: '0x01', basis: 'retrieved', ppm: 912_345 }], finishedAtMs: 1 }
    },
    retries: []
  },
  credited: 'Tennessee Technological University',
  ...(drawn === undefined ? {} : { drawn })
})

test('no line is longer than a terminal of 100 columns, however long the question', () => {
  const story = tellStep(asked('answered', { isAnswerable: true, isCreditCorrect: true }))
  expect(Math.max(...lengths(story))).toBeLessThanOrEqual(98)
  expect(stripVTControlCharacters(story)).toMatch(/^ {2}\? How should[^\n]*\n {4}\S/)
})

test('control codes take no room, and a word longer than a line stays whole', () => {
  const bold = '\x1b[1mbold\x1b[22m'
  expect(lengths(paragraph(`${bold} `.repeat(30)))).toEqual(lengths(paragraph('bold '.repeat(30))))
  expect(paragraph(`a ${'b'.repeat(120)} c`).split('\n')).toHaveLength(3)
  expect(Math.max(...lengths(columns(Array.from({ length: 9 }, () => bold))))).toBeLessThanOrEqual(
    98
  )
})

test('praises abstaining only where it abstained', () => {
  const heldOut = { isAnswerable: false, isCreditCorrect: false }
  expect(told(asked('abstained', heldOut))).toContain('as it should')
  expect(told(asked('answered', heldOut))).not.toContain('as it should')
  expect(told(asked('abstained'))).not.toContain('as it should')
})

test('says what was paid ahead, if anything was', () => {
  const claim = { channels: 1, claimedWei: 5n * DNC, operatorWei: 0n, royaltyWei: 0n, txHashes: [] }
  expect(told({ step: 'claimed', claim, spentWei: 3n * DNC })).toContain(
    '2 DNC of it are paid ahead'
  )
  expect(told({ step: 'claimed', claim, spentWei: 5n * DNC })).not.toContain('ahead')
  expect(told({ step: 'claimed', claim, spentWei: 6n * DNC })).not.toContain('ahead')
})

test('tells in a kept world what was there already', () => {
  const contributors = [{ label: 'ann', address: '0x01', contributions: 3 }]
  const added = (count: number) =>
    told({ step: 'contributed', contributions: 3, added: count, contributors })
  expect(added(3)).toContain('hand in 3 contributions, each signed')
  expect(added(1)).toContain('hold 3 contributions there, 1 of them new')
  expect(added(0)).toContain('hold 3 contributions there already')
  expect(added(0)).not.toContain('signed')
  const drop = { pool: '0x', drop: 'd', accounts: 4, unassignedWei: 0n, claimableAtMs: 0 }
  const drops = [{ ...drop, totalWei: DNC }]
  expect(told({ step: 'posted', drops, delayS: 2, isKept: true })).toContain('now comes to 1 DNC')
  expect(told({ step: 'posted', drops, delayS: 2, isKept: false })).toContain('drop of 1 DNC')
})
