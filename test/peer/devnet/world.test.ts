import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
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

test('a kept world runs once at a time', async () => {
  const keep = mkdtempSync(join(tmpdir(), 'kept-world-'))
  onTestFinished(() => rmSync(keep, { recursive: true, force: true }))
  const world = await createWorld('bread', keep)
  try {
    const before = readFileSync(world.networkFile, 'utf8')
    await expect(createWorld('bread', keep)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`another devnet runs in ${keep}`)
    })
    expect(readFileSync(world.networkFile, 'utf8')).toBe(before)
  } finally {
    await world.stop()
  }
  await (await createWorld('bread', keep)).stop()
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
