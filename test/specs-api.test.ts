import { describe, expect, test } from 'vitest'
import type { PeerApi } from '../peer/api/peer-api.ts'
import { toProblem } from '../peer/api/problem.ts'
import { createMetrics } from '../peer/metrics.ts'
import { LIMITS } from '../protocol/base/limits.ts'
import { methodRows, shapeRows } from './api-tables.ts'
import { PAGES, page, rows, section } from './spec-pages.ts'

// A method, a field or an access rule that changed: the rows below are what the page must say.
describe('specs/10-api.md says', () => {
  const words = page('10')

  test('every method, its kind, argument, result, and who may call it', () => {
    expect(rows(section(words, 'Methods'))).toEqual(methodRows())
  })

  test.each(Object.entries(shapeRows()))('the fields of %s', (name, fields) => {
    expect(rows(section(words, name)).map(([field, type]) => [field, type])).toEqual(fields)
  })

  test('no shape that is none', () => {
    const after = words.split(/^## Shapes$/m)[1]?.split(/^## /m)[0] ?? ''
    const titles = [...after.matchAll(/^### (\w+)$/gm)].map(([, title]) => title)
    expect(titles).toEqual(Object.keys(shapeRows()))
  })
})

test('every limit is named where it bounds something', () => {
  const all = [...PAGES].map(([, words]) => words).join('\n')
  const uses = (limit: string) => all.match(new RegExp(`\\b${limit}\\b`, 'g'))?.length ?? 0
  expect(Object.keys(LIMITS).filter((limit) => uses(limit) < 2)).toEqual([])
})

describe('specs/10-api.md names', () => {
  test('the figures of /metrics', async () => {
    const api = { status: async () => ({ connectedPeers: 0, openStreams: 0 }) }
    const told = await createMetrics(api as unknown as PeerApi, () => 0).text()
    const figures = [...told.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [
      name,
      type
    ])
    const stated = rows(section(page('10'), 'Health and figures'))
    expect(stated.map(([name, type]) => [name, type])).toEqual(figures)
  })

  test('the members of a problem', () => {
    const stated = rows(section(page('10'), 'Problems')).map(([member]) => member)
    expect(stated).toEqual(Object.keys(toProblem(new Error('any')).body))
  })
})
