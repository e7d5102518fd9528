import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createEmbeddedChain } from '../../../peer/chain/embedded-chain.ts'
import { createEthersChain } from '../../../peer/chain/ethers-chain.ts'
import type { Rpc } from '../../../peer/chain/rpc.ts'
import { accountOf, createDevnet, keyOf } from './devnet.ts'

const dirs: string[] = []
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})

function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'datanet-chain-'))
  dirs.push(dir)
  return dir
}

test('the faucet gives gas money up to its measure and a drip of tokens each time', async () => {
  const { chain, contracts } = await createDevnet()
  const reader = createEthersChain({ rpc: chain.request, contracts, secretKey: keyOf('reader') })
  await chain.request('datanet_faucet', [accountOf('new')])
  await chain.request('datanet_faucet', [accountOf('new')])
  expect(await reader.gasBalanceOf(accountOf('new'))).toBe(10n ** 18n)
  expect(await reader.token.balanceOf(accountOf('new'))).toBe(200n * 10n ** 18n)
  // Many at once do not step on each other.
  const names = Array.from({ length: 10 }, (_, i) => `new ${i}`)
  await Promise.all(names.map((name) => chain.request('datanet_faucet', [accountOf(name)])))
  for (const name of names) {
    expect(await reader.token.balanceOf(accountOf(name))).toBe(100n * 10n ** 18n)
  }
  await expect(chain.request('datanet_faucet', ['me'])).rejects.toMatchObject({ rpcCode: -32602 })
  await chain.close()
})

test('serves nothing that moves time, forgets blocks or signs for others', async () => {
  const chain = await createEmbeddedChain()
  for (const method of [
    'evm_mine',
    'evm_revert',
    'evm_setNextBlockTimestamp',
    'hardhat_reset',
    'hardhat_setBalance',
    'eth_sendTransaction',
    'eth_sign',
    'debug_traceTransaction'
  ]) {
    await expect(chain.request(method, [])).rejects.toMatchObject({ rpcCode: -32601 })
  }
  await expect(chain.request('eth_sendRawTransaction', ['0x1234'])).rejects.toThrow()
  await expect(chain.request('eth_sendRawTransaction', [])).rejects.toMatchObject({
    rpcCode: -32602
  })
  await chain.close()
})

test('refuses requests once it is closed', async () => {
  const chain = await createEmbeddedChain()
  await chain.close()
  await chain.close()
  await expect(chain.request('eth_chainId', [])).rejects.toMatchObject({
    code: 'CHAIN_UNREACHABLE'
  })
})

test('follows the wall clock while nobody sends anything', async () => {
  const { chain, contracts } = await createDevnet()
  const reader = createEthersChain({ rpc: chain.request, contracts, secretKey: keyOf('reader') })
  const beforeMs = await reader.nowMs()
  expect(Math.abs(Date.now() - beforeMs)).toBeLessThan(2_000)
  const blockBefore = await reader.blockNumber()
  await expect.poll(() => reader.nowMs(), { timeout: 5_000 }).toBeGreaterThan(beforeMs + 1_000)
  // A block a second at most, however often one asks.
  expect((await reader.blockNumber()) - blockBefore).toBeLessThan(5)
  await chain.close()
})

test('lets a drop delay pass while idle', async () => {
  const { chain, contracts, fundedKey } = await createDevnet({ dropDelayS: 1 })
  const operator = createEthersChain({
    rpc: chain.request,
    contracts,
    secretKey: await fundedKey('operator')
  })
  const key = {
    operator: operator.account,
    auditor: `0x${'11'.repeat(32)}`,
    token: contracts.token
  }
  const root = `0x${'22'.repeat(32)}`
  const { readyAtMs } = await operator.pool.postDrop(key, { root, totalWei: 0n, drop: root })
  expect((await operator.pool.state(key)).pending?.readyAtMs).toBe(readyAtMs)
  await expect
    .poll(async () => (await operator.pool.state(key)).final?.root, { timeout: 5_000 })
    .toBe(root)
  await chain.close()
})

test('mines a heartbeat when nobody reads either', async () => {
  const chain = await createEmbeddedChain({ heartbeatMs: 50 })
  await expect
    .poll(async () => Number(await chain.request('eth_blockNumber', [])), { timeout: 5_000 })
    .toBeGreaterThan(0)
  await chain.close()
})

test('takes transactions of one account in any order', async () => {
  const { chain, contracts, fundedKey } = await createDevnet()
  const key = await fundedKey('shuffled')
  const { Wallet } = await import('ethers')
  const wallet = new Wallet(`0x${Buffer.from(key).toString('hex')}`)
  const raws = await Promise.all(
    [0, 1, 2, 3, 4].map((nonce) =>
      wallet.signTransaction({
        type: 2,
        chainId: contracts.chainId,
        nonce,
        to: wallet.address,
        gasLimit: 21_000n,
        maxFeePerGas: 10n ** 10n,
        maxPriorityFeePerGas: 0n
      })
    )
  )
  for (const i of [3, 1, 4, 0, 2]) {
    await chain.request('eth_sendRawTransaction', [raws[i]])
  }
  const count = () => chain.request('eth_getTransactionCount', [wallet.address, 'latest'])
  await expect.poll(async () => Number(await count())).toBe(5)
  await chain.close()
})

test('starts again where it was, to the same block', async () => {
  const dir = freshDir()
  const first = await createDevnet({ dir })
  const key = await first.fundedKey('keeper')
  const before = createEthersChain({
    rpc: first.chain.request,
    contracts: first.contracts,
    secretKey: key
  })
  await Promise.all([1n, 2n, 3n].map((wei) => before.token.transfer(accountOf('other'), wei)))
  // A refused transaction leaves no trace, one that waits for an earlier nonce does.
  await before.escrow.pull(before.account, first.contracts.token).catch(() => {})
  // What a killed process leaves behind is what it had written by then.
  const crashed = freshDir()
  copyFileSync(join(dir, 'chain.jsonl'), join(crashed, 'chain.jsonl'))
  const headAtCrash = first.chain.head()
  const survivor = await createEmbeddedChain({ dir: crashed })
  expect(survivor.head()).toBe(headAtCrash)
  await survivor.close()
  await first.chain.close()

  const chain = await createEmbeddedChain({ dir, blockMs: 5 })
  expect(chain.head()).toBe(first.chain.head())
  expect(chain.genesisHash).toBe(first.chain.genesisHash)
  const after = createEthersChain({
    rpc: chain.request,
    contracts: first.contracts,
    secretKey: key
  })
  expect(await after.token.balanceOf(accountOf('other'))).toBe(6n)
  await after.token.transfer(accountOf('other'), 4n)
  expect(await after.token.balanceOf(accountOf('other'))).toBe(10n)
  await chain.close()

  const third = await createEmbeddedChain({ dir })
  expect(third.head()).toBe(chain.head())
  await third.close()
})

test('forgets a last line that a crash cut off, and refuses other damage', async () => {
  const dir = freshDir()
  const path = join(dir, 'chain.jsonl')
  const { chain } = await createDevnet({ dir })
  await chain.close()
  const head = chain.head()
  const whole = readFileSync(path, 'utf8')

  appendFileSync(path, '{"timeS":1,"parent":"0x')
  const again = await createEmbeddedChain({ dir })
  expect(again.head()).toBe(head)
  await again.close()

  const lines = whole.split('\n')
  const cases = [
    { text: lines.toSpliced(2, 1).join('\n'), code: 'CONFIG_INVALID' },
    { text: lines.with(2, '{}').join('\n'), code: 'STORE_FAILED' },
    { text: lines.with(2, 'not json').join('\n'), code: 'STORE_FAILED' },
    { text: whole.replace(/"genesisHash":"0x../, '"genesisHash":"0xzz'), code: 'CONFIG_INVALID' },
    { text: whole.replace(/edr [0-9.]+/, 'edr 0.0.1'), code: 'CONFIG_INVALID' }
  ]
  for (const { text, code } of cases) {
    writeFileSync(path, text)
    await expect(createEmbeddedChain({ dir })).rejects.toMatchObject({ code })
  }
  writeFileSync(path, whole)
  await expect(createEmbeddedChain({ dir, chainId: 5n })).rejects.toMatchObject({
    code: 'CONFIG_INVALID'
  })
})

test('keeps what a block cannot hold for the next ones', async () => {
  const { chain, contracts, fundedKey } = await createDevnet()
  const { Wallet } = await import('ethers')
  const wallet = new Wallet(`0x${Buffer.from(await fundedKey('heavy')).toString('hex')}`)
  const request: Rpc = chain.request
  // The invalid instruction takes all 16 million gas of its transaction; a block holds 60 million.
  const burn = (nonce: number) =>
    wallet.signTransaction({
      type: 2,
      chainId: contracts.chainId,
      nonce,
      data: '0xfe',
      gasLimit: 16_000_000n,
      maxFeePerGas: 10n ** 10n,
      maxPriorityFeePerGas: 0n
    })
  const sent = await Promise.all([0, 1, 2, 3, 4, 5, 6].map(burn))
  for (const raw of sent) await request('eth_sendRawTransaction', [raw])
  const count = () => request('eth_getTransactionCount', [wallet.address, 'latest'])
  await expect.poll(async () => Number(await count()), { timeout: 10_000 }).toBe(7)
  await chain.close()
})
