import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createContentKeys } from '../../../peer/store/content-keys.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { createDatanetStore } from '../../../peer/store/datanets.ts'
import { testFolder } from '../../fixtures/network.ts'
import { refusal } from '../../protocol/base/refusal.ts'

function store(path = ':memory:') {
  const database = openDatabase(path)
  onTestFinished(() => database.close())
  return { database, datanets: createDatanetStore(database) }
}

const item = (cid: string, text = cid, datanet = 'net') => ({
  ...{ cid, datanet, contributor: 'ann', takenAtMs: 1 },
  ...{ textDigest: Uint8Array.from(Buffer.from(text)), bytes: Uint8Array.of(1) }
})
const revision = (ordinal: number) => ({
  ...{ datanet: 'net', ordinal, cid: `revision ${ordinal}`, bytes: Uint8Array.of(ordinal) },
  anchored: true
})

test('contributions come in the order of their arrival, by where they stand', () => {
  const { datanets } = store()
  for (const cid of ['c', 'a', 'b']) expect(datanets.addContribution(item(cid))).toBeGreaterThan(0)
  datanets.setStatus('a', 'accepted')
  datanets.setStatus('c', 'accepted')
  expect(datanets.contributions('net', 'accepted').map(({ cid }) => cid)).toEqual(['c', 'a'])
  expect(datanets.contributions('net', 'pending').map(({ cid }) => cid)).toEqual(['b'])
  expect(datanets.contributions('other', 'pending')).toEqual([])
})

test('a text is taken once for each Datanet, and it is known who brought it first', () => {
  const { datanets } = store()
  expect(datanets.addContribution(item('a', 'same'))).toBeGreaterThan(0)
  expect(datanets.addContribution(item('b', 'same'))).toBeUndefined()
  expect(datanets.addContribution(item('c', 'same', 'other'))).toBeGreaterThan(0)
  expect(datanets.sameText('net', Buffer.from('same'))).toBe('a')
  expect(datanets.sameText('net', Buffer.from('else'))).toBeUndefined()
  expect(datanets.contribution('b')).toBeUndefined()
})

test('reviews are kept once each, and only of contributions that are here', async () => {
  const { datanets } = store()
  datanets.addContribution(item('a'))
  const review = {
    ...{ cid: 'r', contribution: 'a', bytes: Uint8Array.of(3) },
    ...{ curator: '0xc', verdict: 'approve', createdAtMs: 1 }
  }
  datanets.addReview(review)
  datanets.addReview(review)
  expect(datanets.reviews('a')).toEqual([Uint8Array.of(3)])
  const stray = () => datanets.addReview({ ...review, cid: 's', contribution: 'nowhere' })
  expect(await refusal(stray)).toBe('STORE_FAILED')
})

test('a revision marks what is new in it, and the newest one is the head after a restart too', () => {
  const path = join(testFolder(), 'peer.db')
  const { database, datanets } = store(path)
  for (const cid of ['a', 'b']) datanets.addContribution(item(cid))
  datanets.putRevision(revision(1), ['a'])
  datanets.putRevision(revision(2), ['b'])
  datanets.putManifest('net', Uint8Array.of(1), true)
  datanets.putManifest('net', Uint8Array.of(2), false)
  database.close()
  const again = store(path).datanets
  expect(again.revision('net')).toMatchObject(revision(2))
  expect(again.contribution('a')).toMatchObject({ revision: 1 })
  expect(again.contribution('b')).toMatchObject({ revision: 2 })
  // Once a host, always a host; the newest bytes hold.
  expect(again.manifests()).toEqual([{ datanet: 'net', bytes: Uint8Array.of(2), hosted: true }])
  expect(again.revision('other')).toBeUndefined()
})

test('a revision that stands is not replaced by another of its number', () => {
  const { datanets } = store()
  datanets.putRevision(revision(1), [])
  datanets.putRevision({ ...revision(1), cid: 'forged', bytes: Uint8Array.of(99) }, [])
  expect(datanets.revision('net')).toMatchObject(revision(1))
})

test('what a contribution says lies sealed, and goes with its key and what was said of it', () => {
  const path = join(testFolder(), 'peer.db')
  const { database, datanets } = store(path)
  const keys = createContentKeys(database)
  const words = new TextEncoder().encode('the words of somebody who thinks again')
  const digest = new TextEncoder().encode('digest of those words')
  datanets.addContribution({ ...item('a'), bytes: words, textDigest: digest })
  datanets.addContribution(item('b'))
  datanets.addReview({
    ...{ cid: 'r', contribution: 'a', bytes: new TextEncoder().encode('a review') },
    ...{ curator: '0xc', verdict: 'reject', createdAtMs: 1 }
  })
  datanets.setStatus('a', 'accepted')
  database.checkpoint()
  const isOnDisk = (bytes: Uint8Array) => readFileSync(path).includes(bytes)
  expect([words, digest].map(isOnDisk)).toEqual([false, true])
  expect(datanets.contribution('a')?.bytes).toEqual(words)
  const key = keys.find('a')?.secret as Uint8Array
  expect(isOnDisk(key)).toBe(true)

  datanets.withdraw('a')
  keys.destroy('a', 'net')
  database.checkpoint()
  const review = new TextEncoder().encode('a review')
  expect([words, digest, key, review].map(isOnDisk)).toEqual([false, false, false, false])
  expect(datanets.contribution('a')).toMatchObject({ status: 'withdrawn', contributor: 'ann' })
  expect(datanets.contribution('a')?.bytes).toEqual(new Uint8Array())
  expect(datanets.contributions('net', 'accepted')).toEqual([])
  expect(datanets.contribution('b')?.bytes).toEqual(Uint8Array.of(1))
  // Nor is it taken again, here or where it was withdrawn before it came.
  keys.destroy('c', 'net')
  for (const cid of ['a', 'c']) {
    expect(() => datanets.addContribution(item(cid, 'other words'))).toThrow(
      expect.objectContaining({ code: 'CONTRIBUTION_WITHDRAWN' })
    )
  }
})

test('a new intake host registers what a revision holds, and goes on after it', () => {
  const { datanets } = store()
  datanets.addContribution(item('waiting', 'same'))
  datanets.addContribution(item('known'))
  const held = { ...item('held', 'same'), order: 7, revision: 3 }
  datanets.restoreContribution(held)
  datanets.restoreContribution({ ...item('known'), order: 2, revision: 3 })
  datanets.restoreContribution({ ...item('known'), order: 2, revision: 4 })
  const accepted = datanets.contributions('net', 'accepted')
  expect(accepted.map(({ cid, revision: since }) => [cid, since]).sort()).toEqual([
    ['held', 3],
    ['known', 3]
  ])
  expect(datanets.contribution('held')?.order).toBe(7)
  expect(datanets.sameText('net', Buffer.from('same'))).toBe('held')
  expect(datanets.addContribution(item('fresh'))).toBe(8)
})

test('a revision that was never anchored is forgotten, and what was new in it is new again', () => {
  const { datanets } = store()
  datanets.addContribution(item('a'))
  datanets.putRevision({ ...revision(1), anchored: false }, ['a'])
  datanets.dropRevision(revision(1))
  expect(datanets.unanchored('net')).toBeUndefined()
  expect(datanets.contribution('a')?.revision).toBe(0)
  datanets.putRevision(revision(1), ['a'])
  datanets.dropRevision(revision(1))
  expect(datanets.revisionAt('net', 1)?.cid).toBe('revision 1')
  expect(datanets.anchoredRevision('revision 1')).toEqual(Uint8Array.of(1))
  expect(datanets.contribution('a')?.revision).toBe(1)
})
