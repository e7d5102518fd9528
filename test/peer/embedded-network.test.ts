import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { loadConfig } from '../../peer/config.ts'
import { type Daemon, startDaemon } from '../../peer/daemon.ts'
import { readNetwork } from '../../peer/devnet/network.ts'
import { testFolder } from '../fixtures/network.ts'
import { ROYALTY } from '../fixtures/world.ts'

const running: Daemon[] = []
afterEach(async () => {
  for (const daemon of running.splice(0).reverse()) await daemon.stop()
})

async function start(flags: Record<string, unknown>): Promise<Daemon> {
  const daemon = await startDaemon(loadConfig({ env: {}, flags: { logLevel: 'silent', ...flags } }))
  running.push(daemon)
  return daemon
}

async function stop(daemon: Daemon): Promise<void> {
  running.splice(running.indexOf(daemon), 1)
  await daemon.stop()
}

async function found(daemon: Daemon): Promise<string> {
  const { account, api } = daemon.peer
  const { id } = await api.datanets.create({
    ...{ name: 'Kilns', purpose: 'P', topics: ['kilns'], licences: ['CC0-1.0'], consent: 'C' },
    ...{ curators: [account], threshold: 1, reviewApprovals: 1, treasury: account },
    royalty: ROYALTY
  })
  return id
}

test('a peer with a chain of its own has play money, and others join by its file', async () => {
  const dataDir = testFolder()
  const daemon = await start({ dataDir, chain: 'embedded' })
  const { networkFile = '', peer } = daemon
  expect(networkFile).toBe(join(dataDir, 'network.json'))
  expect(await peer.api.accounts.balance(peer.account)).toBe(100n * 10n ** 18n)
  expect(readNetwork(networkFile)).toMatchObject({ bootstrap: peer.addresses })

  const friend = await start({ dataDir: testFolder(), network: networkFile })
  expect(await friend.peer.api.status()).toMatchObject({ connectedPeers: 1, chainId: 31_337 })
  const id = await found(daemon)
  expect(await friend.peer.api.datanets.find({ topic: 'kilns', waitMs: 10_000 })).toMatchObject([
    { id }
  ])
})

test('a restart continues the same chain, on the same ports', async () => {
  const dataDir = testFolder()
  const first = await start({ dataDir, chain: 'embedded' })
  const file = readFileSync(first.networkFile ?? '', 'utf8')
  await found(first)
  const { account } = first.peer
  await first.peer.api.channels.list()
  const balanceWei = await first.peer.api.accounts.balance(account)
  await stop(first)
  const second = await start({ dataDir, chain: 'embedded' })
  expect(readFileSync(second.networkFile ?? '', 'utf8')).toBe(file)
  // Had it been given money at each start, there would be more; were the chain another, none else.
  expect(await second.peer.api.accounts.balance(account)).toBe(balanceWei)
  const again = found(second).then(
    () => 'OK',
    ({ code }) => code
  )
  expect(await again).toBe('OK')
})

test('ports that others took meanwhile are left to them, a chosen one is insisted on', async () => {
  const dataDir = testFolder()
  const first = await start({ dataDir, chain: 'embedded' })
  const before = readNetwork(first.networkFile ?? '')
  await stop(first)
  const port = Number(new URL(before.rpcUrl).port)
  const other = createServer().listen(port, '127.0.0.1')
  try {
    await new Promise((resolve) => other.once('listening', resolve))
    const second = await start({ dataDir, chain: 'embedded' })
    const after = readNetwork(second.networkFile ?? '')
    expect(after.contracts).toEqual(before.contracts)
    expect(after.rpcUrl).not.toBe(before.rpcUrl)
    await stop(second)
    const insisting = { dataDir, chain: 'embedded', chainPort: port }
    await expect(start(insisting)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { port }
    })
  } finally {
    other.close()
  }
})
