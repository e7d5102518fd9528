import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { isLoopback } from './guard.ts'
import { listenOn } from './listen.ts'
import type { PeerApi } from './peer-api.ts'
import { refusal } from './problem.ts'
import { type ApiRouteInit, createApiRoutes, type Grant } from './routes.ts'
import { createSpendingCap } from './spending-cap.ts'
import type { TokenScope } from './token-scope.ts'

/** A bearer token and what it permits. */
export interface ApiToken extends TokenScope {
  readonly token: string
  /** For the log and the metrics, which never show the token. */
  readonly label?: string
}

export interface PeerApiServerInit {
  readonly api: PeerApi
  readonly tokens: readonly ApiToken[]
  /** A loopback name; 127.0.0.1 when left out. */
  readonly host?: string
  /** 0, the default, takes a free port. */
  readonly port?: number
  /** What one call may cost at this peer; needed by tokens whose spending is limited. */
  readonly maxCallWei?: bigint
  /** What a call may promise before anything comes of it: it counts where the provider is lost. */
  readonly prepayWei?: bigint
  /** 1 MiB when left out. */
  readonly maxBodyBytes?: number
  /** How long a whole body may take to arrive; ten seconds when left out. */
  readonly bodyTimeoutMs?: number
  /** What `/metrics` says. */
  readonly metrics?: ApiRouteInit['metrics']
  /** What `/healthz` says; always well unless given. */
  readonly health?: ApiRouteInit['health']
  readonly onCall?: ApiRouteInit['onCall']
  readonly now?: () => number
}

export interface PeerApiServer {
  /** What `connectPeer` takes. */
  readonly url: string
  /** Calls that run at this moment. */
  readonly calls: number
  /** Cancels the calls under way and closes every connection. */
  stop(): Promise<void>
}

const MAX_BODY_BYTES = 1_048_576
/** A file of 16 MiB in base64, and the draft around it. */
const MAX_FILE_BODY_BYTES = 23_068_672
const BODY_MS = 10_000
/** What a call that was cancelled may take to end before the server stops without it. */
const STOP_MS = 2_000

/**
 * The PeerApi on loopback HTTP, listening: `POST /api/v1/<noun>/<method>`, `/healthz` and `/metrics`.
 * Refuses a host that is not loopback, tokens too short and a port in use with CONFIG_INVALID.
 */
export async function servePeerApi(init: PeerApiServerInit): Promise<PeerApiServer> {
  const { api, tokens, host = '127.0.0.1', port = 0, now = Date.now } = init
  if (!isLoopback(host)) throw refusal('CONFIG_INVALID', { host }, { hint: 'loopback only' })
  const stopping = new AbortController()
  const running = new Set<Promise<unknown>>()
  const routes = createApiRoutes({
    api,
    grants: tokens.map((token) => grantOf(token, init, now)),
    maxBodyBytes: init.maxBodyBytes ?? MAX_BODY_BYTES,
    maxFileBodyBytes: init.maxBodyBytes ?? MAX_FILE_BODY_BYTES,
    bodyTimeoutMs: init.bodyTimeoutMs ?? BODY_MS,
    stopping: stopping.signal,
    ...(init.metrics === undefined ? {} : { metrics: init.metrics }),
    ...(init.health === undefined ? {} : { health: init.health }),
    onCall: init.onCall ?? (() => {}),
    onStart(call) {
      running.add(call)
      call.finally(() => running.delete(call))
    }
  })
  const server = createAdaptorServer({ fetch: routes.fetch }) as Server
  const url = await listenOn(server, host, port)

  return {
    url,
    get calls() {
      return running.size
    },
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      stopping.abort(new DOMException('the peer stops', 'AbortError'))
      await settled([...running], STOP_MS)
      server.closeAllConnections()
      await closed
    }
  }
}

function grantOf(
  token: ApiToken,
  { maxCallWei, prepayWei = 0n }: Pick<PeerApiServerInit, 'maxCallWei' | 'prepayWei'>,
  now: () => number
): Grant {
  const capWei = token.spendWei ?? (token.admin === true ? undefined : 0n)
  if (capWei === undefined) return token
  if (capWei > 0n && maxCallWei === undefined) {
    throw refusal('CONFIG_INVALID', {}, { hint: 'a spending limit needs maxCallWei' })
  }
  const cap = createSpendingCap({ capWei, maxCallWei: maxCallWei ?? 1n, prepayWei, now })
  return { ...token, cap }
}

async function settled(calls: readonly Promise<unknown>[], ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([Promise.allSettled(calls), late]).finally(() => clearTimeout(timer))
}
