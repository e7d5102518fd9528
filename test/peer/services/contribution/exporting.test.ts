import { expect, test } from 'vitest'
import { createExporting } from '../../../../peer/services/contribution/exporting.ts'
import type { RegisteredContribution } from '../../../../peer/services/revision/revision-rows.ts'
import { cidOf } from '../../../../protocol/base/codec.ts'
import type { Contribution } from '../../../../protocol/datanet/contribution.ts'
import { revisionCid } from '../../../../protocol/datanet/revision.ts'
import { refusal } from '../../../protocol/base/refusal.ts'
import { contribution, someCid } from '../../../protocol/datanet/people.ts'

const REVISION = {
  ...{ version: 1 as const, datanet: someCid(1), manifest: someCid(1), ordinal: 3 },
  ...{ parent: someCid(2), contributionsRoot: new Uint8Array(32), rows: 1, content: someCid(3) },
  createdAtMs: 1
}

/** A revision with these contributions, of which `gone` are withdrawn while it is read. */
function exporting(
  changes: readonly Partial<Contribution>[],
  clusters: Record<number, string> = {}
) {
  const gone: string[] = []
  let reads = 0
  const rows = changes.map((change, i): RegisteredContribution => {
    const cluster = clusters[i]
    return {
      ...{ contribution: contribution(change), cid: cidOf(Uint8Array.of(i, i >> 8)), order: i + 1 },
      ...{ bytes: new Uint8Array(4) },
      ...(cluster === undefined ? {} : { cluster })
    }
  })
  const head = { revision: `${revisionCid(REVISION)}`, ordinal: 3, rows: rows.length }
  const { rows: page } = createExporting(() => ({
    head: () => ({ ...head, datanet: 'net', withdrawn: gone.length, content: '' }),
    async rows() {
      reads += 1
      const row = (n: number) => (gone.includes(`${rows[n]?.cid}`) ? undefined : rows[n])
      return { rows: rows.length, row }
    }
  }))
  return { page, gone, rows, reads: () => reads }
}

// EXPORT-R1
test('rows that were taken from messages leave in no export, and asking for them says why', async () => {
  const { page } = exporting([
    { origin: 'message' },
    { origin: 'direct' },
    { origin: 'interaction' }
  ])
  const { rows, skipped, of } = await page({ datanet: 'net' })
  expect(rows.map(({ origin }) => origin)).toEqual(['direct', 'interaction'])
  expect([skipped, of]).toEqual([1, 3])
  const asked = { datanet: 'net', origins: ['direct', 'message'] }
  expect(await refusal(() => page(asked))).toBe('EXPORT_REFUSED')
  await expect(page(asked)).rejects.toThrow(/did not agree to training elsewhere/)
})

// EXPORT-R2
test('what is withdrawn between two pages is not in the second', async () => {
  const many = Array.from({ length: 1_500 }, (): Partial<Contribution> => ({}))
  const { page, gone, rows, reads } = exporting(many)
  const first = await page({ datanet: 'net' })
  expect([first.rows.length, first.next]).toEqual([1_000, 1_000])
  gone.push(`${rows[1_200]?.cid}`)
  const second = await page({ datanet: 'net', from: 1_000 })
  expect(second.rows.map(({ id }) => id)).not.toContain(gone[0])
  expect(second).not.toHaveProperty('next')
  expect(second.rows).toHaveLength(499)
  expect(reads()).toBe(1)
})

test('every filter holds for every row', async () => {
  const label = (name: string): Partial<Contribution> => ({
    ...{ schema: 'label/1', content: { text: 'x', label: name } }
  })
  const { page } = exporting(
    [
      { language: 'en-GB', licence: 'CC0-1.0' },
      { language: 'de', licence: 'CC-BY-4.0' },
      label('good'),
      label('bad'),
      { origin: 'interaction' }
    ],
    { 1: 'first' }
  )
  const ids = async (query: object) =>
    (await page({ datanet: 'net', ...query })).rows.map(({ order }) => order)
  expect(await ids({ languages: ['en'] })).toEqual([1, 3, 4, 5])
  expect(await ids({ languages: ['DE'] })).toEqual([2])
  expect(await ids({ licences: ['CC0-1.0'] })).toEqual([1])
  expect(await ids({ schemas: ['label/1'] })).toEqual([3, 4])
  expect(await ids({ labels: ['good'] })).toEqual([3])
  expect(await ids({ origins: ['interaction'] })).toEqual([5])
  expect(await ids({ isUnique: true })).toEqual([1, 3, 4, 5])
  expect(await ids({ schemas: ['label/1'], labels: ['good'], languages: ['de'] })).toEqual([])
})

test('rows have their columns and not their signed record', async () => {
  const { page } = exporting([{}])
  const { rows } = await page({ datanet: 'net' })
  expect(rows[0]).toMatchObject({ title: 'bow', schema: 'text/1', order: 1, origin: 'direct' })
  expect(rows[0]).not.toHaveProperty('signed')
})
