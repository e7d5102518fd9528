import { request as httpRequest } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEmbeddedChain, type EmbeddedChain } from '../../../peer/chain/embedded-chain.ts'
import { createHttpRpc } from '../../../peer/chain/rpc.ts'
import { type RpcServer, serveRpc } from '../../../peer/chain/rpc-server.ts'

let chain: EmbeddedChain
let server: RpcServer
beforeAll(async () => {
  chain = await createEmbeddedChain()
  server = await serveRpc(chain.request)
})
afterAll(async () => {
  await server.close()
  await chain.close()
})

interface Answer {
  readonly status: number
  readonly body: unknown
}

function post(
  body: string,
  headers: Record<string, string> = {},
  method = 'POST'
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      server.url,
      { method, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString())
          })
        )
      }
    )
    request.on('error', reject)
    request.end(body)
  })
}

const CHAIN_ID = { jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }

test('listens on loopback only, on a free port', () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
})

test('refuses a port that is taken', async () => {
  const port = Number(new URL(server.url).port)
  await expect(serveRpc(chain.request, { port })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('answers single requests and batches in their order', async () => {
  expect((await post(JSON.stringify(CHAIN_ID))).body).toEqual({
    jsonrpc: '2.0',
    id: 1,
    result: '0x7a69'
  })
  const batch = [CHAIN_ID, { ...CHAIN_ID, id: 'b', method: 'evm_mine' }, 7]
  expect((await post(JSON.stringify(batch))).body).toMatchObject([
    { id: 1, result: '0x7a69' },
    { id: 'b', error: { code: -32601 } },
    { id: null, error: { code: -32600 } }
  ])
})

test.each([
  ['not json', 400],
  ['[]', 400],
  [JSON.stringify(Array.from({ length: 101 }, () => CHAIN_ID)), 400],
  [`"${'x'.repeat(2_200_000)}"`, 413]
])('refuses a body it cannot take', async (body, status) => {
  expect((await post(body)).status).toBe(status)
})

test('refuses other hosts, other types and other methods', async () => {
  const body = JSON.stringify(CHAIN_ID)
  expect((await post(body, { host: 'evil.example' })).status).toBe(403)
  expect((await post(body, { host: '127.0.0.1.evil.example' })).status).toBe(403)
  expect((await post(body, { host: 'localhost:1' })).status).toBe(200)
  expect((await post(body, { 'content-type': 'text/plain' })).status).toBe(415)
  expect((await post('', {}, 'GET')).status).toBe(405)
})

test('refuses requests without their form', async () => {
  for (const request of [{}, { method: 1 }, { method: 'eth_chainId', params: {} }, null, 'x']) {
    expect((await post(JSON.stringify(request))).body).toMatchObject({ error: { code: -32600 } })
  }
})

test('hands revert data through', async () => {
  const rpc = createHttpRpc({ url: server.url })
  // PUSH1 1, PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, REVERT
  await expect(
    rpc('eth_call', [{ data: '0x600160005260206000fd' }, 'latest'])
  ).rejects.toMatchObject({
    data: `0x${'1'.padStart(64, '0')}`
  })
})

test('answers whatever it is sent with JSON-RPC', async () => {
  const request = fc.record(
    { id: fc.jsonValue(), method: fc.oneof(fc.string(), fc.jsonValue()), params: fc.jsonValue() },
    { requiredKeys: [] }
  )
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    request.map((each) => JSON.stringify(each))
  )
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const answer = await post(text)
      expect([200, 400]).toContain(answer.status)
      expect([answer.body].flat()[0]).toMatchObject({ jsonrpc: '2.0' })
    }),
    { numRuns: 60, seed: 3 }
  )
})
