import { DatanetError, type ErrorCode, isDatanetError } from '../../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import {
  HAND_OVER,
  type HandOver,
  type SignedHandOver,
  sealHandOver,
  verifyHandOver
} from '../../../protocol/datanet/hand-over.ts'
import { RECORDS_DOMAIN } from '../../../protocol/datanet/manifest.ts'
import { handOverAskSchema, handOverEndSchema } from '../../../protocol/net/contribute.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import type { HandOverDraft, HandOverState, HandOverSubmission } from '../../api/accounts-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { OwnHandOver } from '../../store/accounts.ts'
import type { WalletAccount } from '../../wallet/wallet.ts'
import { compactSignature, walletRequest } from '../../wallet/wallet-signature.ts'
import type { Parts } from '../parts.ts'
import type { Datanets } from './datanets.ts'
import type { KnownDatanet } from './known-datanets.ts'

/** Handing an account of this peer over to another. */
export type HandOverAccount = (
  account: WalletAccount,
  draft: HandOverDraft,
  options: CallOptions
) => Promise<HandOverState>

/**
 * Hand-overs of the accounts kept here: proposed with a date that is kept, so that what the new owner
 * signs is still the same afterwards, then submitted to each host. specs/04-datanet.md §Hand-over
 */
export function createHandOvers(
  parts: Pick<Parts, 'accountStore' | 'datanetStore' | 'wallet' | 'pool' | 'now'>,
  datanets: Datanets
): HandOverAccount {
  const { accountStore, datanetStore, wallet, pool, now } = parts

  /** Where the account's contributions are known to lie. Refuses an account without any. */
  function ground(account: string): string[] {
    const found = new Set([
      ...datanetStore.countOf(account).map(({ datanet }) => datanet),
      ...accountStore.countOf(account).map(({ datanet }) => datanet),
      ...datanetStore
        .handOvers({ account })
        .filter(({ newAccount }) => newAccount === account)
        .map(({ datanet }) => datanet)
    ])
    if (found.size > 0) return [...found]
    const hint = 'nothing is known here that it contributed: name the Datanets'
    throw new DatanetError('INPUT_INVALID', { account }, { hint })
  }

  /** The hand-over of `oldAccount` as it was proposed to `newAccount` before, or as of now. */
  function propose(oldAccount: string, newAccount: string, isAnswered: boolean): OwnHandOver {
    const kept = accountStore.handOver(oldAccount)
    if (kept?.newAccount === newAccount) return kept
    if (kept?.bytes !== undefined) {
      const hint = `it was handed over to ${kept.newAccount}`
      throw new DatanetError('HAND_OVER_REFUSED', { account: oldAccount }, { hint })
    }
    if (isAnswered) {
      const hint = 'nothing of this kind was given to sign: ask without a signature first'
      throw new DatanetError('INPUT_INVALID', { param: 'signature' }, { hint })
    }
    const proposal = { oldAccount, newAccount, seq: now() }
    accountStore.putHandOver(proposal)
    return proposal
  }

  async function submit(
    { id, signed }: KnownDatanet,
    { cid, bytes }: SignedHandOver,
    options: CallOptions
  ): Promise<number> {
    const ask = toWire(handOverAskSchema, { datanet: id, handOver: bytes })
    const host = signed.manifest.intakeHost
    const said = await pool.request(host, PROTOCOLS.contribute, ask, options)
    const end = fromWire(handOverEndSchema, said)
    if (!end.handOver.equals(cid)) throw new DatanetError('CID_MISMATCH', { cid: `${cid}` })
    return end.ordinal
  }

  /** To every host; refuses with the first refusal when none took it. */
  async function submitAll(
    where: readonly KnownDatanet[],
    handOver: SignedHandOver,
    options: CallOptions
  ): Promise<HandOverSubmission[]> {
    const said: HandOverSubmission[] = []
    const refusals: DatanetError[] = []
    for (const known of where) {
      const datanet = known.id.toString()
      try {
        said.push({ datanet, ordinal: await submit(known, handOver, options) })
      } catch (error) {
        if (!isDatanetError(error)) throw error
        refusals.push(error)
        const code: ErrorCode = error.code
        said.push({ datanet, code })
      }
    }
    if (refusals.length < where.length) return said
    // Nobody will ever take it: the account is free to go elsewhere.
    if (refusals.every(({ code }) => code === 'HAND_OVER_REFUSED')) {
      accountStore.putHandOver(handOver.handOver)
    }
    throw refusals[0]
  }

  return async function handOver(account, draft, options) {
    const oldAccount = account.address
    const newAccount = draft.to.toLowerCase()
    if (!/^0x[0-9a-f]{40}$/.test(newAccount) || newAccount === oldAccount) {
      const hint = 'an account is handed over to another address: 0x and 40 digits'
      throw new DatanetError('INPUT_INVALID', { to: draft.to }, { hint })
    }
    const named = draft.datanets === undefined ? ground(oldAccount) : [...new Set(draft.datanets)]
    const where = named.map((id) => datanets.known(id))
    if (where.length === 0) throw new DatanetError('INPUT_INVALID', { param: 'datanets' })
    const kept = propose(oldAccount, newAccount, draft.signature !== undefined)
    const parties = { oldAccount, newAccount }
    const record: HandOver = { version: 1, ...parties, seq: kept.seq }
    const signWith = (key: WalletAccount) =>
      key.signer.signTypedData(RECORDS_DOMAIN, HAND_OVER, record)
    let { bytes } = kept
    if (bytes === undefined) {
      const other = wallet.find(newAccount)
      const given = draft.signature === undefined ? undefined : compactSignature(draft.signature)
      const newSignature = given ?? (other === undefined ? undefined : await signWith(other))
      if (newSignature === undefined) {
        const typedData = walletRequest(RECORDS_DOMAIN, HAND_OVER, record)
        return { state: 'to sign', ...parties, typedData }
      }
      const oldSignature = await signWith(account)
      bytes = sealHandOver(record, { oldSignature, newSignature }).bytes
      accountStore.putHandOver({ ...kept, bytes })
    }
    const signed = verifyHandOver(bytes, now())
    return { state: 'submitted', ...parties, datanets: await submitAll(where, signed, options) }
  }
}
