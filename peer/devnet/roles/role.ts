import type { Peer } from '../../peer.ts'
import type { Network } from '../network.ts'

export interface Progress {
  readonly text: string
  readonly done: number
  readonly total: number
}

/** What an action may use: the participant's own peer, and what every participant is given. */
export interface Scene {
  readonly peer: Peer
  readonly network: Network
  readonly dataDir: string
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
}

// biome-ignore lint/suspicious/noExplicitAny: each role's client gives its actions their types back.
export type Action = (scene: Scene, args: any) => Promise<unknown>

/** What a participant can be told to do; values cross a process border, so they are plain. */
export type Role = Readonly<Record<string, Action>>
