import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import type { PeerApi } from '../../../peer/api/peer-api.ts'
import { PEER_API } from '../../../peer/api/schema.ts'
import {
  type PeerApiServer,
  type PeerApiServerInit,
  servePeerApi
} from '../../../peer/api/server.ts'

const TOKEN = 'an-admin-token'
const open: PeerApiServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()))
})

/** A server whose every method is a spy: nothing hostile may reach any of them. */
async function serve(init: Partial<PeerApiServerInit> = {}) {
  const spy = vi.fn(async () => [])
  const nouns = Object.entries(PEER_API).map(([noun, methods]) => [
    noun,
    Object.fromEntries(Object.keys(methods).map((name) => [name, spy]))
  ])
  const api = { ...Object.fromEntries(nouns), status: spy } as unknown as PeerApi
  const tokens = [{ token: TOKEN, admin: true }]
  const server = await servePeerApi({ api, tokens, ...init })
  open.push(server)
  return { server, spy, url: `${server.url}/api/v1/accounts/list` }
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

/** A raw request, since fetch does not let a caller choose its Host. */
function send(
  url: string,
  headers: Record<string, string>,
  body = '{}',
  method = 'POST'
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, method, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

const bearer = { authorization: `Bearer ${TOKEN}` }
const codeIn = ({ text }: Reply) => JSON.parse(text).code

// API-R1
test.each([
  ['none', undefined],
  ['another', 'Bearer an-admin-tokem'],
  ['the beginning of it', `Bearer ${TOKEN.slice(0, -1)}`],
  ['more than it', `Bearer ${TOKEN}x`],
  ['another scheme', `Basic ${TOKEN}`],
  ['nothing after the scheme', 'Bearer ']
])('a request is refused whose token is %s', async (_, authorization) => {
  const { spy, url, server } = await serve()
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
  const reply = await send(url, headers)
  expect(reply.status).toBe(401)
  expect(reply.headers['content-type']).toBe('application/problem+json')
  expect(codeIn(reply)).toBe('UNAUTHORIZED')
  expect(reply.text).not.toContain(TOKEN.slice(0, -1))
  expect((await send(`${server.url}/metrics`, headers, '', 'GET')).status).toBe(401)
  expect((await send(`${server.url}/healthz`, headers, '', 'GET')).status).toBe(200)
  expect(spy).not.toHaveBeenCalled()
})

// API-R2
test.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '10.0.0.1', '[::2]'])(
  'a request for the name %s is refused, whatever it carries',
  async (host) => {
    const { spy, url } = await serve()
    const reply = await send(url, { ...bearer, host })
    expect([reply.status, codeIn(reply)]).toEqual([403, 'FORBIDDEN'])
    expect(spy).not.toHaveBeenCalled()
  }
)

// API-R2
test('a web page is told nothing: no answer has a CORS header', async () => {
  const { url, spy } = await serve()
  const origin = { origin: 'https://evil.example' }
  const asked = { ...origin, 'access-control-request-method': 'POST' }
  for (const reply of [await send(url, asked, '', 'OPTIONS'), await send(url, origin)]) {
    expect(reply.status).toBe(401)
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual(
      []
    )
  }
  expect(spy).not.toHaveBeenCalled()
  const permitted = await send(url, { ...bearer, ...origin })
  expect(permitted.status).toBe(200)
  expect(permitted.headers).not.toHaveProperty('access-control-allow-origin')
})

// API-R6
test.each([
  ['not JSON', '{"a":'],
  ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1')],
  ['nothing', ''],
  ['an array', '[]'],
  ['a key too many', '{"x":1}'],
  ['null', 'null']
])('a body that is %s is refused', async (_, body) => {
  const { spy, url } = await serve()
  const reply = await send(url, bearer, body)
  expect([reply.status, codeIn(reply)]).toEqual([400, 'INPUT_INVALID'])
  expect(spy).not.toHaveBeenCalled()
})

test.each([
  ['accounts', 'constructor'],
  ['__proto__', 'toString'],
  ['constructor', 'name'],
  ['accounts', 'nothing'],
  ['models', 'list%2f..%2fbuilt'],
  ['status', 'call']
])('there is no method %s/%s', async (noun, name) => {
  const { spy, server } = await serve()
  const reply = await send(`${server.url}/api/v1/${noun}/${name}`, bearer)
  expect([reply.status, codeIn(reply)]).toEqual([404, 'ROUTE_UNKNOWN'])
  expect((await send(`${server.url}/api/v1/accounts/list`, bearer, '', 'GET')).status).toBe(404)
  expect(spy).not.toHaveBeenCalled()
})

test('a wrong argument is named, and one of a strict form takes no other keys', async () => {
  const { spy, server } = await serve()
  const open = (target: unknown) =>
    send(`${server.url}/api/v1/channels/open`, bearer, JSON.stringify({ target }))
  for (const [target, param] of [
    [{ offer: 'o', depositWei: '-1' }, 'target.depositWei'],
    [{ offer: 'o', depositWei: 1 }, 'target.depositWei'],
    [{ offer: 'o', depositWei: '1'.repeat(40) }, 'target.depositWei'],
    [{ offer: '', depositWei: '1' }, 'target.offer'],
    [{ offer: 'o', depositWei: '1', more: 1 }, 'target']
  ] as const) {
    const reply = await open(target)
    expect(JSON.parse(reply.text)).toMatchObject({ code: 'INPUT_INVALID', details: { param } })
  }
  expect(spy).not.toHaveBeenCalled()
})

// API-R5
test('a body above the bound is refused, said or unsaid', async () => {
  const { spy, url } = await serve({ maxBodyBytes: 1_000 })
  const body = JSON.stringify({ x: 'x'.repeat(2_000) })
  const said = await send(url, { ...bearer, 'content-length': String(body.length) }, body)
  expect([said.status, codeIn(said)]).toEqual([413, 'REQUEST_TOO_LARGE'])
  const unsaid = await send(url, { ...bearer, 'transfer-encoding': 'chunked' }, body)
  expect([unsaid.status, codeIn(unsaid)]).toEqual([413, 'REQUEST_TOO_LARGE'])
  expect(spy).not.toHaveBeenCalled()
})

// API-R6
test('a body that drips is refused in time, and its connection ends', async () => {
  const { spy, server } = await serve({ bodyTimeoutMs: 60 })
  const { port } = new URL(server.url)
  const socket = connect(Number(port), '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes
  })
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const lines = ['POST /api/v1/accounts/list HTTP/1.1', 'host: 127.0.0.1', 'content-length: 100']
  socket.write(`${[...lines, `authorization: Bearer ${TOKEN}`].join('\r\n')}\r\n\r\n{`)
  const drip = setInterval(() => socket.write(' '), 20)
  await ended.finally(() => clearInterval(drip))
  expect(text).toMatch(/^HTTP\/1\.1 400 /)
  expect(text).toContain('too slowly')
  expect(spy).not.toHaveBeenCalled()
  expect(server.calls).toBe(0)
})

// API-R7
test('a client that vanishes inside its body leaves nothing running', async () => {
  const { spy, server } = await serve()
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  const lines = ['POST /api/v1/accounts/list HTTP/1.1', 'host: 127.0.0.1', 'content-length: 100']
  socket.write(`${[...lines, `authorization: Bearer ${TOKEN}`].join('\r\n')}\r\n\r\n{`)
  await expect.poll(() => server.calls).toBe(1)
  socket.destroy()
  await expect.poll(() => server.calls).toBe(0)
  expect(spy).not.toHaveBeenCalled()
})
