import { chmodSync, mkdirSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Database, openDatabase } from '../../../peer/store/database.ts'
import { testFolder } from '../../fixtures/network.ts'

const TABLE = 'CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT'
const FAILED = expect.objectContaining({ code: 'STORE_FAILED' })

function opened(path = ':memory:'): Database {
  const database = openDatabase(path)
  onTestFinished(() => database.close())
  return database
}

function names(database: Database): unknown[] {
  return database.all('SELECT name FROM thing ORDER BY id').map((row) => row.name)
}

/** How often this process has `path` open; undefined where the system does not say. */
function openAt(path: string): number | undefined {
  if (process.platform !== 'linux') return undefined
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return links.filter((link) => link.replace(/ \(deleted\)$/, '') === path).length
}

describe('a database', () => {
  test('keeps what was committed when it is opened again, and runs each migration once', () => {
    const path = join(testFolder(), 'peer.sqlite')
    const before = opened(path)
    before.migrate('things', [TABLE])
    before.run('INSERT INTO thing (name) VALUES (?)', 'kept')
    before.close()
    const after = opened(path)
    after.migrate('things', [TABLE, "INSERT INTO thing (name) VALUES ('migrated')"])
    after.migrate('things', [TABLE, "INSERT INTO thing (name) VALUES ('migrated')"])
    expect(names(after)).toEqual(['kept', 'migrated'])
  })

  test('opens its log once however many sync it, and leaves none open behind it', async () => {
    const path = join(testFolder(), 'peer.sqlite')
    const database = opened(path)
    database.migrate('things', [TABLE])
    const before = openAt(`${path}-wal`)
    const syncs = [database.sync(), database.sync(), database.sync()]
    await Promise.all(syncs)
    expect(openAt(`${path}-wal`)).toBe(before === undefined ? undefined : before + 1)
    const late = database.sync()
    database.close()
    await late
    await database.sync()
    await expect.poll(() => openAt(`${path}-wal`) ?? 0).toBe(0)
  })

  test('refuses a file written by a newer version', () => {
    const database = opened()
    database.migrate('things', [TABLE, 'SELECT 1'])
    expect(() => database.migrate('things', [TABLE])).toThrow(FAILED)
  })

  test('keeps nothing of a migration that fails', () => {
    const database = opened()
    expect(() => database.migrate('things', [TABLE, 'nonsense'])).toThrow(FAILED)
    database.migrate('things', [TABLE])
    expect(names(database)).toEqual([])
  })

  test('syncs every commit and overwrites what is deleted', () => {
    const database = opened(join(testFolder(), 'peer.sqlite'))
    expect(database.get('PRAGMA synchronous')).toEqual({ synchronous: 2 })
    expect(database.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' })
    expect(database.get('PRAGMA secure_delete')).toEqual({ secure_delete: 1 })
    expect(database.get('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 })
  })

  test('is readable by its owner alone, in an open folder and when it was not before', () => {
    const folder = join(testFolder(), 'open')
    mkdirSync(folder, { mode: 0o755 })
    const path = join(folder, 'peer.sqlite')
    const modes = () =>
      ['', '-wal', '-shm'].map((end) => (statSync(path + end).mode & 0o777).toString(8))
    const first = opened(path)
    first.migrate('things', [TABLE])
    expect(modes()).toEqual(['600', '600', '600'])
    for (const end of ['', '-wal', '-shm']) chmodSync(path + end, 0o644)
    const second = opened(path)
    second.run('INSERT INTO thing (name) VALUES (?)', 'more')
    expect(modes()).toEqual(['600', '600', '600'])
  })

  test('refuses a path that cannot be opened and a broken constraint with STORE_FAILED', () => {
    expect(() => openDatabase(join(testFolder(), 'no', 'such', 'folder'))).toThrow(FAILED)
    const database = opened()
    database.migrate('things', [TABLE])
    database.run('INSERT INTO thing (name) VALUES (?)', 'one')
    expect(() => database.run('INSERT INTO thing (name) VALUES (?)', 'one')).toThrow(FAILED)
  })
})

describe('a transaction', () => {
  test('keeps all or nothing, nested ones by themselves, and passes errors through', () => {
    const database = opened()
    database.migrate('things', [TABLE])
    const add = (name: string) => database.run('INSERT INTO thing (name) VALUES (?)', name)
    const own = new Error('own')
    expect(() =>
      database.transaction(() => {
        add('lost')
        throw own
      })
    ).toThrow(own)
    const result = database.transaction(() => {
      add('outer')
      expect(() =>
        database.transaction(() => {
          add('inner')
          throw own
        })
      ).toThrow(own)
      database.transaction(() => add('second'))
      return 'result'
    })
    expect(result).toBe('result')
    expect(names(database)).toEqual(['outer', 'second'])
  })

  test('refuses a function that waits', () => {
    const database = opened()
    expect(() => database.transaction(async () => {})).toThrow(TypeError)
  })

  test('is not seen by another connection before it is over', () => {
    const path = join(testFolder(), 'peer.sqlite')
    const [writer, reader] = [opened(path), opened(path)]
    writer.migrate('things', [TABLE])
    writer.transaction(() => {
      writer.run('INSERT INTO thing (name) VALUES (?)', 'one')
      expect(names(reader)).toEqual([])
    })
    expect(names(reader)).toEqual(['one'])
  })
})
