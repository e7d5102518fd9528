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
  /** A name under which any IPFS tool finds the newest revision kept here (ANCHOR_MISSING if none is). */
  name(id: string, options?: CallOptions): Promise<NamedRevision>
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

/** An IPNS name, and what its record says. */
export interface NamedRevision {
  /** As tools write it, `k51…`. */
  readonly name: string
  /** `/ipfs/` and the CID of the revision's directory. */
  readonly value: string
  /** The revision's ordinal. */
  readonly sequence: number
  readonly expiresAtMs: number
  /** Base64 of the signed record. */
  readonly record: string
}
