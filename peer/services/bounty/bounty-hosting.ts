import { parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { type SignedBounty, verifyBounty } from '../../../protocol/datanet/bounty.ts'
import { statedFill, verifyFill } from '../../../protocol/datanet/bounty-fill.ts'
import {
  bountiesAskSchema,
  bountiesEndSchema,
  bountiesPartSchema,
  bountyTakenSchema,
  LISTED
} from '../../../protocol/net/bounties.ts'
import type { ExchangeHandler } from '../../../protocol/net/exchange.ts'
import { nearlyAsked } from '../../intake/nearly-asked.ts'
import type { StoredBounty } from '../../store/bounties.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import type { BountyLocks } from './bounty-locks.ts'

/** The bounties that a host keeps for others. specs/05-network.md §Bounties */
export interface BountyHosting {
  /** Answers `/datanet/bounties/1`. */
  readonly handler: ExchangeHandler
}

interface Hosted {
  readonly stored: StoredBounty
  readonly signed: SignedBounty
  readonly lockedWei: bigint
  readonly isFilled: boolean
  readonly isListed: boolean
}

/** The hosting of a peer's bounties: what confirmed blocks say of their money decides what is shown. */
export function createBountyHosting(
  parts: Pick<Parts, 'bountyStore' | 'datanetStore' | 'peerId' | 'now' | 'log'>,
  datanets: Pick<Datanets, 'known'>,
  locks: BountyLocks
): BountyHosting {
  const { bountyStore, datanetStore, peerId, now, log } = parts
  const verified = new Map<string, SignedBounty>()

  /** Refuses a Datanet that this peer keeps nothing for. */
  function hosted(id: string): KnownDatanet {
    const datanet = datanets.known(id)
    if (datanet.hosted || datanet.signed.manifest.hosts.includes(peerId)) return datanet
    throw new DatanetError('DATANET_UNKNOWN', { id, hosted: false })
  }

  /** Checked once: anyone may ask for the list again and again. */
  function signedOf({ cid, bytes }: StoredBounty): SignedBounty {
    const known = verified.get(cid) ?? verifyBounty(bytes, Number.POSITIVE_INFINITY)
    verified.set(cid, known)
    return known
  }

  function forget(cid: string): void {
    verified.delete(cid)
    bountyStore.forget(cid)
  }

  function standing(stored: StoredBounty, datanet: KnownDatanet): Hosted {
    const signed = signedOf(stored)
    const place = locks.find(signed, datanet)
    const { lockedWei = 0n, filled } = (place && locks.confirmed(place.id)) ?? {}
    const { budget } = signed.bounty
    const isFilled = filled !== undefined
    const isBacked = budget === undefined || isFilled || lockedWei >= budget.amountWei
    const isListed = isBacked && stored.expiresAtMs > now()
    return { stored, signed, lockedWei, isFilled, isListed }
  }

  /** Those that still stand; the others are forgotten on the way. */
  function all(datanet: KnownDatanet): Hosted[] {
    const kept: Hosted[] = []
    for (const stored of bountyStore.of(datanet.id.toString())) {
      if (!stored.isHosted) continue
      const one = standing(stored, datanet)
      const isWaiting = !one.isListed && stored.takenAtMs + LIMITS.bountyWaitMs > now()
      const stands = stored.expiresAtMs > now() && (one.isListed || isWaiting)
      if (stands) kept.push(one)
      else forget(stored.cid)
    }
    return kept
  }

  function refuseOver(kept: readonly Hosted[], requester: string): void {
    const bare = kept.filter(({ lockedWei, isFilled }) => lockedWei === 0n && !isFilled)
    const own = bare.filter(({ stored }) => stored.requester === requester)
    if (own.length >= LIMITS.bountiesPerAccount) {
      const hint = `${own.length} of this account are open without money, and no more may`
      throw new DatanetError('INTAKE_LIMIT', { open: own.length }, { hint })
    }
    if (bare.length >= LIMITS.bounties) {
      const hint = 'the Datanet has as many open bounties without money as its hosts keep'
      throw new DatanetError('INTAKE_LIMIT', { open: bare.length }, { hint })
    }
  }

  /** Of those with money the ones with the most are kept. */
  function makeRoom(kept: readonly Hosted[], one: Hosted): void {
    const funded = kept.filter(({ lockedWei }) => lockedWei > 0n)
    if (funded.length < LIMITS.bounties) return
    const least = funded.reduce((a, b) => (b.lockedWei < a.lockedWei ? b : a))
    if (least.lockedWei >= one.lockedWei) {
      const hint = 'as many bounties with more money are open as hosts keep'
      throw new DatanetError('INTAKE_LIMIT', { leastWei: `${least.lockedWei}` }, { hint })
    }
    forget(least.stored.cid)
  }

  async function take(datanet: KnownDatanet, bytes: Uint8Array, signal: AbortSignal) {
    const signed = verifyBounty(bytes, now())
    const { bounty, cid } = signed
    if (!bounty.datanet.equals(datanet.id)) refuse('it is of another Datanet')
    if (bounty.expiresAtMs <= now()) refuse('it has expired')
    locks.refuseForeign(signed)
    if (bounty.budget !== undefined) await locks.catchUp(signal)
    const known = bountyStore.get(cid.toString())
    if (known?.isHosted !== true) {
      const stored: StoredBounty = {
        ...{ cid: cid.toString(), datanet: datanet.id.toString(), requester: bounty.requester },
        ...{ bytes, expiresAtMs: bounty.expiresAtMs, takenAtMs: now(), isHosted: true }
      }
      const kept = all(datanet)
      const one = standing(stored, datanet)
      if (one.lockedWei > 0n) makeRoom(kept, one)
      else refuseOver(kept, bounty.requester)
      if (bounty.budget === undefined && one.lockedWei === 0n) refuseAgain(signed, kept)
      bountyStore.put(stored)
      log('bounty', { datanet: stored.datanet, bounty: stored.cid, listed: one.isListed })
    }
    const { isListed } = standing(bountyStore.get(cid.toString()) as StoredBounty, datanet)
    return toWire(bountyTakenSchema, { bounty: cid, isListed })
  }

  function refuseAgain({ bounty }: SignedBounty, kept: readonly Hosted[]): void {
    const listed = kept.filter(({ isListed, isFilled }) => isListed && !isFilled)
    const near = nearlyAsked(
      bounty.question,
      listed.map(({ signed }) => signed.bounty.question)
    )
    const same = near === undefined ? undefined : listed[near]
    if (same === undefined) return
    throw new DatanetError('BOUNTY_DUPLICATE', { bounty: same.stored.cid })
  }

  function takeFill(datanet: KnownDatanet, bytes: Uint8Array) {
    const { bounty, curator } = statedFill(bytes)
    const cid = bounty.toString()
    const stored = bountyStore.get(cid)
    if (stored?.isHosted !== true || stored.datanet !== datanet.id.toString()) {
      throw new DatanetError('BOUNTY_UNKNOWN', { bounty: cid })
    }
    if (!datanet.signed.manifest.curators.includes(curator)) {
      throw new DatanetError('SIGNER_UNEXPECTED', { curator })
    }
    const one = standing(stored, datanet)
    const { id: lock, domain } = locks.place(one.signed, datanet)
    verifyFill(bytes, { domain, lock })
    bountyStore.putFill(cid, curator, bytes)
    return toWire(bountyTakenSchema, { bounty: one.signed.cid, isListed: one.isListed })
  }

  function answersOf(bounty: string) {
    return bountyStore.answers(bounty, LISTED.answers).flatMap((cid) => {
      const status = datanetStore.contribution(cid)?.status
      if (status === undefined || status === 'withdrawn') return []
      return [{ contribution: parseCid(cid), status }]
    })
  }

  return {
    async *handler(value, { signal }) {
      const ask = fromWire(bountiesAskSchema, value)
      const datanet = hosted(ask.datanet.toString())
      if ('bounty' in ask) return take(datanet, ask.bounty, signal)
      if ('fill' in ask) return takeFill(datanet, ask.fill)
      const listed = all(datanet)
        .filter(({ isListed }) => isListed)
        .sort((a, b) => (a.lockedWei === b.lockedWei ? 0 : a.lockedWei < b.lockedWei ? 1 : -1))
      for (let from = 0; from < listed.length; from += LISTED.perPart) {
        const bounties = listed.slice(from, from + LISTED.perPart).map(({ stored }) => ({
          bounty: stored.bytes,
          fills: [...bountyStore.fills(stored.cid)].slice(0, LIMITS.curators),
          answers: answersOf(stored.cid)
        }))
        if (!(yield toWire(bountiesPartSchema, { bounties }))) return undefined
      }
      return toWire(bountiesEndSchema, { bounties: listed.length })
    }
  }
}

function refuse(reason: string): never {
  throw new DatanetError('BOUNTY_REFUSED', { reason }, { hint: reason })
}
