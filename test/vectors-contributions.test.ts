import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import { ROWS_PATH, revisionFiles } from '../peer/services/revision/revision-files.ts'
import { createOrderCheck, parseRow } from '../peer/services/revision/revision-rows.ts'
import * as codec from '../protocol/base/codec.ts'
import { keySigner } from '../protocol/base/typed-data.ts'
import type { Content } from '../protocol/datanet/content.ts'
import * as contribution from '../protocol/datanet/contribution.ts'
import { inclusionSchema, verifyInclusion } from '../protocol/datanet/inclusion.ts'
import * as manifest from '../protocol/datanet/manifest.ts'
import { comparedWords, passageOf } from '../protocol/datanet/passage.ts'
import {
  signSubmissionQuery,
  submissionQuerySchema,
  verifySubmissionQuery
} from '../protocol/datanet/submission-query.ts'
import {
  openSubmission,
  sealSubmission,
  submissionReceiptSchema
} from '../protocol/datanet/submission-receipt.ts'
import { bothWays, bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

const signerOf = ({ secretKey }: { secretKey: string }) => keySigner(bytes(secretKey))

describe('contribution', () => {
  const file = vectors('04-contribution')
  bothWays(contribution.contributionSchema, file.valid, 'body')
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))(
    '%s is signed to the same bytes',
    async (_, one) => {
      const signed = await contribution.signContribution(one.input, signerOf(file.accounts[0]))
      expect([hex(signed.bytes), `${signed.cid}`]).toEqual([one.bytes, one.cid])
      expect(contribution.verifyContribution(bytes(one.bytes)).contribution).toEqual(one.input)
    }
  )
  refuses(file.invalid, (one) => contribution.verifyContribution(bytes(one.bytes)))
  const { datanet, manifest: rules, nowMs, accepted, refused } = file.admission
  const admit = (one: Vectors) =>
    contribution.admitContribution(
      contribution.verifyContribution(bytes(one.bytes)).contribution,
      CID.parse(datanet),
      rules,
      nowMs
    )
  test('admitted', () => {
    for (const one of accepted) admit(one)
  })
  refuses(refused, admit)
})

describe('passage', () => {
  const { contributor, cases, same } = vectors('04-passage')
  test.each<[string, Vectors]>(cases.map((v: Vectors, i: number) => [`${i} ${v.schema}`, v]))(
    'PASSAGE-R1 %s',
    (_, { schema, content, passage, words }) => {
      const item = { schema, content } as Content
      expect(passageOf(item)).toEqual(passage)
      expect(comparedWords({ ...item, contributor })).toBe(words)
    }
  )
  test('SUBMISSION-R3: what says the same words', () => {
    for (const { schema, first, second } of same) {
      const [one, other] = [first, second].map((content) =>
        comparedWords({ schema, content, contributor } as never)
      )
      expect(one).toBe(other)
    }
  })
})

describe('rows of a revision', () => {
  const { lines, refusedLines, orders } = vectors('04-revision').rows
  test('are written and read as the lines they are', () => {
    const contributions = lines.map((one: Vectors) => ({
      ...contribution.verifyContribution(bytes(one.contribution)),
      ...one.word
    }))
    const founding = manifest.verifyManifest(bytes(vectors('04-manifest').valid[0].bytes))
    const files = revisionFiles(founding, 1, contributions, [])
    const file = files.find(({ path }) => path === ROWS_PATH)
    const rows = file !== undefined && 'rows' in file ? file.rows : []
    expect(rows.map((row) => Buffer.from(row).toString())).toEqual(
      lines.map((one: Vectors) => one.line)
    )
    for (const [i, row] of rows.entries()) {
      expect(`${codec.cidOf(row, codec.RAW)}`).toBe(lines[i].block)
      expect(parseRow(row)).toEqual(contributions[i])
    }
  })
  refuses(refusedLines, (one) => parseRow(new TextEncoder().encode(one.line)))
  const ordered = (one: Vectors) => {
    const check = createOrderCheck()
    for (const { contribution: cid, ...word } of one.rows)
      check.add({ cid: CID.parse(cid), ...word })
    check.end()
  }
  test('stand in any order of their own', () => {
    for (const one of orders) if (one.error === undefined) ordered(one)
  })
  refuses(
    orders.filter((one: Vectors) => one.error),
    ordered
  )
})

describe('a receipt of a submission', () => {
  const { valid, invalid } = vectors('04-standing').receipts
  bothWays(submissionReceiptSchema, valid, 'body')
  test('is its host’s word, sealed', async () => {
    const key = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(1))
    for (const one of valid) {
      expect(hex(await sealSubmission(one.input, key))).toBe(one.bytes)
      expect(await openSubmission(bytes(one.bytes))).toEqual({
        receipt: one.input,
        host: one.host
      })
    }
  })
  refuses(invalid, (one) => openSubmission(bytes(one.bytes)))
})

describe('a question for where contributions stand', () => {
  const file = vectors('04-standing')
  bothWays(submissionQuerySchema, file.valid, 'body')
  test('is signed by its account to the same bytes', async () => {
    const signer = signerOf(file.accounts[1])
    for (const one of file.valid) {
      expect(hex(await signSubmissionQuery(one.input, signer))).toBe(one.bytes)
      expect(verifySubmissionQuery(bytes(one.bytes), file.nowMs)).toEqual(one.input)
    }
  })
  refuses(file.invalid, (one) => verifySubmissionQuery(bytes(one.bytes), file.nowMs))
})

describe('a proof of inclusion', () => {
  const { valid, invalid } = vectors('04-inclusion')
  bothWays(inclusionSchema, valid)
  test('shows a contribution in its row, by the anchored digest alone', () => {
    for (const one of valid) {
      const {
        contribution: cid,
        row,
        revision
      } = verifyInclusion(bytes(one.bytes), bytes(one.anchor))
      expect([`${cid}`, row]).toEqual([`${one.input.contribution}`, one.input.row])
      expect(revision.ordinal).toBe(1)
    }
  })
  refuses(invalid, (one) => verifyInclusion(bytes(one.bytes), bytes(one.anchor)))
})
