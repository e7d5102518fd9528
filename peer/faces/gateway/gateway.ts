import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { isLoopback } from '../../api/guard.ts'
import { listenOn } from '../../api/listen.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { createSpendingCap } from '../../api/spending-cap.ts'
import { createRoutes } from './routes.ts'

export interface GatewayInit {
  readonly api: PeerApi
  /** The bearer token; drawn at random when left out. */
  readonly token?: string
  /** The most that calls through this gateway may cost together in one UTC day. */
  readonly capWei: bigint
  /** The most that one call may cost; a tenth of the cap when left out. */
  readonly maxCallWei?: bigint
  /** What a call may promise before anything comes of it: it counts where the provider is lost. */
  readonly prepayWei?: bigint
  /** A loopback name; 127.0.0.1 when left out. */
  readonly host?: string
  /** 0, the default, takes a free port. */
  readonly port?: number
  readonly maxBodyBytes?: number
  /** Told of every failure that a client was told of. */
  readonly onError?: (error: unknown) => void
  readonly now?: () => number
}

export interface Gateway {
  /** The base URL for a client of the OpenAI API, with `/v1`. */
  readonly url: string
  readonly token: string
  /** Spent today, from receipts. */
  readonly spentWei: bigint
  /** Cancels the calls under way and closes every connection. */
  stop(): Promise<void>
}

const MAX_BODY_BYTES = 1_048_576
const TOKEN_BYTES = 24

/**
 * An endpoint of the OpenAI API on loopback, listening: `/v1/models`, `/v1/chat/completions` and
 * `/healthz`. Every call is paid by the peer behind `api`, within the spending cap. Refuses a host
 * that is not loopback, an empty token, a negative cap or a port in use with CONFIG_INVALID.
 */
export async function createGateway(init: GatewayInit): Promise<Gateway> {
  const { api, capWei, host = '127.0.0.1', port = 0, now = Date.now } = init
  const { token = randomBytes(TOKEN_BYTES).toString('base64url'), onError = () => {} } = init
  const { maxCallWei = capWei / 10n, prepayWei = 0n, maxBodyBytes = MAX_BODY_BYTES } = init
  if (!isLoopback(host)) throw refusal('CONFIG_INVALID', { host }, { hint: 'loopback only' })
  if (capWei < 0n || maxCallWei < 0n) throw refusal('CONFIG_INVALID', { capWei, maxCallWei })

  const cap = createSpendingCap({ capWei, maxCallWei, prepayWei, now })
  const routes = createRoutes({ api, cap, now, onError }, { token, maxBodyBytes })
  const server = createAdaptorServer({ fetch: routes.fetch }) as Server
  const url = await listenOn(server, host, port)

  return {
    url: `${url}/v1`,
    token,
    get spentWei() {
      return cap.spentWei
    },
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    }
  }
}
