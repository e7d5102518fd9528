import { DatanetError } from '../../protocol/base/errors.ts'
import type { WaitOptions } from './chain.ts'

/** One JSON-RPC request to a chain: over HTTP, or straight into a chain of this process. */
export type Rpc = (
  method: string,
  params: readonly unknown[],
  options?: WaitOptions
) => Promise<unknown>

/** What the chain itself answered instead of a result; `data` is revert data where there is any. */
export class RpcError extends Error {
  readonly rpcCode: number
  readonly data: string | undefined

  constructor(rpcCode: number, message: string, data?: string) {
    super(message)
    this.name = 'RpcError'
    this.rpcCode = rpcCode
    this.data = data
  }
}

const MAX_MESSAGE = 300

/**
 * Requests to the JSON-RPC endpoint at `url`. Refuses with CHAIN_UNREACHABLE when there is no usable
 * answer in `timeoutMs`; an answer that is an error is an RpcError. Details name the host only, since
 * paths of hosted endpoints are secrets.
 */
export function createHttpRpc(init: {
  url: string
  timeoutMs?: number
  signal?: AbortSignal
}): Rpc {
  const host = hostOf(init.url)
  let nextId = 1
  return async (method, params, options = {}) => {
    options.signal?.throwIfAborted()
    const signals = [options.signal, init.signal, AbortSignal.timeout(init.timeoutMs ?? 20_000)]
    let answer: unknown
    try {
      const response = await fetch(init.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
        signal: AbortSignal.any(signals.filter((signal) => signal !== undefined))
      })
      answer = await response.json()
    } catch (cause) {
      options.signal?.throwIfAborted()
      init.signal?.throwIfAborted()
      throw new DatanetError('CHAIN_UNREACHABLE', { host, method }, { cause })
    }
    return resultOf(answer, host)
  }
}

/** The result in a JSON-RPC answer. Throws its error as an RpcError; CHAIN_UNREACHABLE if neither. */
export function resultOf(answer: unknown, host: string): unknown {
  if (typeof answer === 'object' && answer !== null) {
    if ('result' in answer) return answer.result
    if ('error' in answer && typeof answer.error === 'object' && answer.error !== null) {
      const { code, message, data } = answer.error as Record<string, unknown>
      throw new RpcError(
        typeof code === 'number' ? code : 0,
        typeof message === 'string' ? message.slice(0, MAX_MESSAGE) : 'error without a message',
        revertData(data)
      )
    }
  }
  throw new DatanetError('CHAIN_UNREACHABLE', { host }, { hint: 'no JSON-RPC answer' })
}

/** Nodes put revert data in `data` itself or one level below. */
function revertData(data: unknown): string | undefined {
  if (typeof data === 'string' && /^0x[0-9a-f]*$/i.test(data)) return data
  if (typeof data === 'object' && data !== null && 'data' in data) return revertData(data.data)
  return undefined
}

function hostOf(url: string): string {
  try {
    return new URL(url).host
  } catch (cause) {
    throw new DatanetError('CONFIG_INVALID', {}, { cause, hint: 'the chain URL is not a URL' })
  }
}
