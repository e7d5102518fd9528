import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createWorld } from '../../../peer/devnet/world.ts'

const WORLD = new URL('../../../peer/devnet/world.ts', import.meta.url)

test('a world that is stopped leaves no folder and nothing that waits for the end', async () => {
  const before = process.listenerCount('exit')
  const world = await createWorld('bread')
  expect(existsSync(world.networkFile)).toBe(true)
  expect(process.listenerCount('exit')).toBe(before + 1)
  await world.stop()
  expect(existsSync(world.dir)).toBe(false)
  expect(process.listenerCount('exit')).toBe(before)
})

test('a world whose process ends by an error that nobody caught leaves no folder', async () => {
  const code = `
    const { createWorld } = await import(${JSON.stringify(WORLD.href)})
    const { dir } = await createWorld('bread')
    console.log(dir)
    setImmediate(() => { throw new Error('uncaught') })
  `
  const { dir, status } = await new Promise<{ dir: string; status: unknown }>((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', code], (error, stdout) =>
      resolve({ dir: stdout.trim(), status: error?.code })
    )
  })
  expect(status).toBe(1)
  expect(dir).toMatch(/datanet-/)
  expect(existsSync(dir)).toBe(false)
})
