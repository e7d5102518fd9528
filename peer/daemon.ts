import { DatanetError } from '../protocol/base/errors.ts'
import type { Config } from './config.ts'
import type { Peer } from './peer.ts'

/** A peer with its doors open. */
export interface Daemon {
  readonly peer: Peer
  /** The PeerApi's door, as api.json in the data directory says. */
  readonly url: string
  readonly token: string
  /** The OpenAI-compatible door, when it is on. */
  readonly gateway?: { readonly url: string; readonly token: string }
  /** Closes the doors, ends what runs and removes api.json; within five seconds. */
  stop(): Promise<void>
}

/** A started peer with its API served. */
export async function startDaemon(_config: Config): Promise<Daemon> {
  throw new DatanetError('INTERNAL')
}

/** Where the daemon of `dataDir` answers. Refuses PEER_UNREACHABLE when none wrote so. */
export function readDaemonFile(_dataDir: string): { url: string; token: string; pid: number } {
  throw new DatanetError('INTERNAL')
}
