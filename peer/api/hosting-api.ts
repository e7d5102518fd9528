import type { CallOptions, ProgressOptions } from './peer-api.ts'

/** Copies of Datanets, here and elsewhere. */
export interface HostingApi {
  /**
   * Begins or ends to keep copies of a Datanet by this peer's own decision, beside those whose
   * manifest names it: what is newest is fetched, resumed where it stopped, served and announced.
   */
  host(draft: HostingDraft, options?: ProgressOptions): Promise<HostedDatanet>
  /** Asks every host of the manifest what it keeps of the newest revision kept here, and for proof. */
  replicas(id: string, options?: CallOptions): Promise<readonly Replica[]>
  /** Forgets content that nothing here refers to any more, such as that of older revisions. */
  clean(options?: CallOptions): Promise<Cleaned>
}

/** Whether this peer keeps copies of a Datanet by its own decision. */
export interface HostingDraft {
  readonly datanet: string
  readonly isOn: boolean
}

export interface HostedDatanet {
  readonly datanet: string
  /** Whether it keeps copies: by its own decision, or since the manifest names it. */
  readonly isHost: boolean
  /** Of the newest revision that is wholly here; 0 while there is none. */
  readonly ordinal: number
}

/** What a host of a Datanet was found to keep just now. */
export interface Replica {
  readonly peer: string
  /** Of the newest revision that it says is wholly there. */
  readonly ordinal: number
  /** Whether it proved that rows drawn at random of the newest revision kept here are there. */
  readonly isVerified: boolean
  readonly code?: string
  readonly atMs: number
}

/** What was not referred to any more, and is gone. */
export interface Cleaned {
  readonly blocks: number
  readonly bytes: number
}
