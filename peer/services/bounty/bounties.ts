import { randomBytes } from 'node:crypto'
import { cidFromDigest, parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { type SignedBounty, signBounty } from '../../../protocol/datanet/bounty.ts'
import { bountyConsentDigest } from '../../../protocol/datanet/bounty-consent.ts'
import type {
  BountiesApi,
  BountyDraft,
  BountyState,
  BountySummary,
  NamedBounty
} from '../../api/bounties-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import { loadRecogniser } from '../../intake/language.ts'
import { nearlyAsked } from '../../intake/nearly-asked.ts'
import { personalDataIn } from '../../intake/personal-data.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import type { BountyAsking, HeardBounty } from './bounty-asking.ts'
import type { BountyFilling } from './bounty-filling.ts'
import type { BountyLocks } from './bounty-locks.ts'
import type { BountyPaying } from './bounty-paying.ts'

/** What the bounties of a peer are made of. */
export interface BountyServices {
  readonly locks: BountyLocks
  readonly asking: BountyAsking
  readonly paying: BountyPaying
  readonly filling: BountyFilling
}

/** How long a question stands unless its asker says otherwise. */
const LIFE_MS = 30 * 86_400_000
/** Schemas in which people answer a question, where the Datanet takes them. */
const READ_AS_TEXT = new Set(['qa/1', 'text/1', 'dialogue/1', 'file/1'])

/** Bounties of one peer: asked, paid for, filled, given back. specs/04-datanet.md §Bounty */
export function createBounties(
  parts: Pick<Parts, 'bountyStore' | 'chain' | 'wallet' | 'now'>,
  datanets: Pick<Datanets, 'known'>,
  { locks, asking, paying, filling }: BountyServices
): BountiesApi {
  const { chain, wallet, now, bountyStore } = parts

  async function moneyOf(signed: SignedBounty, datanet: KnownDatanet, options: CallOptions) {
    const place = locks.find(signed, datanet)
    if (place === undefined) return { lockedWei: 0n, givenWei: 0n, isFilled: false }
    const [state, givenWei] = await Promise.all([
      chain.bounty.lockOf(place.id, options),
      chain.bounty.fundedBy(place.id, wallet.own.address, options)
    ])
    const { filled } = locks.confirmed(place.id) ?? {}
    if (filled === undefined) return { ...state, givenWei }
    const digest = Buffer.from(filled.contribution.slice(2), 'hex')
    const contribution = cidFromDigest(digest).toString()
    return { ...state, givenWei, filled: { ...filled, contribution } }
  }

  async function described(
    datanet: KnownDatanet,
    { signed, isListed, fills, answers }: HeardBounty,
    options: CallOptions
  ): Promise<BountySummary> {
    const { bounty, cid } = signed
    const { isFilled, ...money } = await moneyOf(signed, datanet, options)
    const isAnswered = answers.some(({ status }) => status === 'accepted')
    const state: BountyState = isFilled
      ? 'filled'
      : bounty.expiresAtMs <= now()
        ? 'expired'
        : isAnswered && money.lockedWei === 0n
          ? 'answered'
          : 'open'
    const { curators, threshold } = datanet.signed.manifest
    const approvals = new Map<
      string,
      { contribution: string; account: string; curators: string[] }
    >()
    for (const { fill } of fills) {
      if (!curators.includes(fill.curator)) continue
      const contribution = fill.contribution.toString()
      const key = `${contribution} ${fill.account}`
      const known = approvals.get(key) ?? { contribution, account: fill.account, curators: [] }
      known.curators.push(fill.curator)
      approvals.set(key, known)
    }
    return {
      ...{ datanet: datanet.id.toString(), bounty: cid.toString(), question: bounty.question },
      ...{ language: bounty.language, schemas: bounty.schemas, requester: bounty.requester },
      ...{ state, isListed, createdAtMs: bounty.createdAtMs, expiresAtMs: bounty.expiresAtMs },
      ...(bounty.budget === undefined ? {} : { budgetWei: bounty.budget.amountWei }),
      ...money,
      ...(bounty.abstained === undefined ? {} : { abstained: bounty.abstained.toString() }),
      answers,
      approvals: [...approvals.values()],
      needed: threshold
    }
  }

  /** One by its id, or by a beginning of it that is nobody else's. */
  async function heardOf({ datanet: id, bounty }: NamedBounty, options: CallOptions) {
    const datanet = datanets.known(id)
    const heard = (await asking.hear(datanet, options)).get(bounty)
    if (heard === undefined) throw new DatanetError('BOUNTY_UNKNOWN', { bounty })
    return { datanet, heard }
  }

  function keep({ bounty, cid, bytes }: SignedBounty): void {
    bountyStore.put({
      ...{ cid: cid.toString(), datanet: bounty.datanet.toString(), bytes, isHosted: false },
      ...{ requester: bounty.requester, expiresAtMs: bounty.expiresAtMs, takenAtMs: now() }
    })
  }

  function isOwn({ bounty, cid }: SignedBounty): boolean {
    const isAsked = wallet.find(bounty.requester) !== undefined
    return isAsked || bountyStore.payments(cid.toString()).length > 0
  }

  async function refuseAgain(datanet: KnownDatanet, question: string, options: CallOptions) {
    const open = [...(await asking.hear(datanet, options)).values()].filter(
      ({ isListed }) => isListed
    )
    const near = nearlyAsked(
      question,
      open.map(({ signed }) => signed.bounty.question)
    )
    const same = near === undefined ? undefined : open[near]
    if (same === undefined) return
    const { cid, bounty } = same.signed
    const hint = `“${bounty.question.slice(0, 80)}”; lock money for that one instead`
    throw new DatanetError('BOUNTY_DUPLICATE', { bounty: `${cid}` }, { hint })
  }

  function refusePersonal({ question, allowPersonalData }: BountyDraft): void {
    const found = allowPersonalData === true ? [] : personalDataIn(question)
    if (found.length === 0) return
    const kinds = [...new Set(found.map(({ kind }) => kind))]
    const hint = `everyone will read it: ${kinds.join(', ')}`
    throw new DatanetError('PERSONAL_DATA_FOUND', { kinds }, { hint })
  }

  async function languageOf(draft: BountyDraft, datanet: KnownDatanet): Promise<string> {
    if (draft.language !== undefined) return draft.language
    const recognised = (await loadRecogniser())(draft.question)
    return recognised?.language ?? datanet.signed.manifest.languages?.[0] ?? 'en'
  }

  function schemasOf(draft: BountyDraft, { signed: { manifest } }: KnownDatanet): string[] {
    if (draft.schemas !== undefined) {
      const unknown = draft.schemas.find((one) => !manifest.schemas.includes(one))
      if (unknown === undefined) return [...draft.schemas]
      const hint = `the Datanet takes no ${unknown}`
      throw new DatanetError('INPUT_INVALID', { param: 'schemas', schema: unknown }, { hint })
    }
    const usual = manifest.schemas.filter((one) => READ_AS_TEXT.has(one))
    return usual.length > 0 ? usual : [...manifest.schemas]
  }

  return {
    async bounties(id, options = {}) {
      const datanet = datanets.known(id)
      const all = [...(await asking.hear(datanet, options)).values()].map((one) => ({ ...one }))
      for (const one of all) {
        // Asked or paid for here, while its hosts were away.
        if (one.isListed || !isOwn(one.signed) || one.signed.bounty.expiresAtMs <= now()) continue
        const handed = await asking.hand(datanet, { bounty: one.signed.bytes }, options)
        one.isListed = handed.isListed
      }
      const shown = await Promise.all(all.map((one) => described(datanet, one, options)))
      return shown.sort((a, b) =>
        a.lockedWei === b.lockedWei
          ? b.createdAtMs - a.createdAtMs
          : a.lockedWei < b.lockedWei
            ? 1
            : -1
      )
    },

    async bounty(named, options = {}) {
      const { datanet, heard } = await heardOf(named, options)
      return described(datanet, heard, options)
    },

    async openBounty(draft, options = {}) {
      const datanet = datanets.known(draft.datanet)
      const { address, signer } = wallet.account(draft.account)
      refusePersonal(draft)
      if (draft.anyway !== true) await refuseAgain(datanet, draft.question, options)
      const atMs = now()
      const lifeMs = draft.lifeMs ?? LIFE_MS
      const signed = await signBounty(
        {
          version: 1,
          datanet: datanet.id,
          question: draft.question,
          language: await languageOf(draft, datanet),
          schemas: schemasOf(draft, datanet),
          ...(draft.budgetWei === undefined ? {} : { budget: locks.budget(draft.budgetWei) }),
          ...(draft.abstained === undefined ? {} : { abstained: parseCid(draft.abstained) }),
          requester: address,
          consent: { digest: bountyConsentDigest(), atMs },
          salt: new Uint8Array(randomBytes(16)),
          createdAtMs: atMs,
          expiresAtMs: Math.ceil((atMs + lifeMs) / 1_000) * 1_000
        },
        signer
      )
      const handed = await asking.hand(datanet, { bounty: signed.bytes }, options)
      // With money it is worth handing in again, and its hosts may only be away.
      if (handed.failure !== undefined && draft.budgetWei === undefined) throw handed.failure
      keep(signed)
      const heard = { signed, isListed: handed.isListed, fills: [], answers: [] }
      return described(datanet, heard, options)
    },

    async fundBounty({ amountWei, ...named }, options = {}) {
      if (amountWei <= 0n) {
        const hint = 'an amount above 0'
        throw new DatanetError('INPUT_INVALID', { param: 'amountWei' }, { hint })
      }
      const { datanet, heard } = await heardOf(named, options)
      const { signed } = heard
      const place = locks.place(signed, datanet)
      locks.refuseForeign(signed)
      const { isFilled } = await chain.bounty.lockOf(place.id, options)
      if (isFilled) refuse('it was filled before')
      const nowMs = Math.max(now(), await chain.nowMs(options))
      if (signed.bounty.expiresAtMs <= nowMs) refuse('it has expired')
      keep(signed)
      await paying.pay(named.bounty, place, amountWei, options)
      const { isListed } = await asking.hand(datanet, { bounty: signed.bytes }, options)
      return described(datanet, { ...heard, isListed: isListed || heard.isListed }, options)
    },

    async approveBounty(draft, options = {}) {
      const { datanet, heard } = await heardOf(draft, options)
      await filling.approve(datanet, heard, draft, options)
      const after = (await heardOf(draft, options)).heard
      await locks.catchUp(options.signal)
      return described(datanet, { ...after, answers: heard.answers }, options)
    },

    async claimBounties(named, options = {}) {
      await chain.check(options)
      const account = named.toLowerCase()
      const { token } = chain.contracts
      const creditWei = await chain.bounty.creditOf(account, token, options)
      if (creditWei === 0n) throw new DatanetError('NOTHING_TO_CLAIM', { account })
      const { amountWei, txHash } = await chain.bounty.claim(account, token, options)
      return { account, claimedWei: amountWei, txHash }
    },

    async refundBounty(named, options = {}) {
      const { datanet, heard } = await heardOf(named, options)
      const place = locks.place(heard.signed, datanet)
      await paying.settle(named.bounty, options)
      const { isFilled } = await chain.bounty.lockOf(place.id, options)
      if (isFilled) refuse('it was filled: its money went to who answered')
      const { expiresAtMs } = heard.signed.bounty
      // The chain's clock decides, whatever this machine's says.
      if ((await chain.nowMs(options)) < expiresAtMs) {
        refuse(`its money can come back from ${new Date(expiresAtMs).toISOString()} on`)
      }
      const own = wallet.own.address
      const givenWei = await chain.bounty.fundedBy(place.id, own, options)
      if (givenWei === 0n) throw new DatanetError('NOTHING_TO_CLAIM', { account: own })
      const { amountWei, txHash } = await chain.bounty.refund(place.lock, own, options)
      const { datanet: id, bounty } = named
      return { datanet: id, bounty, refundedWei: amountWei, txHash }
    }
  }
}

function refuse(reason: string): never {
  throw new DatanetError('BOUNTY_REFUSED', { reason }, { hint: reason })
}
