import type { ChainEvent, ChainFact } from './reader.ts'

/** A channel as confirmed blocks say it. */
export interface WatchedChannel {
  readonly depositWei: bigint
  readonly claimedWei: bigint
  readonly royaltyWei: bigint
  /** The payer's pending withdrawal, by the chain's clock. */
  readonly withdrawal?: { readonly amountWei: bigint; readonly readyAtMs: number }
  readonly isClosed?: true
}

/** A drop as confirmed blocks say it; `posted` is also one whose delay ran out in silence. */
export interface WatchedDrop {
  readonly state: 'posted' | 'vetoed' | 'refuted' | 'final'
  readonly dropSeq: number
  readonly root: string
  readonly totalWei: bigint
  readonly drop: string
  readonly readyAtMs: number
}

/** A revision as it was anchored. */
export interface WatchedAnchor {
  readonly ordinal: number
  readonly revision: string
  readonly parent: string
  readonly contributionsRoot: string
}

/** A lock as confirmed blocks say it; what was filled or refunded holds nothing. */
export interface WatchedLock {
  readonly lockedWei: bigint
  readonly expiresAtMs: number
  /** Who was credited for what, once it was filled. */
  readonly filled?: {
    readonly contribution: string
    readonly account: string
    readonly amountWei: bigint
  }
}

/** One thing that is watched, by its kind and name. */
export type Watched =
  | { readonly kind: 'channel'; readonly id: string; readonly value: WatchedChannel }
  | { readonly kind: 'drop'; readonly id: string; readonly value: WatchedDrop }
  | { readonly kind: 'lock'; readonly id: string; readonly value: WatchedLock }
  | { readonly kind: 'anchor'; readonly id: string; readonly value: WatchedAnchor }

/** How to look up what is watched already. */
export type WatchedReader = <K extends Watched['kind']>(
  kind: K,
  id: string
) => Extract<Watched, { kind: K }>['value'] | undefined

/** The name of drop `seq` of a pool; the newest of a pool has no number. */
export function dropId(pool: string, seq?: number): string {
  return seq === undefined ? pool : `${pool} ${seq}`
}

/** The name of a revision by its place. */
export function anchorId(datanet: string, ordinal: number): string {
  return `${datanet} ${ordinal}`
}

const NOTHING: WatchedChannel = { depositWei: 0n, claimedWei: 0n, royaltyWei: 0n }

/** What is watched after `event`: every entry that it changes, as it is from then on. */
export function afterEvent({ fact }: ChainEvent, read: WatchedReader): readonly Watched[] {
  switch (fact.name) {
    case 'drop-posted':
      return dropsAfter(fact.pool, { ...dropOf(fact), state: 'posted' })
    case 'drop-vetoed':
    case 'drop-refuted':
    case 'drop-finalised': {
      const known = read('drop', dropId(fact.pool, fact.dropSeq))
      const state = STATES[fact.name]
      return known === undefined ? [] : dropsAfter(fact.pool, { ...known, state })
    }
    case 'bounty-funded': {
      const { lock: id, lockedWei, expiresAtMs } = fact
      return [{ kind: 'lock', id, value: { lockedWei, expiresAtMs } }]
    }
    case 'bounty-filled':
    case 'bounty-refunded': {
      const known = read('lock', fact.lock)
      return known === undefined
        ? []
        : [{ kind: 'lock', id: fact.lock, value: lockAfter(known, fact) }]
    }
    case 'anchored': {
      const { ordinal, revision, parent, contributionsRoot } = fact
      const value = { ordinal, revision, parent, contributionsRoot }
      return [{ kind: 'anchor', id: anchorId(fact.datanet, ordinal), value }]
    }
    default: {
      const { channelId: id } = fact
      return [{ kind: 'channel', id, value: channelAfter(read('channel', id) ?? NOTHING, fact) }]
    }
  }
}

const STATES = {
  'drop-vetoed': 'vetoed',
  'drop-refuted': 'refuted',
  'drop-finalised': 'final'
} as const

type LockFact = Extract<ChainFact, { name: 'bounty-filled' | 'bounty-refunded' }>

function lockAfter(before: WatchedLock, fact: LockFact): WatchedLock {
  if (fact.name === 'bounty-refunded') {
    return { ...before, lockedWei: before.lockedWei - fact.amountWei }
  }
  const { contribution, account, amountWei } = fact
  return { ...before, lockedWei: 0n, filled: { contribution, account, amountWei } }
}

type ChannelFact = Extract<ChainFact, { channelId: string }>

function channelAfter(before: WatchedChannel, fact: ChannelFact): WatchedChannel {
  const { withdrawal: _, ...settled } = before
  switch (fact.name) {
    case 'funded':
      return { ...before, depositWei: fact.depositWei }
    case 'claimed':
      return { ...before, claimedWei: fact.claimedWei, royaltyWei: fact.royaltyWei }
    case 'withdraw-started': {
      const { amountWei, readyAtMs } = fact
      return { ...settled, withdrawal: { amountWei, readyAtMs } }
    }
    case 'withdraw-finished':
      return { ...settled, depositWei: before.depositWei - fact.amountWei }
    case 'withdraw-cancelled':
      return settled
    case 'closed': {
      const { claimedWei, royaltyWei } = fact
      return { depositWei: claimedWei, claimedWei, royaltyWei, isClosed: true }
    }
  }
}

function dropOf(fact: Extract<ChainFact, { name: 'drop-posted' }>): Omit<WatchedDrop, 'state'> {
  const { dropSeq, root, totalWei, drop, readyAtMs } = fact
  return { dropSeq, root, totalWei, drop, readyAtMs }
}

/** Under its number, and as the pool's newest: no later one can be there while this one changes. */
function dropsAfter(pool: string, value: WatchedDrop): readonly Watched[] {
  return [
    { kind: 'drop', id: dropId(pool, value.dropSeq), value },
    { kind: 'drop', id: dropId(pool), value }
  ]
}
