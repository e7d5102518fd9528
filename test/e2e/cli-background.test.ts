import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DAEMON_FILE, readDaemonFile } from '../../peer/api/daemon-file.ts'

const LAUNCH = join(import.meta.dirname, '..', '..', 'peer', 'faces', 'cli', 'launch.js')
const home = mkdtempSync(join(tmpdir(), 'background-'))
const dataDir = join(home, 'data')

/** In a folder of its own, with a file that the environment names from there. */
function datanet(...words: string[]) {
  const env = { PATH: process.env.PATH, HOME: home, DATANET_KEY_PASSPHRASE_FILE: 'words' }
  const all = [LAUNCH, ...words, ...(words.includes('--data-dir') ? [] : ['--data-dir', dataDir])]
  return spawnSync(process.execPath, all, { cwd: home, env, encoding: 'utf8', timeout: 60_000 })
}

afterAll(() => {
  datanet('peer', 'stop')
  rmSync(home, { recursive: true, force: true })
})

test('a peer in the background reads relative paths as one in front, and logs no token', () => {
  mkdirSync(dataDir)
  writeFileSync(join(home, 'words'), 'correct horse battery\n', { mode: 0o600 })
  const started = datanet('peer', 'start', '--background', '--gateway')
  expect(started).toMatchObject({ status: 0, stderr: '' })
  const { token, gateway, pid } = readDaemonFile(dataDir)
  const log = join(dataDir, 'peer.log')
  expect(statSync(log).mode & 0o077).toBe(0)
  expect(gateway?.token).toMatch(/^\S{20,}$/)
  for (const secret of [token, gateway?.token, 'correct horse']) {
    expect(readFileSync(log, 'utf8')).not.toContain(secret)
  }

  const twice = datanet('peer', 'start', '--background')
  expect(twice.stderr).toMatch(/^CONFIG_INVALID: .*another daemon runs/)
  expect(readDaemonFile(dataDir).pid).toBe(pid)

  const below = ['--data-dir', join(home, 'words', 'below')]
  const refused = datanet('peer', 'start', '--background', ...below)
  expect(refused.stderr).toMatch(/^CONFIG_INVALID: .*cannot be written/)

  const file = readFileSync(join(dataDir, DAEMON_FILE), 'utf8')
  expect(datanet('peer', 'stop').status).toBe(0)
  // One that was killed leaves its file; its pid may be anybody's by now.
  writeFileSync(join(dataDir, DAEMON_FILE), file.replace(`${pid}`, `${process.pid}`))
  expect(datanet('peer', 'stop').stderr).toMatch(/^PEER_UNREACHABLE/)
}, 120_000)
