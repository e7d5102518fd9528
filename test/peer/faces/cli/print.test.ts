import { expect, test } from 'vitest'
import { createPrint, failed } from '../../../../peer/faces/cli/print.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'

function printOn(columns: number | undefined) {
  const sink = { write: () => true, ...(columns === undefined ? {} : { columns }) }
  return createPrint({ isJson: false, out: sink, err: sink })
}

test('lines are as wide as the terminal, and at most what is read well', () => {
  expect(printOn(80).columns).toBe(80)
  expect(printOn(120).columns).toBe(100)
  expect(printOn(undefined).columns).toBe(100)
})

test('a terminal that says it has no columns does not get one word a line', () => {
  expect(printOn(0).columns).toBe(100)
})

test('a refusal keeps to the terminal’s width, and is one line where it is read by programs', () => {
  const hint = 'no peer runs here: npx datanet init sets one up, datanet peer start runs one'
  const error = new DatanetError('PEER_UNREACHABLE', {}, { hint })
  const said = (err: { isTTY?: boolean; columns?: number }) => {
    let text = ''
    const sink = { ...err, write: (more: string) => (text += more) }
    failed(error, false, { out: sink, err: sink })
    return text.replace('\r\x1b[2K', '').split('\n')
  }
  const narrow = said({ isTTY: true, columns: 60 })
  expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(60)
  expect(said({ isTTY: true, columns: 0 })[0]?.length).toBeGreaterThan(60)
  expect(said({})).toHaveLength(3)
  expect(said({}).join('')).not.toContain('\x1b')
})
