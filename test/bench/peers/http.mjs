import { Agent, createServer, request } from 'node:http'

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

/** The answer to one GET over a kept connection. */
export function get(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part) => {
        body += part
      })
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body })
      )
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** A server on a free loopback port; gives its address. */
export async function listen(handler) {
  const server = createServer(handler)
  // Longer than a round of everybody else: a kept connection must not end under the next call.
  server.keepAliveTimeout = 600_000
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${server.address().port}`
}
