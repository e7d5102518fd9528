import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type JournalBlock, openJournal } from '../../../peer/chain/embedded/journal.ts'
import { isDatanetError } from '../../../protocol/base/errors.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'datanet-journal-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const HEADER = {
  journal: 'datanet/chain/1',
  engine: 'engine',
  chainId: '31337',
  genesisTimeS: 1,
  genesisHash: '0x00'
} as const

test('gives back what was written, however the file was cut off', () => {
  const block = fc.record({
    timeS: fc.nat(),
    parent: fc.string(),
    txs: fc.array(fc.string(), { maxLength: 3 })
  })
  let run = 0
  fc.assert(
    fc.property(fc.array(block, { maxLength: 5 }), fc.string(), (blocks, torn) => {
      const at = join(dir, `${run++}`)
      const journal = openJournal(at)
      journal.writeHeader(HEADER)
      for (const each of blocks) journal.append(each)
      journal.close()
      writeFileSync(join(at, 'chain.jsonl'), torn.replaceAll('\n', ''), { flag: 'a' })
      const again = openJournal(at)
      again.close()
      expect(again.header).toEqual(HEADER)
      expect(again.blocks).toEqual(blocks satisfies JournalBlock[])
    }),
    { numRuns: 50, seed: 5 }
  )
})

test('refuses a file of anything else with its code', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      writeFileSync(join(dir, 'chain.jsonl'), `${text}\n`)
      try {
        openJournal(dir).close()
        expect.unreachable()
      } catch (error) {
        expect(isDatanetError(error) && error.code).toBe('STORE_FAILED')
      }
    }),
    { numRuns: 100, seed: 5 }
  )
})
