import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { stopDaemon } from '../../../../peer/faces/cli/stop.ts'

const signal = new AbortController().signal

/** A process that is no daemon, and lives until it is ended. */
async function stranger(): Promise<{ pid: number; exit: Promise<unknown> }> {
  const child = spawn(process.execPath, ['-e', "console.log('up'); setInterval(() => {}, 1000)"])
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const exit = once(child, 'exit')
  await once(child.stdout, 'data')
  return { pid: child.pid as number, exit }
}

test('what another process has the pid of by now is left alone', async () => {
  const { pid, exit } = await stranger()
  const left = { url: 'http://127.0.0.1:1', token: 'a-token-of-before', pid }
  await expect(stopDaemon(left, { signal })).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  const later = new Promise((resolve) => setImmediate(() => resolve('alive')))
  expect(await Promise.race([exit, later])).toBe('alive')
  expect(process.kill(pid, 0)).toBe(true)
})
