import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Transaction, Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEmbeddedChain, type EmbeddedChain } from '../../peer/chain/embedded-chain.ts'
import { createEthersChain } from '../../peer/chain/ethers-chain.ts'
import { createHttpRpc } from '../../peer/chain/rpc.ts'
import { type RpcServer, serveRpc } from '../../peer/chain/rpc-server.ts'
import { loadConfig } from '../../peer/config.ts'
import { startDaemon } from '../../peer/daemon.ts'
import { type DeployOrder, deployNetwork } from '../../peer/deploy-network.ts'
import { readNetwork } from '../../peer/devnet/network.ts'
import { createPeer } from '../../peer/peer.ts'
import { testFolder } from '../fixtures/network.ts'
import { ROYALTY } from '../fixtures/world.ts'
import { accountOf, keyOf } from './chain/devnet.ts'

let chain: EmbeddedChain
let server: RpcServer
const faucet = (account: string) => chain.request('datanet_faucet', [account])

beforeAll(async () => {
  chain = await createEmbeddedChain({ blockMs: 5 })
  server = await serveRpc(chain.request)
})
afterAll(async () => {
  await server?.close()
  await chain?.close()
})

function keyFile(name: string, mode = 0o600): string {
  const file = join(testFolder(), 'payer.key')
  writeFileSync(file, `0x${Buffer.from(keyOf(name)).toString('hex')}\n`)
  chmodSync(file, mode)
  return file
}

function orderOf(given: Partial<DeployOrder> = {}): DeployOrder {
  const out = join(testFolder(), 'network.json')
  return { rpcUrl: server.url, dropDelayS: 3, out, ...given }
}

function deploy(order: DeployOrder, dataDir = testFolder()) {
  return deployNetwork(loadConfig({ env: {}, flags: { dataDir } }), order)
}

test('the contracts are put on a chain, and a peer works with the file that is written', async () => {
  await faucet(accountOf('payer'))
  const order = orderOf({ keyFile: keyFile('payer') })
  const told: string[] = []
  const config = loadConfig({ env: {}, flags: { dataDir: testFolder() } })
  const done = await deployNetwork(config, order, {
    onStart: ({ chainId, deployer }) => told.push(`${chainId} ${deployer}`),
    onDeployed: ({ contract }) => told.push(contract)
  })
  expect(told[0]).toBe(`31337 ${accountOf('payer')}`)
  expect(told.slice(1).sort()).toEqual([
    'BountyEscrow',
    'ChannelEscrow',
    'DatanetRegistry',
    'DevnetToken',
    'ProviderBond'
  ])
  expect(done.deployed.every(({ gasUsed }) => gasUsed > 500_000n)).toBe(true)
  expect(done.gasUsed).toBe(done.deployed.reduce((sum, { gasUsed }) => sum + gasUsed, 0n))
  expect(done.spentWei).toBeGreaterThanOrEqual(done.gasUsed)

  const { contracts, rpcUrl, bootstrap } = readNetwork(order.out)
  expect(contracts).toEqual(done.contracts)
  const reader = createEthersChain({ rpc: rpcUrl, contracts, secretKey: keyOf('reader') })
  expect(await reader.pool.delayMs()).toBe(3_000)
  reader.close()

  const limits = { maxCallWei: 1n, depositWei: 1n }
  const init = { dataDir: testFolder(), bootstrap, rpcUrl, contracts, limits, dht: false }
  const peer = await createPeer(init)
  try {
    await faucet(peer.account)
    const { account, api } = peer
    const datanet = await api.datanets.create({
      ...{ name: 'Kilns', purpose: 'P', topics: ['k'], licences: ['CC0-1.0'], consent: 'C' },
      ...{ curators: [account], threshold: 1, reviewApprovals: 1, treasury: account },
      royalty: ROYALTY
    })
    expect(await api.datanets.list()).toMatchObject([{ id: datanet.id }])
  } finally {
    await peer.stop()
  }
})

test('a token that is there already is used, and what is no token is refused unpaid', async () => {
  await faucet(accountOf('second'))
  const first = await deploy(orderOf({ keyFile: keyFile('second') }))
  const { token, registry } = first.contracts
  const second = await deploy(orderOf({ keyFile: keyFile('second'), token }))
  expect(second.contracts.token).toBe(token)
  expect(second.deployed.map(({ contract }) => contract).sort()).toEqual([
    'BountyEscrow',
    'ChannelEscrow',
    'DatanetRegistry',
    'ProviderBond'
  ])
  const countOf = async () =>
    createHttpRpc({ url: server.url })('eth_getTransactionCount', [accountOf('second'), 'latest'])
  const before = await countOf()
  for (const none of [`0x${'12'.repeat(20)}`, registry]) {
    const order = orderOf({ keyFile: keyFile('second'), token: none })
    await expect(deploy(order)).rejects.toMatchObject({ name: 'DatanetError' })
    expect(existsSync(order.out)).toBe(false)
  }
  expect(await countOf()).toBe(before)
})

test('with coins there is no token, and a peer counts in the coin of the chain', async () => {
  await faucet(accountOf('coiner'))
  const order = orderOf({ keyFile: keyFile('coiner'), coins: true })
  const { contracts, deployed } = await deploy(order)
  expect(contracts.token).toBe(`0x${'0'.repeat(40)}`)
  expect(deployed.map(({ contract }) => contract)).not.toContain('DevnetToken')
  const { rpcUrl } = readNetwork(order.out)
  const reader = createEthersChain({ rpc: rpcUrl, contracts, secretKey: keyOf('coiner') })
  const held = await reader.token.balanceOf(accountOf('coiner'))
  expect(held).toBe(await reader.gasBalanceOf(accountOf('coiner')))
  expect(await reader.token.describe()).toEqual({ symbol: 'coins', decimals: 18 })
  reader.close()
})

test('a token of other places than amounts are typed with is refused by deployment and daemon', async () => {
  await faucet(accountOf('third'))
  const order = orderOf({ keyFile: keyFile('third') })
  const { contracts } = await deploy(order)
  // decimals()
  const isAsked = (params: readonly unknown[]) =>
    (params[0] as { data?: string } | undefined)?.data?.startsWith('0x313ce567') === true
  const six = await serveRpc(async (method, params, options) =>
    method === 'eth_call' && isAsked(params)
      ? `0x${'6'.padStart(64, '0')}`
      : chain.request(method, params, options)
  )
  try {
    const { token } = contracts
    const again = orderOf({ keyFile: keyFile('third'), rpcUrl: six.url, token })
    await expect(deploy(again)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      details: { decimals: 6 }
    })
    const flags = { dataDir: testFolder(), rpcUrl: six.url, contracts, logLevel: 'silent' }
    await expect(startDaemon(loadConfig({ env: {}, flags }))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { key: 'contracts.token', decimals: 6 }
    })
  } finally {
    await six.close()
  }
})

test('the account of the peer pays, and is named while it has nothing', async () => {
  const dataDir = testFolder()
  const order = orderOf()
  const refusal = await deploy(order, dataDir).catch((error) => error)
  expect(refusal).toMatchObject({ code: 'FUNDS_INSUFFICIENT', details: { chainId: '31337' } })
  const account = String(refusal.details.account)
  expect(refusal.message).toContain(account)
  await faucet(account)
  expect((await deploy(order, dataDir)).deployer).toBe(account)
})

test('an account that cannot pay for all of it is named as well', async () => {
  await faucet(accountOf('rich'))
  const rich = new Wallet(`0x${Buffer.from(keyOf('rich')).toString('hex')}`)
  const transaction = Transaction.from({
    ...{ type: 2, chainId: 31_337n, nonce: 0, to: accountOf('poor'), value: 10n ** 14n },
    ...{ gasLimit: 21_000n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 0n }
  })
  transaction.signature = rich.signingKey.sign(transaction.unsignedHash)
  await chain.request('eth_sendRawTransaction', [transaction.serialized])
  const balanceOf = () => chain.request('eth_getBalance', [accountOf('poor'), 'latest'])
  await expect.poll(balanceOf).toBe(`0x${(10n ** 14n).toString(16)}`)
  const order = orderOf({ keyFile: keyFile('poor') })
  await expect(deploy(order)).rejects.toMatchObject({
    code: 'FUNDS_INSUFFICIENT',
    message: expect.stringContaining(accountOf('poor'))
  })
  expect(existsSync(order.out)).toBe(false)
})

test('a chain that does not answer is refused', async () => {
  const order = orderOf({ keyFile: keyFile('payer'), rpcUrl: 'http://127.0.0.1:1' })
  await expect(deploy(order)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })
})

test('a file that is there, or cannot be, is refused before anything is paid', async () => {
  const there = orderOf()
  writeFileSync(there.out, '{}')
  await expect(deploy(there)).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('--out')
  })
  const nowhere = orderOf({ out: join(testFolder(), 'none', 'network.json') })
  await expect(deploy(nowhere)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
})

test('a key that others can read, and what is no key, are refused', async () => {
  const open = keyFile('payer', 0o644)
  const garbage = keyFile('payer')
  writeFileSync(garbage, 'not a key')
  for (const [file, hint] of [
    [open, 'chmod 600'],
    [garbage, '64 hex digits'],
    [join(testFolder(), 'none'), 'cannot be read']
  ] as const) {
    await expect(deploy(orderOf({ keyFile: file }))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { key: 'keyFile' },
      message: expect.stringContaining(hint)
    })
  }
})
