import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'

/**
 * `secure`, whose connections send what is written to them in one turn of the process as one message:
 * sealing and handing each small frame to the system by itself costs more than what it says. Order and
 * back-pressure stay as they are.
 */
export function gathering<C>(
  secure: (components: C) => ConnectionEncrypter
): (components: C) => ConnectionEncrypter {
  return (components) => {
    const encrypter = secure(components)
    const inbound = encrypter.secureInbound.bind(encrypter)
    const outbound = encrypter.secureOutbound.bind(encrypter)
    encrypter.secureInbound = async (...args) => gathered(await inbound(...args))
    encrypter.secureOutbound = async (...args) => gathered(await outbound(...args))
    return encrypter
  }
}

function gathered<S extends { connection: MessageStream }>(secured: S): S {
  const { connection } = secured
  const send = connection.send.bind(connection)
  const close = connection.close.bind(connection)
  let waiting: Uint8Array[] = []

  function flush(): void {
    const parts = waiting
    waiting = []
    // Whoever ended it meanwhile has thrown away what was not sent.
    if (parts.length === 0 || connection.status !== 'open') return
    try {
      send(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts))
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  connection.send = (data) => {
    if (connection.status !== 'open') return send(data)
    // After the promises of this turn, which write as well.
    if (waiting.length === 0) process.nextTick(flush)
    waiting.push(data instanceof Uint8Array ? data : data.subarray())
    return !connection.writableNeedsDrain
  }
  connection.close = (options) => {
    flush()
    return close(options)
  }
  return secured
}
