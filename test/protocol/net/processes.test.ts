import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'
import { PROTOCOL } from '../../fixtures/exchange-peer.ts'
import { testNode } from '../../fixtures/network.ts'

const PEER = fileURLToPath(new URL('../../fixtures/exchange-peer.ts', import.meta.url))

async function start(...args: string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, [PEER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    return { child, line }
  }
  throw new Error('the peer said nothing')
}

test('a peer process killed in the middle of an answer is PEER_GONE at once', async () => {
  const { child, line } = await start('serve')
  const pool = createExchangePool(await testNode('caller'))
  onTestFinished(() => pool.close())
  const exchange = pool.ask(line, PROTOCOL, { parts: 0, bytes: 0 })
  let killedAtMs = 0
  const reading = (async () => {
    for await (const part of exchange.parts) {
      expect(part).toBe('waiting')
      killedAtMs = performance.now()
      child.kill('SIGKILL')
    }
  })()
  await expect(reading).rejects.toMatchObject({ code: 'PEER_GONE' })
  expect(performance.now() - killedAtMs).toBeLessThan(1_000)
  const again = pool.request(line, PROTOCOL, { parts: 1, bytes: 1 })
  await expect(again).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
})

test('a process that closed its pool and stopped its node comes to its end', async () => {
  const { line: address } = await start('serve')
  const { child, line } = await start('ask', address)
  expect(line).toBe('done')
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
  expect(child.exitCode).toBe(0)
})
