import type { ComponentLogger, ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { gathering } from '../../../peer/net/gathering.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A secured connection that notes what it is given to send. */
async function secured() {
  const sent: string[] = []
  const aborted: Error[] = []
  const connection = {
    status: 'open',
    writableNeedsDrain: false,
    send(data: Uint8Array) {
      if (connection.status !== 'open') throw new Error('not open')
      sent.push(Buffer.from(data).toString())
      return true
    },
    async close() {
      connection.status = 'closing'
      sent.push('closed')
    },
    abort(error: Error) {
      aborted.push(error)
    }
  }
  const encrypter = {
    secureInbound: async () => ({ connection }),
    secureOutbound: async () => ({ connection })
  } as unknown as ConnectionEncrypter
  const wrapped = gathering(() => encrypter)({ logger: {} as ComponentLogger })
  const stream = connection as unknown as MessageStream
  await wrapped.secureOutbound(stream)
  return { connection, sent, aborted }
}

const bytes = (text: string) => Buffer.from(text)

test('what is written in one turn, by promises too, is sent in one message and in order', async () => {
  const { connection, sent } = await secured()
  connection.send(bytes('a'))
  Promise.resolve().then(() => connection.send(bytes('b')))
  connection.send(bytes('c'))
  expect(sent).toEqual([])
  await turn()
  connection.send(bytes('d'))
  await turn()
  expect(sent).toEqual(['acb', 'd'])
})

test('the back-pressure of the connection is told to each writer', async () => {
  const { connection } = await secured()
  expect(connection.send(bytes('a'))).toBe(true)
  connection.writableNeedsDrain = true
  expect(connection.send(bytes('b'))).toBe(false)
})

test('nothing that was written is lost by closing, and nothing is sent after an end', async () => {
  const { connection, sent, aborted } = await secured()
  connection.send(bytes('a'))
  await connection.close()
  expect(sent).toEqual(['a', 'closed'])
  expect(() => connection.send(bytes('b'))).toThrow('not open')
  await turn()
  expect([sent, aborted]).toEqual([['a', 'closed'], []])
})

test('a send that fails ends the connection, and not the process', async () => {
  const { connection, aborted } = await secured()
  let reads = 0
  // Open when it is written to and when it is flushed, and broken when it sends.
  Object.defineProperty(connection, 'status', { get: () => (++reads > 2 ? 'broken' : 'open') })
  connection.send(bytes('a'))
  await turn()
  expect(aborted).toEqual([expect.objectContaining({ message: 'not open' })])
})
