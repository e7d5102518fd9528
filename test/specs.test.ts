import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { ERRORS } from '../protocol/base/errors.ts'
import { LIMITS } from '../protocol/base/limits.ts'
import { typeString } from '../protocol/base/typed-data.ts'
import { CLOSE, FUND, VAULT_FUND } from '../protocol/channel/orders.ts'
import { TERMS, termsSchema } from '../protocol/channel/terms.ts'
import { appealSchema } from '../protocol/datanet/appeal.ts'
import { BOUNTY, bountySchema } from '../protocol/datanet/bounty.ts'
import { fillSchema } from '../protocol/datanet/bounty-fill.ts'
import { FILL, LOCK } from '../protocol/datanet/bounty-lock.ts'
import { CONTENT } from '../protocol/datanet/content.ts'
import { CONTRIBUTION, contributionSchema } from '../protocol/datanet/contribution.ts'
import { handOverSchema } from '../protocol/datanet/hand-over.ts'
import { inclusionSchema } from '../protocol/datanet/inclusion.ts'
import { manifestSchema } from '../protocol/datanet/manifest.ts'
import { reviewSchema } from '../protocol/datanet/review.ts'
import { reviewQuerySchema } from '../protocol/datanet/review-query.ts'
import { REVISION_APPROVAL, revisionSchema } from '../protocol/datanet/revision.ts'
import { ROTATION } from '../protocol/datanet/rotation.ts'
import { royaltyPolicySchema } from '../protocol/datanet/royalty-policy.ts'
import { submissionQuerySchema } from '../protocol/datanet/submission-query.ts'
import { submissionReceiptSchema } from '../protocol/datanet/submission-receipt.ts'
import { TOMBSTONE, tombstoneSchema } from '../protocol/datanet/tombstone.ts'
import { cardSchema } from '../protocol/model/card.ts'
import { offerSchema } from '../protocol/model/offer.ts'
import { PROTOCOLS, RENDEZVOUS_BUCKETS } from '../protocol/net/ids.ts'
import { requestSchema } from '../protocol/net/invoke.ts'
import { receiptSchema } from '../protocol/receipt/receipt.ts'
import { dropSchema } from '../protocol/reward/drop.ts'
import { DROP_POST, DROP_VETO } from '../protocol/reward/veto.ts'
import { PAGES, page, requirements, rows, section, sources } from './spec-pages.ts'

describe('every page', () => {
  test.each([...PAGES.keys()])('%s has a stage and leads nowhere that does not exist', (name) => {
    const words = PAGES.get(name) as string
    const [header] = rows(words)
    expect(words.split('\n').filter((line) => line.startsWith('|'))[0]).toBe(
      '| Stage | Version | Code | Vectors | Revised |'
    )
    expect(['draft', 'candidate', 'stable']).toContain(header?.[0])
    for (const [, file, anchor] of words.matchAll(/\]\((\d\d-[a-z]+\.md)?(?:#([a-z-]+))?\)/g)) {
      const target = file === undefined ? words : PAGES.get(file)
      expect([name, file, target !== undefined]).toEqual([name, file, true])
      if (anchor === undefined) continue
      const anchors = [...(target as string).matchAll(/^#+ (.*)$/gm)].map((found) =>
        (found[1] as string).toLowerCase().replaceAll(' ', '-')
      )
      expect(anchors).toContain(anchor)
    }
  })
})

describe('tables are what the code has', () => {
  test('errors', () => {
    const stated = rows(section(page('01'), 'Errors'))
    expect(stated).toEqual(
      Object.entries(ERRORS).map(([code, row]) => [
        `${row.wire}`,
        code,
        row.meaning,
        row.actor,
        row.retryable ? 'yes' : 'no',
        `${row.http}`
      ])
    )
  })

  test('limits', () => {
    const stated = rows(section(page('02'), 'Limits')).map(([name, value]) => [name, value])
    expect(stated).toEqual(Object.entries(LIMITS).map(([name, value]) => [name, `${value}`]))
  })

  test('protocols', () => {
    const stated = rows(section(page('05'), 'Protocols')).map(([name, id]) => [name, id])
    expect(Object.fromEntries(stated)).toEqual(PROTOCOLS)
  })

  test('rendezvous buckets', () => {
    const stated = rows(section(page('05'), 'Rendezvous')).filter(([kind]) => !/-R/.test(`${kind}`))
    expect(Object.fromEntries(stated.map(([kind, , count]) => [kind, Number(count)]))).toEqual(
      RENDEZVOUS_BUCKETS
    )
  })

  test('structs, here and in the contracts', () => {
    const stated = [...page('03').matchAll(/^[A-Z]\w+\(.*\)$/gm)].map(([line]) => line)
    const code = sources('protocol', /\.ts$/)
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n')
    const built = [
      CONTRIBUTION,
      TERMS,
      CLOSE,
      FUND,
      VAULT_FUND,
      REVISION_APPROVAL,
      ROTATION,
      TOMBSTONE,
      BOUNTY,
      LOCK,
      FILL,
      DROP_VETO,
      DROP_POST
    ].map(typeString)
    for (const line of stated) {
      const [name] = line.split('(')
      // Private structs are held to this text by the digests in the vectors.
      const isKnown =
        built.includes(line) || code.includes(line) || code.includes(`name: '${name}'`)
      expect([line, isKnown]).toEqual([line, true])
    }
    for (const line of built) expect(stated).toContain(line)
    const solidity = sources('protocol/contracts', /\.sol$/)
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n')
    for (const [hashed] of solidity.matchAll(/(?<=")[A-Z]\w+\([a-z].*?\)(?=")/g)) {
      expect(stated).toContain(hashed)
    }
    expect([...solidity.matchAll(/keccak256\(\s*"([A-Z]\w+)\(/g)]).not.toHaveLength(0)
  })

  test('envelope domains', () => {
    const stated = rows(section(page('03'), 'Envelopes'))
      .map(([domain]) => domain)
      .filter((domain) => domain?.startsWith('datanet/'))
    const code = [...sources('protocol', /\.ts$/), ...sources('peer', /\.ts$/)]
      .map((path) => readFileSync(path, 'utf8'))
      .filter((words) => words.includes('/envelope.ts'))
      .flatMap((words) => [...words.matchAll(/'(datanet\/[a-z-]+\/\d)'/g)])
      .map(([, domain]) => domain)
    expect(stated.sort()).toEqual([...new Set(code)].sort())
  })

  test.each<[string, string, z.ZodObject]>([
    ['04', 'Manifest', manifestSchema],
    ['04', 'Royalty policy', royaltyPolicySchema],
    ...contributionSchema.options.map((one): [string, string, z.ZodObject] => [
      '04',
      'Contribution',
      one
    ]),
    ...Object.entries(CONTENT).flatMap(([schema, type]): [string, string, z.ZodObject][] =>
      'shape' in type ? [['04', schema, type]] : []
    ),
    ['04', 'Submission receipt', submissionReceiptSchema],
    ['04', 'Standing', submissionQuerySchema],
    ['04', 'Inclusion proof', inclusionSchema],
    ['04', 'Review', reviewSchema],
    ['04', 'Work list', reviewQuerySchema],
    ['04', 'Appeal', appealSchema],
    ['04', 'Revision', revisionSchema],
    ['04', 'Hand-over', handOverSchema],
    ['04', 'Withdrawal', tombstoneSchema],
    ['04', 'Bounty', bountySchema],
    ['04', 'Fill', fillSchema],
    ['06', 'Card', cardSchema],
    ['06', 'Offer', offerSchema],
    ['06', 'Payment', offerSchema.shape.payment],
    ['07', 'Terms', termsSchema],
    ['07', 'Call', requestSchema],
    ['08', 'Body', receiptSchema],
    ['08', 'Credits', receiptSchema.shape.credits.element],
    ['09', 'Drop', dropSchema]
  ])('fields of %s %s', (number, title, schema) => {
    const stated = rows(section(page(number), title))
      .map(([name]) => name as string)
      .filter((name) => /^[a-z]\w+\??$/.test(name) && !FRAMES.has(name))
    const fields = Object.entries(schema.shape).map(([name, type]) =>
      (type as z.ZodType).safeParse(undefined).success ||
      ['ZodOptional', 'ZodExactOptional'].includes(type.constructor.name)
        ? `${name}?`
        : name
    )
    expect(stated).toEqual(fields)
  })
})

/** First cells of the frame table that shares a section with the request. */
const FRAMES = new Set(['ask', 'part', 'more', 'end'])

describe('requirements', () => {
  const stated = requirements()
  const cases = readdirSync('specs/vectors').flatMap((file) =>
    casesOf(JSON.parse(readFileSync(join('specs/vectors', file), 'utf8'))).map((one) => ({
      ...one,
      file: file.replace('.json', '')
    }))
  )

  test('have ids of their own', () => {
    expect(new Set(stated.map(({ id }) => id)).size).toBe(stated.length)
  })

  test('say must or may, and readers name a code of the table', () => {
    for (const { id, rule, code } of stated) {
      expect([id, /\b(must|may)\b/.test(`${rule}`)]).toEqual([id, true])
      if (code !== '–') expect(Object.keys(ERRORS)).toContain(code)
    }
  })

  test.each([...new Set(cases.map(({ requirement }) => requirement))])(
    '%s of the vectors is on a page, which names the files',
    (requirement) => {
      const rule = stated.find(({ id }) => id === requirement)
      expect(rule).toBeDefined()
      for (const { file } of cases.filter((one) => one.requirement === requirement)) {
        expect(`${rule?.vectors}`.split(', ')).toContain(file)
      }
    }
  )

  test.each(stated.filter(({ id, vectors }) => /-R/.test(`${id}`) && vectors !== ''))(
    '$id has cases in $vectors',
    ({ id, vectors, code }) => {
      for (const file of vectors.split(', ')) {
        if (id === 'USAGE-R1') expect(readdirSync('specs/vectors')).toContain(`${file}.json`)
        else
          expect([file, cases.some((c) => c.file === file && c.requirement === id)]).toEqual([
            file,
            true
          ])
      }
      const coded = cases.filter((one) => one.requirement === id && one.error !== undefined)
      if (code === '–' || coded.length === 0) return
      const codes = new Set(coded.map(({ error }) => error))
      // A requirement with two codes says the second in words.
      for (const error of codes) {
        const rule = stated.find((one) => one.id === id)
        expect(`${rule?.code} ${rule?.rule}`).toContain(error)
      }
    }
  )
})

/** All cases of a vector file that break a requirement, wherever they stand in it. */
function casesOf(value: unknown): { requirement: string; error?: string }[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap(casesOf)
  const one = value as { requirement?: string; error?: string }
  if (one.requirement === undefined) return inner
  const error = one.error === undefined ? {} : { error: one.error }
  return [{ requirement: one.requirement, ...error }, ...inner]
}

describe('every requirement is held to', () => {
  const quoted = sources('test', /\.ts$/)
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
  const inVectors = new Set(
    readdirSync('specs/vectors').flatMap((file) =>
      [...readFileSync(join('specs/vectors', file), 'utf8').matchAll(/"([A-Z]+-[WR]\d+)"/g)].map(
        ([, id]) => id
      )
    )
  )
  // A comment or a name of a test quotes it; the cases of the vectors are run with their ids.
  test.each(requirements())('$id by a test', ({ id }) => {
    const isQuoted = inVectors.has(id) || new RegExp(`\\b${id}\\b`).test(quoted)
    expect([id, isQuoted]).toEqual([id, true])
  })
})

test('threats name requirements and tests that there are', () => {
  const words = page('11')
  const ids = new Set(requirements().map(({ id }) => id))
  for (const [id] of words.matchAll(/\b[A-Z]{3,}-[WR]\d+\b/g)) expect([...ids]).toContain(id)
  const paths = [...words.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path as string)
  expect(paths.length).toBeGreaterThan(20)
  for (const path of paths) expect([path, existsSync(path)]).toEqual([path, true])
})

test('every section that code cites exists', () => {
  const missing: string[] = []
  for (const folder of ['protocol', 'peer', 'test']) {
    for (const path of sources(folder, /\.(ts|js|sol)$/)) {
      const code = readFileSync(path, 'utf8')
      for (const [cited, name, after] of code.matchAll(
        /specs\/(\d\d-[a-z]+\.md)(?: §([^\n]*))?/g
      )) {
        const words = PAGES.get(name as string)
        const titles = [...(words ?? '').matchAll(/^#+ (.*)$/gm)].map((found) => found[1] as string)
        const isThere = after === undefined || titles.some((title) => after.startsWith(title))
        if (words === undefined || !isThere) missing.push(`${path}: ${cited}`)
      }
    }
  }
  expect(missing).toEqual([])
})

test('the vectors are made without the code they test', () => {
  for (const path of ['specs/make-vectors.mjs', ...sources('specs/making', /\.mjs$/)]) {
    const imports = [...readFileSync(path, 'utf8').matchAll(/(?:from|import) ?\(?'([^']+)'/g)].map(
      (found) => found[1]
    )
    for (const from of imports)
      expect([path, from]).not.toEqual([path, expect.stringMatching(/protocol\/|peer\//)])
  }
})
