import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createTombstones } from '../../../../peer/services/contribution/tombstones.ts'
import type { Datanets } from '../../../../peer/services/datanet/datanets.ts'
import { SqliteBlockstore } from '../../../../peer/store/blocks.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { createDatanetStore } from '../../../../peer/store/datanets.ts'
import { createTombstoneStore } from '../../../../peer/store/tombstones.ts'
import { cidOf, RAW } from '../../../../protocol/base/codec.ts'
import type { AccountSigner } from '../../../../protocol/base/typed-data.ts'
import { RECORDS_DOMAIN, signManifest } from '../../../../protocol/datanet/manifest.ts'
import {
  sealTombstone,
  TOMBSTONE,
  type Tombstone,
  tombstoneValue
} from '../../../../protocol/datanet/tombstone.ts'
import { testFolder } from '../../../fixtures/network.ts'
import { CURATORS, manifest, person } from '../../../protocol/datanet/people.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const [first, second] = CURATORS
const signed = await signManifest(manifest(), [first, second])
const datanet = signed.cid.toString()
const contribution = cidOf(utf8('a contribution'))
const author = person(5)
const WORDS = utf8('what somebody said and takes back')

function peer() {
  const path = join(testFolder(), 'peer.db')
  const db = openDatabase(path)
  const blocks = new SqliteBlockstore(db)
  const datanetStore = createDatanetStore(db)
  const logged: unknown[] = []
  const tombstones = createTombstones(
    {
      ...{ db, blocks, datanetStore, now: () => 2_000 },
      tombstoneStore: createTombstoneStore(db),
      contributorOf: (_, cid) => datanetStore.contribution(cid)?.contributor,
      log: (_, values) => logged.push(values)
    },
    { known: () => ({ id: signed.cid, signed, history: [signed] }) } as unknown as Datanets
  )
  onTestFinished(() => {
    tombstones.stop()
    db.close()
  })
  const isOnDisk = (bytes: Uint8Array) =>
    [path, `${path}-wal`].some((file) => readFileSync(file).includes(bytes))
  /** As a host that took the contribution in has it, with its row in a revision. */
  function keep() {
    const added = { cid: `${contribution}`, datanet, contributor: author.address }
    datanetStore.addContribution({ ...added, textDigest: WORDS, bytes: WORDS, takenAtMs: 1_000 })
    const bytes = utf8(`${JSON.stringify({ id: `${contribution}`, text: `${WORDS}` })}\n`)
    const row = { cid: cidOf(bytes, RAW), bytes }
    blocks.putBatch([row], datanet)
    return { row, key: blocks.keys.find(`${contribution}`)?.secret as Uint8Array }
  }
  return { db, blocks, datanetStore, tombstones, isOnDisk, keep, logged }
}

async function tombstone(signers: readonly AccountSigner[], change: Partial<Tombstone> = {}) {
  const record: Tombstone = {
    ...{ version: 1, datanet: signed.cid, contribution },
    ...{ by: (signers[0] as AccountSigner).address, createdAtMs: 1_500 },
    ...change
  }
  const value = tombstoneValue(record)
  const signatures = signers.map((one) => one.signTypedData(RECORDS_DOMAIN, TOMBSTONE, value))
  return sealTombstone(record, await Promise.all(signatures)).bytes
}

const code = (wanted: string) => expect.objectContaining({ code: wanted })

// TOMBSTONE-W1, TOMBSTONE-R7
test('what is withdrawn is gone from the disk when the host answers, and does not come back', async () => {
  const { db, blocks, datanetStore, tombstones, isOnDisk, keep } = peer()
  const { row, key } = keep()
  const told: string[] = []
  tombstones.onWithdrawn((_, cid) => told.push(cid))
  const passedOn: string[] = []
  tombstones.onNew((signed) => passedOn.push(signed.tombstone.contribution.toString()))
  db.checkpoint()
  expect([isOnDisk(key), isOnDisk(WORDS)]).toEqual([true, true])
  expect(tombstones.take(await tombstone([author])).index).toBe(0)
  expect([isOnDisk(key), isOnDisk(WORDS), blocks.has(row.cid)]).toEqual([false, false, false])
  expect(told).toEqual([`${contribution}`])
  expect(datanetStore.contribution(`${contribution}`)?.status).toBe('withdrawn')
  expect(tombstones.isWithdrawn(`${contribution}`)).toBe(true)
  blocks.putBatch([row], datanet)
  expect(blocks.has(row.cid)).toBe(false)
  expect(keep).toThrow(code('CONTRIBUTION_WITHDRAWN'))
  // Said again, by whoever may, it is the same.
  const down = await tombstone([first, second], { manifest: signed.cid })
  expect(tombstones.take(down).index).toBe(0)
  expect(tombstones.withdrawn(datanet)).toEqual([`${contribution}`])
  expect(told).toHaveLength(1)
  // What is handed in is passed on once, and what was read in a log is not.
  expect(passedOn).toEqual([`${contribution}`])
})

test('curators take down together, nobody takes down alone', async () => {
  const { tombstones, keep } = peer()
  keep()
  const alone = await tombstone([first], { manifest: signed.cid })
  expect(() => tombstones.take(alone)).toThrow(code('APPROVALS_MISSING'))
  const stranger = await tombstone([person(8)])
  expect(() => tombstones.take(stranger)).toThrow(code('WITHDRAWAL_REFUSED'))
  expect(tombstones.isWithdrawn(`${contribution}`)).toBe(false)
  const both = await tombstone([first, second], { manifest: signed.cid })
  expect(tombstones.take(both).index).toBe(0)
})

// TOMBSTONE-R6
test('one that nothing is known of is not taken in, and counts once a revision tells whose it is', async () => {
  const { blocks, tombstones, logged } = peer()
  const own = await tombstone([author])
  const forged = await tombstone([person(8)])
  expect(() => tombstones.take(own)).toThrow(code('CONTRIBUTION_UNKNOWN'))
  tombstones.takeAll(datanet, [forged, utf8('no tombstone'), own])
  expect(logged).toEqual([{ datanet, code: 'RECORD_MALFORMED' }])
  expect(tombstones.isWithdrawn(`${contribution}`)).toBe(false)
  expect(blocks.keys.isWithdrawn(`${contribution}`)).toBe(false)
  tombstones.settle(datanet, { rows: [], handOvers: [] })
  expect(tombstones.isWithdrawn(`${contribution}`)).toBe(false)
  const rows = [{ contribution, contributor: author.address }]
  tombstones.settle(datanet, { rows, handOvers: [] })
  expect(tombstones.isWithdrawn(`${contribution}`)).toBe(true)
  expect(blocks.keys.isWithdrawn(`${contribution}`)).toBe(true)
})

test('a forged one that waits does not count when a revision tells whose it is', async () => {
  const { tombstones } = peer()
  tombstones.takeAll(datanet, [await tombstone([person(8)])])
  const rows = [{ contribution, contributor: author.address }]
  tombstones.settle(datanet, { rows, handOvers: [] })
  expect(tombstones.isWithdrawn(`${contribution}`)).toBe(false)
  // Unless the account was handed over to who signed it, as a revision that comes later says.
  const handOvers = [{ oldAccount: author.address, newAccount: person(8).address }]
  tombstones.settle(datanet, { rows, handOvers })
  expect(tombstones.isWithdrawn(`${contribution}`)).toBe(true)
})
