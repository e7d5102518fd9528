import type { PeerApi } from './peer-api.ts'
import { refusal } from './problem.ts'

/** What a token permits. Without `admin` it acts for its accounts only, and pays up to `spendWei`. */
export interface TokenScope {
  readonly accounts?: readonly string[]
  /** The most that its questions may cost together in one UTC day. */
  readonly spendWei?: bigint
  readonly admin?: boolean
}

export interface ApiToken extends TokenScope {
  readonly token: string
}

export interface PeerApiServerInit {
  readonly api: PeerApi
  readonly tokens: readonly ApiToken[]
  /** A loopback name; 127.0.0.1 when left out. */
  readonly host?: string
  /** 0, the default, takes a free port. */
  readonly port?: number
}

export interface PeerApiServer {
  /** What `connectPeer` takes. */
  readonly url: string
  /** Cancels the calls under way and closes every connection. */
  stop(): Promise<void>
}

/** The PeerApi on loopback HTTP, listening. */
export async function servePeerApi(_init: PeerApiServerInit): Promise<PeerApiServer> {
  throw refusal('INTERNAL')
}
