import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Database, openDatabase } from '../../../peer/store/database.ts'
import { createGroupCommit } from '../../../peer/store/group-commit.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { testFolder } from '../../fixtures/network.ts'

const FAILED = expect.objectContaining({ code: 'STORE_FAILED' })
const TABLE = 'CREATE TABLE thing (name TEXT NOT NULL) STRICT'

function opened(): Database {
  const database = openDatabase(join(testFolder(), 'peer.sqlite'))
  database.migrate('things', [TABLE])
  onTestFinished(() => database.close())
  return database
}

/** The database, with a sync that ends when it is told to, and a count of both kinds of calls. */
function slow(database: Database) {
  const syncs: PromiseWithResolvers<void>[] = []
  let stages = 0
  const commit = createGroupCommit({
    transaction: database.transaction,
    runs: database.runs,
    stage(fn) {
      stages += 1
      return database.stage(fn)
    },
    sync() {
      const sync = Promise.withResolvers<void>()
      syncs.push(sync)
      return sync.promise
    }
  })
  const add = (name: string) =>
    commit(() => database.run('INSERT INTO thing VALUES (?)', name).changes)
  return { commit, add, syncs, stages: () => stages }
}

function names(database: Database): unknown[] {
  return database.all('SELECT name FROM thing ORDER BY rowid').map(({ name }) => name)
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

describe('a group commit', () => {
  test('resolves with what each write gave, and keeps them in order', async () => {
    const database = opened()
    const commit = createGroupCommit(database)
    const add = (name: string) => () => database.run('INSERT INTO thing VALUES (?)', name).changes
    expect(await Promise.all([commit(add('a')), commit(add('b')), commit(() => 'c')])).toEqual([
      1,
      1,
      'c'
    ])
    expect(names(database)).toEqual(['a', 'b'])
  })

  test('is one transaction and one sync for all that come in one turn', async () => {
    const { add, syncs, stages } = slow(opened())
    const all = Promise.all([add('a'), add('b'), add('c')])
    await turn()
    expect([stages(), syncs.length]).toEqual([1, 1])
    syncs[0]?.resolve()
    await all
  })

  test('is not longer than what is worth one sync: what comes behind is the next one', async () => {
    const { add, syncs, stages } = slow(opened())
    const all = Promise.all(Array.from({ length: 150 }, (_, n) => add(`${n}`)))
    await turn()
    await turn()
    // The first is on its way to the disk while the others are written.
    expect([stages(), syncs.length]).toEqual([3, 1])
    syncs[0]?.resolve()
    await turn()
    syncs[1]?.resolve()
    await all
  })

  test('ends with what its writes have asked to be written last, less what was undone', async () => {
    const database = opened()
    const commit = createGroupCommit(database)
    const add = (name: string, refusal?: Error) =>
      commit((_, atEnd) => {
        atEnd(() => database.run('INSERT INTO thing VALUES (?)', `end of ${name}`))
        database.run('INSERT INTO thing VALUES (?)', name)
        if (refusal !== undefined) throw refusal
      })
    await Promise.allSettled([add('a'), add('b', new DatanetError('VOUCHER_STALE')), add('c')])
    expect(names(database)).toEqual(['a', 'c', 'end of a', 'end of c'])
    const failing = [add('d'), commit((_, atEnd) => atEnd(() => database.run('INSERT')))]
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected'
    ])
    expect(names(database)).toHaveLength(4)
  })

  test('does not resolve before a sync that began after the write', async () => {
    const { add, syncs } = slow(opened())
    const done: string[] = []
    const first = add('first').then(() => done.push('first'))
    await turn()
    const second = add('second').then(() => done.push('second'))
    await turn()
    expect(done).toEqual([])
    syncs[0]?.resolve()
    await first
    await turn()
    expect(done).toEqual(['first'])
    syncs[1]?.resolve()
    await second
  })

  test('undoes a write that throws, in memory and on disk, and nothing else', async () => {
    const database = opened()
    const commit = createGroupCommit(database)
    let count = 0
    const add = (name: string, refusal?: Error) =>
      commit((onUndo) => {
        count += 1
        onUndo(() => {
          count -= 1
        })
        database.run('INSERT INTO thing VALUES (?)', name)
        if (refusal !== undefined) throw refusal
      })
    const refused = new DatanetError('VOUCHER_STALE')
    const results = await Promise.allSettled([add('a'), add('b', refused), add('c')])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: refused })
    expect([names(database), count]).toEqual([['a', 'c'], 2])
  })

  test('undoes all of a group whose disk refuses one of them, last first', async () => {
    const database = opened()
    const commit = createGroupCommit(database)
    const undone: string[] = []
    const add = (name: string | null) =>
      commit((onUndo) => {
        onUndo(() => undone.push(`${name}`))
        database.run('INSERT INTO thing VALUES (?)', name)
      })
    const results = await Promise.allSettled([add('a'), add('b'), add(null)])
    expect(results).toEqual(Array(3).fill({ status: 'rejected', reason: FAILED }))
    expect([names(database), undone]).toEqual([[], ['null', 'b', 'a']])
    await commit(() => database.run('INSERT INTO thing VALUES (?)', 'later'))
    expect(names(database)).toEqual(['later'])
  })

  test('takes nothing any more once a sync has failed: nobody knows what is on the disk', async () => {
    const { add, syncs } = slow(opened())
    const first = add('first')
    await turn()
    const second = add('second')
    syncs[0]?.reject(new DatanetError('STORE_FAILED'))
    await expect(first).rejects.toEqual(FAILED)
    await expect(second).rejects.toEqual(FAILED)
    await expect(add('third')).rejects.toEqual(FAILED)
    expect(syncs).toHaveLength(1)
  })

  test('rejects when its database is closed', async () => {
    const database = opened()
    const commit = createGroupCommit(database)
    database.close()
    await expect(commit(() => 1)).rejects.toEqual(FAILED)
  })
})

test('what is staged is not synced by the commit, and what is run is', async () => {
  const database = opened()
  const levels: unknown[] = []
  const level = () => levels.push(database.get('PRAGMA synchronous')?.synchronous)
  database.stage(level)
  level()
  expect(() =>
    database.stage(() => {
      throw new DatanetError('VOUCHER_STALE')
    })
  ).toThrow('')
  level()
  expect(levels).toEqual([1, 2, 2])
  await database.sync()
})
