import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { findPeer, findPeerToStop } from '../../../../peer/faces/cli/which-peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'which-peer-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The pid of a process that has ended. */
const gone = spawnSync(process.execPath, ['-e', '']).pid

/** A data directory with what a daemon of process `pid` leaves there. */
function place(name: string, pid?: number): string {
  const dir = join(folder, name)
  mkdirSync(dir, { recursive: true })
  const file = { url: `http://127.0.0.1:1/${name}`, token: 'a-token', pid }
  if (pid !== undefined) writeFileSync(join(dir, 'api.json'), JSON.stringify(file))
  return dir
}

const usual = place('usual', process.pid)
const last = place('last', process.pid)
const idle = place('idle')
const killed = place('killed', gone)
const refused = (act: () => unknown) => {
  try {
    return act()
  } catch (error) {
    return error
  }
}

test('the peer of the usual directory is asked before the one that was started last', () => {
  expect(findPeer({ dataDir: usual, isNamed: false, last })).toMatchObject({
    dataDir: usual,
    daemon: { url: 'http://127.0.0.1:1/usual' },
    other: last
  })
  for (const dataDir of [idle, killed]) {
    const found = findPeer({ dataDir, isNamed: false, last })
    expect(found).toMatchObject({ dataDir: last })
    expect(found.other).toBeUndefined()
  }
})

test('who names a directory is never given the peer of another one', () => {
  expect(findPeer({ dataDir: last, isNamed: true, last: usual }).other).toBeUndefined()
  expect(refused(() => findPeer({ dataDir: idle, isNamed: true, last }))).toMatchObject({
    code: 'PEER_UNREACHABLE'
  })
})

test('only the peer of the usual directory is stopped unless one is named', () => {
  expect(findPeerToStop({ dataDir: usual, isNamed: false, last }).dataDir).toBe(usual)
  expect(findPeerToStop({ dataDir: last, isNamed: true, last }).dataDir).toBe(last)
  for (const dataDir of [idle, killed]) {
    expect(refused(() => findPeerToStop({ dataDir, isNamed: false, last }))).toMatchObject({
      code: 'PEER_UNREACHABLE',
      message: expect.stringContaining(
        `nothing runs on ${dataDir}; a peer runs on ${last}: npx datanet peer stop --data-dir ${last}`
      )
    })
  }
})
