import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployContracts } from '../../../peer/chain/deploy.ts'
import { createEthersChain } from '../../../peer/chain/ethers-chain.ts'
import type { Rpc } from '../../../peer/chain/rpc.ts'
import { type RpcServer, serveRpc } from '../../../peer/chain/rpc-server.ts'
import { accountOf, createDevnet, type Devnet, keyOf } from './devnet.ts'

let devnet: Devnet
let server: RpcServer
const broken: Server[] = []
beforeAll(async () => {
  devnet = await createDevnet()
  server = await serveRpc(devnet.chain.request)
})
afterAll(async () => {
  await server.close()
  await devnet.chain.close()
  for (const each of broken) {
    each.closeAllConnections()
    each.close()
  }
})

/** An endpoint that answers every request with `status` and `body`, or never. */
async function endpoint(answer?: { status: number; body: string }): Promise<string> {
  const each = createServer((_, response) => {
    if (answer !== undefined) response.writeHead(answer.status).end(answer.body)
  })
  broken.push(each)
  await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(each.address() as AddressInfo).port}/secret-path`
}

function chainAt(rpc: string | Rpc, over: object = {}) {
  return createEthersChain({
    rpc,
    contracts: devnet.contracts,
    secretKey: keyOf('someone'),
    timeoutMs: 300,
    ...over
  })
}

test('writes over HTTP and says what came of it', async () => {
  const chain = createEthersChain({
    rpc: server.url,
    contracts: devnet.contracts,
    secretKey: await devnet.fundedKey('writer')
  })
  await chain.check()
  const { txHash, blockNumber, gasUsed } = await chain.token.transfer(accountOf('reader'), 7n)
  expect(txHash).toMatch(/^0x[0-9a-f]{64}$/)
  expect(blockNumber).toBeLessThanOrEqual(await chain.blockNumber())
  expect(gasUsed).toBeGreaterThan(21_000n)
  expect(await chain.token.balanceOf(accountOf('reader'))).toBe(7n)
  chain.close()
})

test('puts parallel writes of one account in order', async () => {
  const secretKey = await devnet.fundedKey('parallel')
  const chain = createEthersChain({ rpc: server.url, contracts: devnet.contracts, secretKey })
  const amounts = Array.from({ length: 25 }, (_, i) => BigInt(i + 1))
  const sent = await Promise.all(amounts.map((wei) => chain.token.transfer(accountOf('sum'), wei)))
  expect(new Set(sent.map(({ txHash }) => txHash)).size).toBe(25)
  expect(await chain.token.balanceOf(accountOf('sum'))).toBe(325n)
})

test('goes on when another process used its nonce', async () => {
  const secretKey = await devnet.fundedKey('shared')
  const init = { rpc: server.url, contracts: devnet.contracts, secretKey }
  const [one, two] = [createEthersChain(init), createEthersChain(init)]
  for (const chain of [one, two, one, two, two, one]) {
    await chain.token.transfer(accountOf('both'), 1n)
  }
  expect(await one.token.balanceOf(accountOf('both'))).toBe(6n)
})

test('a refused write does not stop the next', async () => {
  const secretKey = await devnet.fundedKey('refused')
  const chain = createEthersChain({ rpc: server.url, contracts: devnet.contracts, secretKey })
  const results = await Promise.allSettled([
    chain.token.transfer(accountOf('next'), 1n),
    chain.escrow.pull(chain.account, devnet.contracts.token),
    chain.token.transfer(accountOf('next'), 1n)
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('waits for as many confirmations as it was told', async () => {
  const secretKey = await devnet.fundedKey('deep')
  const chain = createEthersChain({
    rpc: server.url,
    contracts: devnet.contracts,
    secretKey,
    confirmations: 2
  })
  const { blockNumber } = await chain.token.transfer(accountOf('x'), 1n)
  expect(await chain.blockNumber()).toBeGreaterThan(blockNumber)
})

test.each([
  ['nobody listens', async () => 'http://127.0.0.1:9/secret-path'],
  ['it never answers', () => endpoint()],
  ['it answers with something else', () => endpoint({ status: 502, body: 'Bad gateway' })],
  ['it answers with neither result nor error', () => endpoint({ status: 200, body: '{}' })],
  [
    'it turns us away',
    () => endpoint({ status: 429, body: '{"id":1,"error":{"code":-32005,"message":"slow down"}}' })
  ]
])('refuses with CHAIN_UNREACHABLE when %s', async (_, url) => {
  const chain = chainAt(await url())
  const refusal = await chain.token.balanceOf(chain.account).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'CHAIN_UNREACHABLE', retryable: true })
  expect(JSON.stringify(refusal)).not.toContain('secret-path')
})

test('refuses an endpoint of another chain, before anything is signed', async () => {
  const contracts = { ...devnet.contracts, chainId: 1n }
  const chain = createEthersChain({ rpc: server.url, contracts, secretKey: keyOf('someone') })
  const wrong = { code: 'CHAIN_WRONG', details: { expected: '1', served: '31337' } }
  await expect(chain.check()).rejects.toMatchObject(wrong)
  await expect(chain.token.approve(contracts.escrow, 1n)).rejects.toMatchObject(wrong)
})

test('refuses an address without the contract', async () => {
  const contracts = { ...devnet.contracts, registry: accountOf('nobody') }
  const chain = createEthersChain({ rpc: server.url, contracts, secretKey: keyOf('someone') })
  await expect(chain.registry.head(`0x${'00'.repeat(32)}`)).rejects.toMatchObject({
    code: 'CHAIN_WRONG'
  })
})

test('names the error of a contract that refuses', async () => {
  const secretKey = await devnet.fundedKey('named')
  const chain = createEthersChain({ rpc: server.url, contracts: devnet.contracts, secretKey })
  const pulling = chain.escrow.pull(chain.account, devnet.contracts.token)
  await expect(pulling).rejects.toMatchObject({
    code: 'CHAIN_REVERTED',
    details: { call: 'pull', error: 'EscrowNothingToPull' }
  })
})

test('tells missing gas money from missing tokens', async () => {
  const poor = createEthersChain({
    rpc: server.url,
    contracts: devnet.contracts,
    secretKey: keyOf('poor')
  })
  await expect(poor.token.approve(devnet.contracts.escrow, 1n)).rejects.toMatchObject({
    code: 'FUNDS_INSUFFICIENT',
    details: { asset: 'gas' }
  })
  const secretKey = await devnet.fundedKey('spender')
  const chain = createEthersChain({ rpc: server.url, contracts: devnet.contracts, secretKey })
  await expect(chain.token.transfer(accountOf('x'), 10n ** 30n)).rejects.toMatchObject({
    code: 'FUNDS_INSUFFICIENT',
    details: { asset: 'token', account: chain.account, heldWei: `${100n * 10n ** 18n}` }
  })
})

test('reports a transaction that failed after it was sent', async () => {
  const secretKey = await devnet.fundedKey('late')
  // An endpoint whose estimate is hopeful: the refusal shows only in the receipt.
  const rpc: Rpc = (method, params, options) =>
    method === 'eth_estimateGas'
      ? Promise.resolve('0x30d40')
      : devnet.chain.request(method, params, options)
  const chain = createEthersChain({ rpc, contracts: devnet.contracts, secretKey })
  await expect(chain.escrow.pull(chain.account, devnet.contracts.token)).rejects.toMatchObject({
    code: 'CHAIN_REVERTED',
    details: { error: 'EscrowNothingToPull', txHash: expect.stringMatching(/^0x/) }
  })
})

test('lets an abort through as it is', async () => {
  const chain = chainAt(await endpoint(), { timeoutMs: 10_000 })
  const done = AbortSignal.abort()
  await expect(chain.check({ signal: done })).rejects.toBe(done.reason)
  const controller = new AbortController()
  const reading = chain.token.balanceOf(chain.account, { signal: controller.signal })
  controller.abort()
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
})

test('ends what is under way when it is closed', async () => {
  const chain = chainAt(await endpoint(), { timeoutMs: 10_000 })
  const reading = chain.token.balanceOf(chain.account)
  chain.close()
  await expect(reading).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })
})

test('deploys on a token that is there already', async () => {
  const secretKey = await devnet.fundedKey('deployer two')
  const { token } = devnet.contracts
  const contracts = await deployContracts({ rpc: server.url, secretKey, dropDelayS: 86_400, token })
  expect(contracts.token).toBe(token)
  const chain = createEthersChain({ rpc: server.url, contracts, secretKey })
  expect(await chain.pool.delayMs()).toBe(86_400_000)
})
