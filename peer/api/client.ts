import type { PeerApi } from './peer-api.ts'
import { refusal } from './problem.ts'

export interface PeerConnection {
  /** Where the daemon answers, as `api.json` in its data directory says. */
  readonly url: string
  readonly token: string
}

/** The PeerApi of a running peer, over HTTP: the same results and the same codes as in its process. */
export function connectPeer(_connection: PeerConnection): PeerApi {
  throw refusal('INTERNAL')
}
