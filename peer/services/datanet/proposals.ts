import { cidOf, parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import {
  type Approval,
  type ApprovalPlace,
  type Proposal,
  readProposal,
  signApproval,
  statedApproval,
  verifyApproval
} from '../../../protocol/datanet/proposal.ts'
import { registryDomain } from '../../../protocol/datanet/revision.ts'
import type { ExchangeHandler } from '../../../protocol/net/exchange.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import {
  proposeAskSchema,
  proposeBundleSchema,
  proposeEndSchema
} from '../../../protocol/net/propose.ts'
import { deadline } from '../../../protocol/net/waiting.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Parts } from '../parts.ts'
import type { DatanetPeers } from './datanet-peers.ts'
import type { KnownDatanet, KnownDatanets } from './known-datanets.ts'
import { refuseUnfit } from './unfit-proposal.ts'

/** How long one other peer may take to tell what it has. */
const PEER_MS = 5_000

/** Approvals of which it is remembered that they are good. */
const VERIFIED = 4_096

/** A proposal with the curators in force who approve it, each word verified. */
export interface KeptProposal {
  readonly proposal: Proposal
  readonly approvals: readonly Approval[]
  /** False once it took its place, or something else did. */
  readonly isOpen: boolean
  /** Of a revision: whether the chain holds it, or another one, in its place. */
  readonly outcome?: 'anchored' | 'over'
}

/** What is proposed to curators, gathered from and spread to their peers. */
export interface Proposals {
  /** Answers `/datanet/propose/1`. */
  readonly handler: ExchangeHandler
  /**
   * Keeps a proposal and those approvals that are good. Refuses one of a Datanet that this peer neither
   * hosts nor is a curator of (DATANET_UNKNOWN), unfit ones (see refuseUnfit), one that no curator in
   * force approves (APPROVALS_MISSING), and more of one curator alone than are kept (PROPOSAL_REFUSED).
   */
  take(datanet: string, bytes: Uint8Array, approvals: readonly Uint8Array[]): KeptProposal
  /** Approves as `curator`, whose key is here, and keeps that. Refuses what is not open (PROPOSAL_REFUSED). */
  approve(datanet: string, proposal: Proposal, curator: string): Promise<KeptProposal>
  /** Refuses PROPOSAL_UNKNOWN. */
  get(datanet: string, cid: string): KeptProposal
  /** The newest first. */
  list(datanet: string): readonly KeptProposal[]
  /** The curators in force whose keys are here. */
  ownCurators(datanet: KnownDatanet): readonly string[]
  /** Takes what other peers have, and gives them what they lack; whom it could not reach it leaves out. */
  sync(datanet: string, options?: CallOptions): Promise<void>
}

/** Proposals over the exchange of that name. `onChange` is told what a curator's word was added to. */
export function createProposals(
  parts: Pick<
    Parts,
    'governanceStore' | 'evidenceStore' | 'wallet' | 'chain' | 'pool' | 'peerId' | 'now' | 'log'
  >,
  datanets: KnownDatanets,
  peers: DatanetPeers,
  onChange: (datanet: string, kept: KeptProposal) => void
): Proposals {
  const { governanceStore, evidenceStore, wallet, chain, pool, peerId, now, log } = parts

  const verifiedOnce = new Map<string, Approval>()

  function placeOf({ key, signed }: KnownDatanet): ApprovalPlace {
    const { chainId, registry } = chain.contracts
    return { key, registry: registryDomain(Number(chainId), registry), inForce: signed }
  }

  const ownCurators = ({ signed }: KnownDatanet) =>
    signed.manifest.curators.filter((one) => wallet.find(one) !== undefined)

  /** The Datanet, where this peer has to do with what is decided about it. */
  function concerned(id: string): KnownDatanet {
    const datanet = datanets.known(id)
    const { intakeHost, hosts } = datanet.signed.manifest
    const isHost = [intakeHost, ...hosts].includes(peerId)
    if (!isHost && ownCurators(datanet).length === 0) {
      throw new DatanetError('DATANET_UNKNOWN', { id, decides: false })
    }
    return datanet
  }

  function verified(
    datanet: KnownDatanet,
    proposal: Proposal,
    words: readonly Uint8Array[]
  ): KeptProposal & { readonly bytesOf: ReadonlyMap<string, Uint8Array> } {
    const isOpen = isFit(datanet, proposal)
    const approvals: Approval[] = []
    const bytesOf = new Map<string, Uint8Array>()
    for (const bytes of isOpen ? words : []) {
      try {
        const approval = approvalIn(bytes, proposal, datanet)
        if (bytesOf.has(approval.curator)) continue
        approvals.push(approval)
        bytesOf.set(approval.curator, bytes)
      } catch (error) {
        // Someone's bad word must not keep the others' good ones out.
        if (!isDatanetError(error)) throw error
      }
    }
    return { proposal, approvals, isOpen, bytesOf }
  }

  /** The approval in `bytes`, its signatures checked once under each manifest in force. */
  function approvalIn(bytes: Uint8Array, proposal: Proposal, datanet: KnownDatanet): Approval {
    const key = `${datanet.signed.cid} ${cidOf(bytes)}`
    const known = verifiedOnce.get(key)
    if (known?.proposal.equals(proposal.cid) === true) return known
    const approval = verifyApproval(bytes, proposal, placeOf(datanet))
    if (verifiedOnce.size >= VERIFIED) verifiedOnce.clear()
    verifiedOnce.set(key, approval)
    return approval
  }

  function isFit(datanet: KnownDatanet, proposal: Proposal): boolean {
    try {
      refuseUnfit(proposal, datanet, now())
      return true
    } catch (error) {
      if (!isDatanetError(error)) throw error
      return false
    }
  }

  function kept(datanet: KnownDatanet, cid: string): KeptProposal {
    const stored = governanceStore.proposal(cid)
    if (stored === undefined || stored.datanet !== datanet.id.toString()) {
      throw new DatanetError('PROPOSAL_UNKNOWN', { proposal: cid })
    }
    const { outcome } = stored
    const { proposal, approvals, isOpen } = verified(
      datanet,
      readProposal(stored.bytes),
      stored.approvals
    )
    if (outcome === undefined) return { proposal, approvals, isOpen }
    return { proposal, approvals, isOpen: false, outcome }
  }

  function list(id: string): readonly KeptProposal[] {
    const datanet = datanets.known(id)
    return governanceStore.proposals(id).map(({ cid }) => kept(datanet, cid))
  }

  function take(id: string, bytes: Uint8Array, words: readonly Uint8Array[]): KeptProposal {
    const datanet = concerned(id)
    const proposal = readProposal(bytes)
    refuseUnfit(proposal, datanet, now())
    const given = verified(datanet, proposal, words)
    const [first] = given.approvals
    if (first === undefined) throw new DatanetError('APPROVALS_MISSING', { valid: 0 })
    const cid = proposal.cid.toString()
    if (governanceStore.proposal(cid) === undefined) {
      makeRoom(id, given)
      const { createdAtMs } = proposal
      governanceStore.putProposal({ cid, datanet: id, bytes, createdAtMs })
    }
    let isNew = false
    for (const [curator, word] of given.bytesOf) {
      const isFirst = governanceStore.addApproval(cid, curator, word)
      if (isFirst) keepSecondWord(id, proposal, curator, word)
      isNew = isFirst || isNew
    }
    const now_ = kept(datanet, cid)
    if (isNew) onChange(id, now_)
    return now_
  }

  /** A curator who approves two for one place makes forks possible: both words are kept. */
  function keepSecondWord(id: string, proposal: Proposal, curator: string, word: Uint8Array): void {
    const { kind, number } = placeIn(proposal)
    const other = governanceStore.proposals(id).find(({ cid, bytes }) => {
      const place = placeIn(readProposal(bytes))
      return cid !== proposal.cid.toString() && place.kind === kind && place.number === number
    })
    const words = (other?.approvals ?? []).filter((one) => statedApproval(one).curator === curator)
    if (words[0] === undefined) return
    const name = { issuer: id, kind: 'approval', id: `${kind} ${number} ${curator}` }
    evidenceStore.addDocuments({ ...name, seq: number, documents: [words[0], word] })
    log('fork', {
      datanet: id,
      [kind]: number,
      curator,
      first: other?.cid,
      second: `${proposal.cid}`
    })
  }

  /** One curator alone must not fill the room that all of them share. */
  function makeRoom(id: string, { approvals }: KeptProposal): void {
    governanceStore.forgetBefore(now() - LIMITS.proposalLifeMs)
    if (approvals.length > 1) return
    const alone = list(id).filter(
      (one) =>
        one.isOpen &&
        one.approvals.length === 1 &&
        one.approvals[0]?.curator === approvals[0]?.curator
    )
    if (alone.length < LIMITS.proposals) return
    const hint = 'this curator has as many proposals open that nobody else approved as are kept'
    throw new DatanetError('PROPOSAL_REFUSED', { open: alone.length }, { hint })
  }

  /** What one peer has is taken, and what it lacks is given. */
  async function syncWith(id: string, peer: string, options: CallOptions): Promise<void> {
    const limit = deadline(PEER_MS, options.signal ?? new AbortController().signal)
    try {
      const datanet = parseCid(id)
      const there = new Map<string, number>()
      const ask = toWire(proposeAskSchema, { datanet, list: true })
      const exchange = pool.ask(peer, PROTOCOLS.propose, ask, { signal: limit.signal })
      exchange.end.catch(() => {})
      for await (const part of exchange.parts) {
        const { proposal, approvals } = fromWire(proposeBundleSchema, part)
        try {
          const mine = take(id, proposal, approvals)
          there.set(mine.proposal.cid.toString(), approvals.length)
        } catch (error) {
          if (!isDatanetError(error)) throw error
        }
      }
      await exchange.end
      for (const kept of list(id)) {
        const { proposal, approvals } = kept
        const cid = proposal.cid.toString()
        if (!isOfUse(kept) || approvals.length <= (there.get(cid) ?? 0)) continue
        const bundle = { datanet, proposal: proposal.bytes, approvals: wordsOf(cid) }
        const said = await pool.request(peer, PROTOCOLS.propose, toWire(proposeAskSchema, bundle), {
          signal: limit.signal
        })
        fromWire(proposeEndSchema, said)
      }
    } finally {
      limit.release('done')
    }
  }

  const wordsOf = (cid: string) => [...(governanceStore.proposal(cid)?.approvals ?? [])]

  return {
    take,
    list,
    ownCurators,
    get: (id, cid) => kept(datanets.known(id), cid),

    async approve(id, proposal, curator) {
      const datanet = concerned(id)
      refuseUnfit(proposal, datanet, now())
      const { signer } = wallet.account(curator)
      return take(id, proposal.bytes, [await signApproval(proposal, signer, placeOf(datanet))])
    },

    async sync(id, options = {}) {
      const datanet = concerned(id)
      let reached = 0
      const tried = new Set<string>()
      const visit = async (peer: string) => {
        if (tried.has(peer)) return
        tried.add(peer)
        try {
          await syncWith(id, peer, options)
          reached += 1
        } catch (error) {
          options.signal?.throwIfAborted()
          if (error instanceof Error && !isDatanetError(error) && error.name !== 'AbortError') {
            throw error
          }
        }
      }
      const named: string[] = []
      for await (const peer of peers.of(datanet)) named.push(peer)
      await Promise.all(named.map(visit))
      // Where the hosts do not answer, curators find each other by what they announce.
      if (reached > 0) return
      for await (const peer of peers.of(datanet, ({ kind }) => kind === 'manifest', options)) {
        await visit(peer)
      }
    },

    async *handler(value) {
      const ask = fromWire(proposeAskSchema, value)
      const id = ask.datanet.toString()
      if ('proposal' in ask) {
        const { proposal, approvals } = take(id, ask.proposal, ask.approvals)
        return toWire(proposeEndSchema, { proposal: proposal.cid, approvals: approvals.length })
      }
      concerned(id)
      for (const kept of list(id)) {
        if (!isOfUse(kept)) continue
        const { proposal } = kept
        const bundle = { proposal: proposal.bytes, approvals: wordsOf(proposal.cid.toString()) }
        if (!(yield toWire(proposeBundleSchema, bundle))) return undefined
      }
      return undefined
    }
  }
}

/** Whether others need it: what was anchored is how a host hears that its revision was approved. */
function isOfUse({ isOpen, outcome }: KeptProposal): boolean {
  return isOpen || outcome === 'anchored'
}

/** What a proposal is for: the manifest or the revision with that number. */
function placeIn({ subject }: Proposal): { kind: 'manifest' | 'revision'; number: number } {
  return subject.kind === 'manifest'
    ? { kind: 'manifest', number: subject.manifest.seq }
    : { kind: 'revision', number: subject.revision.ordinal }
}
