import { parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError, type ErrorCode, isDatanetError } from '../../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { RECORDS_DOMAIN } from '../../../protocol/datanet/manifest.ts'
import {
  type SignedTombstone,
  sealTombstone,
  TOMBSTONE,
  type Tombstone,
  tombstoneValue,
  verifyTombstone
} from '../../../protocol/datanet/tombstone.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { tombstonesAskSchema, tombstoneTakenSchema } from '../../../protocol/net/tombstones.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { HostAnswer, WithdrawalDraft, WithdrawalState } from '../../api/withdrawals-api.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import { isUnreached, type Outbox } from './outbox.ts'
import { hostsOf } from './tombstone-sync.ts'
import type { Tombstones } from './tombstones.ts'

/** Taking contributions back, as one who made them or as a curator. */
export interface Withdrawals {
  withdraw(draft: WithdrawalDraft, options?: CallOptions): Promise<WithdrawalState>
}

/** How long one host may keep the others' answers waiting. */
const ASK_MS = 10_000

/** Withdrawals by the accounts kept here. specs/04-datanet.md §Withdrawal */
export function createWithdrawals(
  parts: Pick<Parts, 'accountStore' | 'wallet' | 'pool' | 'peerId' | 'now' | 'log'>,
  datanets: Datanets,
  tombstones: Tombstones,
  outbox: Pick<Outbox, 'store' | 'onSend'>
): Withdrawals {
  const { accountStore, wallet, pool, peerId, now, log } = parts

  async function hand(
    known: KnownDatanet,
    { bytes, cid }: SignedTombstone,
    peer: string,
    options: CallOptions
  ): Promise<HostAnswer> {
    const ask = toWire(tombstonesAskSchema, { datanet: known.id, tombstone: bytes })
    try {
      const how = { ...options, deadlineMs: ASK_MS }
      const said = await pool.request(peer, PROTOCOLS.tombstones, ask, how)
      const taken = fromWire(tombstoneTakenSchema, said)
      if (!taken.tombstone.equals(cid)) throw new DatanetError('CID_MISMATCH', { cid: `${cid}` })
      return { peer, index: taken.index, atMs: now() }
    } catch (error) {
      if (!isDatanetError(error)) throw error
      return { peer, code: error.code, atMs: now() }
    }
  }

  /** To every host at once; what they said. */
  function handAll(
    known: KnownDatanet,
    signed: SignedTombstone,
    options: CallOptions
  ): Promise<HostAnswer[]> {
    const { intakeHost, hosts } = known.signed.manifest
    return Promise.all([intakeHost, ...hosts].map((peer) => hand(known, signed, peer, options)))
  }

  /** What this peer keeps of it goes as well, though it be no host. */
  function takeHere(datanet: string, signed: SignedTombstone): void {
    tombstones.takeAll(datanet, [signed.bytes])
  }

  // Whoever hears of one first tells the others: two minutes are long for who wants to be forgotten.
  tombstones.onNew((signed) => {
    const known = datanets.known(signed.tombstone.datanet.toString())
    for (const peer of hostsOf(known, peerId)) {
      hand(known, signed, peer, {}).then(
        ({ code }) => code && log('tombstones', { datanet: `${known.id}`, peer, code }),
        (error) => log('tombstones', { datanet: `${known.id}`, peer, error: String(error) })
      )
    }
  })

  /** Hands it to all hosts. Refuses what they answered when none of them took it in. */
  async function deliver(
    known: KnownDatanet,
    signed: SignedTombstone,
    options: CallOptions
  ): Promise<HostAnswer[]> {
    const answers = await handAll(known, signed, options)
    const contribution = signed.tombstone.contribution.toString()
    if (answers.every(({ code }) => code !== undefined)) {
      const codes = answers.map(({ code }) => code as ErrorCode)
      // A host that says no says more than one that is away.
      const code = codes.find((one) => !isUnreached(new DatanetError(one))) ?? codes[0]
      throw new DatanetError(code ?? 'PEER_UNREACHABLE', { contribution, hosts: answers.length })
    }
    accountStore.setSubmissionStatus(contribution, 'withdrawn')
    return answers
  }

  /** Nobody has what was never taken from here: then it is withdrawn as well. */
  function neverTaken(error: unknown, contribution: string): boolean {
    const isUnknown = isDatanetError(error) && error.code === 'CONTRIBUTION_UNKNOWN'
    return isUnknown && accountStore.contributorOf(contribution) === undefined
  }

  outbox.onSend('withdrawal', async ({ datanet, contribution, bytes }, options) => {
    try {
      await deliver(datanets.known(datanet), verifyTombstone(bytes, now()), options)
    } catch (error) {
      if (!neverTaken(error, contribution)) throw error
    }
  })

  /** A record of one's own, or that of a takedown which other curators signed before. */
  function begun(
    known: KnownDatanet,
    draft: WithdrawalDraft,
    by: string
  ): Pick<SignedTombstone, 'tombstone' | 'signatures'> {
    if (draft.proposal !== undefined) {
      const signed = verifyTombstone(bytesOf(draft.proposal), now())
      const { tombstone } = signed
      const isMeant =
        tombstone.datanet.equals(known.id) &&
        tombstone.contribution.toString() === draft.contribution &&
        tombstone.manifest !== undefined
      if (isMeant) return signed
      const hint = 'the proposal is to take another contribution down'
      throw new DatanetError('INPUT_INVALID', { param: 'proposal' }, { hint })
    }
    const tombstone: Tombstone = {
      version: 1,
      datanet: known.id,
      contribution: parseCid(draft.contribution),
      by,
      ...(draft.isTakedown === true ? { manifest: known.signed.cid } : {}),
      ...(draft.reason === undefined ? {} : { reason: draft.reason }),
      createdAtMs: now()
    }
    return { tombstone, signatures: [] }
  }

  return {
    async withdraw(draft, options = {}) {
      const known = datanets.known(draft.datanet)
      const { address, signer } = wallet.account(draft.account)
      const { tombstone, signatures } = begun(known, draft, address)
      const value = tombstoneValue(tombstone)
      const signature = await signer.signTypedData(RECORDS_DOMAIN, TOMBSTONE, value)
      const signed = sealTombstone(tombstone, [...signatures, signature])
      const { contribution } = draft
      if (tombstone.manifest !== undefined) {
        const { curators, threshold } = known.signed.manifest
        if (!curators.includes(address)) {
          throw new DatanetError('WITHDRAWAL_REFUSED', { by: address, curator: false })
        }
        const valid = curators.filter((curator) => signed.signers.has(curator)).length
        const proposal = Buffer.from(signed.bytes).toString('base64')
        if (valid < threshold) {
          return { state: 'proposed', contribution, proposal, valid, threshold }
        }
      }
      const cid = signed.cid.toString()
      const queued = outbox.store.get(contribution, 'contribution')
      if (queued !== undefined) outbox.store.remove(queued.cid)
      try {
        const answers = await deliver(known, signed, options)
        takeHere(draft.datanet, signed)
        return { state: 'withdrawn', contribution, tombstone: cid, answers }
      } catch (error) {
        if (neverTaken(error, contribution) && queued !== undefined) {
          return { state: 'withdrawn', contribution, tombstone: cid, answers: [] }
        }
        if (!isUnreached(error) || tombstone.manifest !== undefined) throw error
        outbox.store.put({
          ...{ cid, kind: 'withdrawal', contribution, datanet: draft.datanet, account: address },
          ...{ signedAtMs: tombstone.createdAtMs, bytes: signed.bytes, code: error.code }
        })
        takeHere(draft.datanet, signed)
        return { state: 'queued', contribution, tombstone: cid }
      }
    }
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, 'base64'))
}
