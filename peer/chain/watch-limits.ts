/** Bounds of following a chain, each with its reason. */
export const WATCH = {
  /** Blocks of one question for events: what most public endpoints answer; halved where one refuses. */
  rangeBlocks: 2_000,
  /** Blocks that can be taken back one by one: more than any chain of note has reorganised. */
  keptBlocks: 256,
  /** Times that one look starts again when the chain changes under it. */
  tries: 3,
  /** After failures: soon again, and never so seldom that a withdrawal of an hour is missed. */
  backOff: { baseMs: 500, mostMs: 60_000 },
  /** Between looks, at a node of this machine and at one that is paid for by the question. */
  nearMs: 1_000,
  farMs: 5_000,
  /** A withdrawal must be seen within this part of its delay, looks that fail included. */
  delayShare: 20
} as const

/** The chain id of devnets and embedded chains. */
const DEVNET_CHAIN = 31_337n
/** A chain of one node does not reorganise; what others undo is rarely as much as twelve blocks. */
const CONFIRMATIONS = { devnet: 1, other: 12 } as const

/** Blocks that must carry an event on chain `chainId` before it counts, unless configured. */
export function usualConfirmations(chainId: bigint): number {
  return chainId === DEVNET_CHAIN ? CONFIRMATIONS.devnet : CONFIRMATIONS.other
}
