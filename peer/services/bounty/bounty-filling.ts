import { digestOf, parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { decodeRecord } from '../../../protocol/base/schema.ts'
import { type SignedFill, signFill } from '../../../protocol/datanet/bounty-fill.ts'
import {
  type SignedContribution,
  verifyContribution
} from '../../../protocol/datanet/contribution.ts'
import { ownersAfter } from '../../../protocol/datanet/hand-over.ts'
import { inclusionSchema } from '../../../protocol/datanet/inclusion.ts'
import type { BountyApproval } from '../../api/bounties-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { SubmissionsApi } from '../../api/submissions-api.ts'
import type { Tombstones } from '../contribution/tombstones.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import type { Revisions } from '../revision/revisions.ts'
import type { BountyAsking, HeardBounty } from './bounty-asking.ts'
import type { BountyLocks, BountyPlace } from './bounty-locks.ts'

/** Curators' words that a contribution fills a bounty, gathered until they are enough. */
export interface BountyFilling {
  /** As BountiesApi.approveBounty; whether the bounty was paid out by it. */
  approve(
    datanet: KnownDatanet,
    heard: HeardBounty,
    draft: BountyApproval,
    options: CallOptions
  ): Promise<void>
}

/** What filling is done with beside the parts. */
export interface FillingWorld {
  readonly revisions: Pick<Revisions, 'head' | 'read' | 'fetch'>
  readonly tombstones: Pick<Tombstones, 'isWithdrawn'>
  readonly inclusion: SubmissionsApi['inclusion']
}

/** A revision may be anchored between looking and sending: once more is enough. */
const TRIES = 2

/** Filling by the curators kept here. specs/04-datanet.md §Fill */
export function createBountyFilling(
  parts: Pick<Parts, 'bountyStore' | 'chain' | 'datanetStore' | 'wallet' | 'now' | 'log'>,
  locks: BountyLocks,
  asking: BountyAsking,
  world: () => FillingWorld
): BountyFilling {
  const { chain, datanetStore, wallet, now, log, bountyStore } = parts

  function chosen({ answers }: HeardBounty, named: string | undefined): string {
    if (named !== undefined) return named
    const accepted = answers.filter(({ status }) => status === 'accepted')
    const [one] = accepted
    if (one !== undefined && accepted.length === 1) return one.contribution
    const hint =
      accepted.length === 0
        ? 'no accepted contribution names it yet'
        : 'several accepted contributions name it: say which one'
    throw new DatanetError('INPUT_INVALID', { param: 'contribution' }, { hint })
  }

  /** The contribution from what this peer took in, or from the newest revision, fetched where it lacks. */
  async function contributionOf(id: string, cid: string, options: CallOptions) {
    const { revisions, tombstones } = world()
    if (tombstones.isWithdrawn(cid)) {
      throw new DatanetError('CONTRIBUTION_WITHDRAWN', { contribution: cid })
    }
    const stored = datanetStore.contribution(cid)
    if (stored?.datanet === id) return verifyContribution(stored.bytes)
    const inRevision = async (): Promise<SignedContribution | undefined> => {
      const { contributions } = await revisions.read(id, undefined, options)
      return contributions.find((one) => one.cid.toString() === cid)
    }
    const kept = await inRevision().catch((error: unknown) => {
      if (!isDatanetError(error) || error.code !== 'ANCHOR_MISSING') throw error
      return undefined
    })
    if (kept !== undefined) return kept
    await revisions.fetch(id, options)
    const fetched = await inRevision()
    if (fetched !== undefined) return fetched
    throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution: cid })
  }

  /** Where the contribution lies in the newest revision, as the chain has it. */
  async function placed(datanet: KnownDatanet, cid: string, options: CallOptions) {
    const id = datanet.id.toString()
    const named = { datanet: id, contribution: cid }
    const { proof, anchor } = await world()
      .inclusion(named, options)
      .catch((cause: unknown) => {
        if (!isDatanetError(cause) || cause.code !== 'CONTRIBUTION_UNKNOWN') throw cause
        const hint = 'no revision holds it yet: publish one, and then approve it'
        throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution: cid }, { cause, hint })
      })
    const { row, siblings } = decodeRecord(
      inclusionSchema,
      Uint8Array.from(Buffer.from(proof, 'base64'))
    )
    const lineage = await chain.registry.lineage(datanet.key, anchor, options)
    if (lineage === undefined) throw new DatanetError('ANCHOR_MISSING', { id, revision: anchor })
    return { row, proof: siblings, lineage }
  }

  function curatorsHere(datanet: KnownDatanet, account: string | undefined): readonly string[] {
    const { curators } = datanet.signed.manifest
    const named = account === undefined ? undefined : wallet.account(account.toLowerCase()).address
    const own = curators.filter((one) => wallet.find(one) !== undefined)
    const chosen = named === undefined ? own : own.filter((one) => one === named)
    if (chosen.length > 0) return chosen
    const hint = 'this peer keeps the key of no curator in force'
    throw new DatanetError('SIGNER_UNEXPECTED', { account: named ?? '' }, { hint })
  }

  function isSame({ fill }: SignedFill, contribution: string, account: string): boolean {
    return fill.contribution.toString() === contribution && fill.account === account
  }

  async function sign(
    datanet: KnownDatanet,
    heard: HeardBounty,
    what: { readonly contribution: string; readonly account: string; readonly place: BountyPlace },
    { curators, instead }: { readonly curators: readonly string[]; readonly instead: boolean }
  ): Promise<SignedFill[]> {
    const { contribution, account, place } = what
    const able = curators.filter((one) => one !== account)
    if (able.length === 0) refuse('nobody approves a payment to themselves')
    const other = heard.fills.find(
      (one) => able.includes(one.fill.curator) && !isSame(one, contribution, account)
    )
    if (other !== undefined && !instead) {
      refuse('this curator approved another contribution; approve this one instead, if meant')
    }
    const said = {
      ...{ datanet: datanet.id, bounty: heard.signed.cid, account },
      contribution: parseCid(contribution)
    }
    const at = { domain: place.domain, lock: place.id }
    return Promise.all(able.map((one) => signFill(said, wallet.account(one).signer, at)))
  }

  /** Sends what enough curators approve; the chain decides whether they are enough. */
  async function fill(
    datanet: KnownDatanet,
    fills: readonly SignedFill[],
    what: { readonly contribution: string; readonly account: string; readonly place: BountyPlace },
    options: CallOptions
  ): Promise<void> {
    const quorum = await chain.registry.curatorsOf(datanet.key, options)
    const words = fills.filter(
      (one) =>
        isSame(one, what.contribution, what.account) && quorum?.curators.includes(one.fill.curator)
    )
    if (quorum === undefined || words.length < quorum.threshold) return
    const approvals = words.map((one) => one.fill.signature)
    const digest = `0x${Buffer.from(digestOf(parseCid(what.contribution))).toString('hex')}`
    for (let tries = 1; ; tries += 1) {
      const where = await placed(datanet, what.contribution, options)
      const { account, place } = what
      const request = { lock: place.lock, contribution: digest, account, ...where, approvals }
      try {
        const { amountWei, txHash } = await chain.bounty.fill(request, options)
        log('bounty', { lock: place.id, account, amountWei: `${amountWei}`, txHash })
        return
      } catch (error) {
        const isMoved =
          isDatanetError(error) && error.details.error === 'BountyContributionUnproven'
        if (!isMoved || tries >= TRIES) throw error
      }
    }
  }

  return {
    async approve(datanet, heard, draft, options) {
      const { signed } = heard
      const place = locks.place(signed, datanet)
      const id = datanet.id.toString()
      const { lockedWei, isFilled } = await chain.bounty.lockOf(place.id, options)
      if (isFilled) refuse('it was filled before')
      const chainNowMs = await chain.nowMs(options)
      if (signed.bounty.expiresAtMs <= Math.max(now(), chainNowMs)) refuse('it has expired')
      if (lockedWei === 0n) throw new DatanetError('BOUNTY_UNFUNDED', { bounty: `${signed.cid}` })
      const curators = curatorsHere(datanet, draft.account)
      const contribution = chosen(heard, draft.contribution)
      const record = await contributionOf(id, contribution, options)
      if (record.contribution.bounty?.equals(signed.cid) !== true) {
        refuse('the contribution does not name this bounty')
      }
      // Only what a revision holds can be paid for.
      await placed(datanet, contribution, options)
      // A hand-over counts from the revision on that holds it, for every curator alike.
      const anchored = datanetStore
        .handOvers({ datanet: id })
        .filter(({ revision }) => revision > 0)
      const ownerOf = ownersAfter(anchored)
      const account = ownerOf(record.contribution.contributor)
      const what = { contribution, account, place }
      const instead = draft.instead === true
      const own = await sign(datanet, heard, what, { curators, instead })
      bountyStore.put({
        ...{ cid: `${signed.cid}`, datanet: id, requester: signed.bounty.requester },
        ...{ bytes: signed.bytes, expiresAtMs: signed.bounty.expiresAtMs, takenAtMs: now() },
        isHosted: false
      })
      for (const { fill, bytes } of own) {
        bountyStore.putFill(`${signed.cid}`, fill.curator, bytes)
        await asking.hand(datanet, { fill: bytes }, options)
      }
      const mine = new Set(own.map((one) => one.fill.curator))
      const others = heard.fills.filter((one) => !mine.has(one.fill.curator))
      await fill(datanet, [...own, ...others], what, options)
    }
  }
}

function refuse(reason: string): never {
  throw new DatanetError('BOUNTY_REFUSED', { reason }, { hint: reason })
}
