import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createLikenessIndex } from '../../../peer/intake/likeness-index.ts'
import { likeness, minHash } from '../../../peer/intake/min-hash.ts'
import { createNearDuplicates } from '../../../peer/intake/near-duplicates.ts'
import { createContentKeys } from '../../../peer/store/content-keys.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { createLikenessStore } from '../../../peer/store/likeness.ts'
import { EDITS, measureNearDuplicates } from '../../bench/datanet/near-duplicates.ts'
import { testFolder } from '../../fixtures/network.ts'

const WEIGHTS =
  'A loom weight of clay keeps the warp taut. It hangs from a bundle of threads. ' +
  'Potters made them by the dozen and fired them in the kitchen hearth. ' +
  'Where a loom stood they lie in two rows on the floor to this day.'
const EDITED = WEIGHTS.replace('by the dozen', 'in great numbers')
const KILNS = 'A kiln is cooled slowly, since hot clay that meets cold air cracks from its rim.'

function room(path = ':memory:') {
  const database = openDatabase(path)
  const keys = createContentKeys(database)
  const near = createNearDuplicates(createLikenessStore(database))
  onTestFinished(() => database.close())
  const take = (contribution: string, text: string, order: number, datanet = 'net') => {
    const found = near.find(datanet, text)
    keys.ensure(contribution, datanet)
    near.add(datanet, contribution, order, found)
    return found.cluster
  }
  return { database, keys, near, take }
}

test('what was not written after all is like nothing', () => {
  const { database, near } = room()
  const written = () =>
    database.transaction(() => {
      const takeBack = near.add('net', 'weights', 1, near.find('net', WEIGHTS))
      takeBack()
      throw new Error('the disk is full')
    })
  expect(written).toThrow('the disk is full')
  expect(near.find('net', EDITED).cluster).toBeUndefined()
})

test('of a planted set nearly every copy is found, and nothing else', () => {
  const { recall, recallByEdit, precision, copies } = measureNearDuplicates(7, 500)
  expect(copies).toBeGreaterThan(500)
  expect(recall).toBeGreaterThanOrEqual(0.95)
  for (const edit of EDITS) expect(recallByEdit[edit]).toBeGreaterThanOrEqual(0.95)
  expect(precision).toBeGreaterThanOrEqual(0.99)
})

test('a copy joins the cluster of the first, of one Datanet', () => {
  const { take } = room()
  expect(take('a', WEIGHTS, 1)).toBeUndefined()
  expect(take('b', KILNS, 2)).toBeUndefined()
  expect(take('c', EDITED, 3)).toBe('a')
  expect(take('d', WEIGHTS.toUpperCase(), 4)).toBe('a')
  expect(take('e', WEIGHTS, 1, 'other')).toBeUndefined()
})

test('a restart computes nothing again, and knows the same', () => {
  const path = join(testFolder(), 'peer.db')
  const first = room(path)
  first.take('a', WEIGHTS, 1)
  first.take('b', EDITED, 2)
  first.database.close()
  const again = room(path)
  expect(again.take('c', WEIGHTS, 3)).toBe('a')
  expect(again.take('d', KILNS, 4)).toBeUndefined()
})

test('what was withdrawn is no ground any more, and a copy that is left keeps its cluster', () => {
  const { take, keys, near } = room()
  take('a', WEIGHTS, 1)
  take('b', EDITED, 2)
  take('k', KILNS, 3)
  keys.destroy('k', 'net')
  expect(near.find('net', KILNS).cluster).toBeUndefined()
  keys.destroy('a', 'net')
  // The copy stands for the cluster, and is not its first.
  expect(take('c', WEIGHTS, 4)).toBe('a')
  keys.destroy('b', 'net')
  keys.destroy('c', 'net')
  expect(near.find('net', WEIGHTS).cluster).toBeUndefined()
})

test('nothing of a text can be read from the disk, and nothing is left to open without its key', () => {
  const path = join(testFolder(), 'peer.db')
  const { database, keys, take } = room(path)
  take('a', WEIGHTS, 1)
  const store = createLikenessStore(database)
  const [kept] = [...store.each('net')]
  const row = database.get('SELECT sealed FROM likeness')
  expect(Buffer.from(row?.sealed as Uint8Array).includes(kept?.signature as Uint8Array)).toBe(false)
  keys.destroy('a', 'net')
  expect([...store.each('net')]).toEqual([])
  expect(store.has('a')).toBe(false)
})

describe('signatures', () => {
  const like = (one: string, other: string) =>
    likeness(minHash(one) as Uint16Array, minHash(other) as Uint16Array)

  test('do not see case, space, punctuation, or the order of sentences', () => {
    expect(
      like(WEIGHTS, ` ${WEIGHTS.toUpperCase().replaceAll(' ', '\n ').replaceAll(',', ' –')}`)
    ).toBeGreaterThan(0.6)
    const [a, b, c] = ['One is here today.', 'Two is there tomorrow.', 'Three came yesterday.']
    expect(like(`${a} ${b} ${c}`, `${c} ${a} ${b}`)).toBe(1)
    expect(like('Größe ﬁnden', 'größe FINDEN')).toBe(1)
  })

  test('tell apart what differs, in scripts without spaces as well', () => {
    expect(like(WEIGHTS, KILNS)).toBeLessThan(0.1)
    const bow = '船首は船の前部で、波を切って進みます。甲板は船の床です。'
    expect(like(bow, bow.replace('前部', '先端'))).toBeGreaterThan(0.6)
    expect(like(bow, '窯はゆっくり冷まします。熱い粘土は割れます。')).toBeLessThan(0.2)
  })

  test('are none of a text without words, and the same for ever of any other', () => {
    expect(minHash(' … ! \n')).toBeUndefined()
    expect([...(minHash('Ahoy there, sailor') as Uint16Array)].slice(0, 4)).toMatchInlineSnapshot(`
      [
        53214,
        59443,
        25582,
        63499,
      ]
    `)
  })
})

test('an index that grows finds the first of what is alike, and not what was taken out', () => {
  const index = createLikenessIndex()
  const texts = Array.from(
    { length: 3_000 },
    (_, i) => `item ${i} has number ${i * 7} of ${i * 13}`
  )
  const signatures = texts.map((text) => minHash(text) as Uint16Array)
  for (const signature of signatures) index.add(signature)
  for (const at of [0, 1_023, 1_024, 2_999]) {
    expect(index.nearest(signatures[at] as Uint16Array)).toBe(at)
  }
  index.add(signatures[5] as Uint16Array)
  expect(index.nearest(signatures[5] as Uint16Array)).toBe(5)
  index.remove(5)
  expect(index.nearest(signatures[5] as Uint16Array)).toBe(3_000)
})
