import type { Inclusion, WaitOptions } from './chain.ts'

/** The newest anchored revision of a Datanet; ordinal 0 and the zero hash before the first. */
export interface AnchorHead {
  readonly ordinal: number
  readonly revision: string
}

/** What `found` takes: the digest of the founding manifest and who decides about the Datanet. */
export interface Founding {
  readonly manifest: string
  /** Distinct accounts, ascending. */
  readonly curators: readonly string[]
  readonly threshold: number
}

/** One revision to anchor, with its curators' RevisionApproval signatures (any order). */
export interface AnchorRequest {
  readonly datanet: string
  readonly ordinal: number
  /** Digest of the revision before, the zero hash for ordinal 1. */
  readonly parent: string
  readonly revision: string
  /** Root of the revision's contribution tree (protocol/base/merkle). */
  readonly contributionsRoot: string
  readonly approvals: readonly Uint8Array[]
}

/** What takes a manifest's place, with its predecessors' Rotation signatures (any order). */
export interface RotationRequest extends Founding {
  readonly datanet: string
  /** The number of the manifest in force + 1; the founding one has 0. */
  readonly seq: number
  /** Digest of the manifest in force. */
  readonly prev: string
  readonly approvals: readonly Uint8Array[]
}

/** An anchored revision with all that its contract needs to know it again. */
export interface Lineage {
  /** The head before it, its digest and its contributions root: 24, 32 and 32 bytes in 0x text. */
  readonly anchored: Anchored & { readonly before: string }
  /** Those that were anchored after it, in order. */
  readonly later: readonly Anchored[]
}

/** A revision as the registry's chain of heads has it. */
export interface Anchored {
  readonly revision: string
  readonly contributionsRoot: string
}

/** DatanetRegistry. Revisions are read from events. `datanet` is always the on-chain key, as `datanetKey` of `found` gives it. */
export interface RegistryContract {
  /** Founds the Datanet; CHAIN_REVERTED RegistryAlreadyFounded when it exists with these curators. */
  found(founding: Founding, options?: WaitOptions): Promise<Inclusion & { datanet: string }>
  /** Anchors a revision on top of the head; anyone may, the approvals decide. */
  anchor(request: AnchorRequest, options?: WaitOptions): Promise<Inclusion>
  /** Puts the next manifest, its curators and threshold in force; anyone may, the approvals decide. */
  rotate(request: RotationRequest, options?: WaitOptions): Promise<Inclusion>
  /** Number and digest of the manifest in force, or undefined when nobody founded this Datanet. */
  manifestOf(
    datanet: string,
    options?: WaitOptions
  ): Promise<{ seq: number; manifest: string } | undefined>
  /** Digest of the manifest that was rotated in as number `seq`, or undefined. */
  rotatedTo(datanet: string, seq: number, options?: WaitOptions): Promise<string | undefined>
  /** The key that `found` gives: binds manifest, curators and threshold. */
  datanetKey(founding: Founding): string
  head(datanet: string, options?: WaitOptions): Promise<AnchorHead>
  /** The revision anchored at `ordinal`, or undefined. */
  anchorOf(datanet: string, ordinal: number, options?: WaitOptions): Promise<string | undefined>
  /** The ordinal at which `revision` was anchored, or undefined. */
  ordinalOf(datanet: string, revision: string, options?: WaitOptions): Promise<number | undefined>
  /** The contributions root recorded with an anchored revision, or undefined. */
  contributionsRootOf(
    datanet: string,
    revision: string,
    options?: WaitOptions
  ): Promise<string | undefined>
  /** How the registry's views can check `revision`; undefined while it is not anchored. */
  lineage(datanet: string, revision: string, options?: WaitOptions): Promise<Lineage | undefined>
  /** Curators and threshold in force, or undefined when nobody founded this Datanet. */
  curatorsOf(
    datanet: string,
    options?: WaitOptions
  ): Promise<{ curators: string[]; threshold: number } | undefined>
}
