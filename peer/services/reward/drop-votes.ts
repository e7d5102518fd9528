import { DatanetError } from '../../../protocol/base/errors.ts'
import { recoverTypedData, type TypedStruct } from '../../../protocol/base/typed-data.ts'
import { poolDomain } from '../../../protocol/reward/veto.ts'
import type { DropVote } from '../../api/money-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import { compactSignature, walletRequest } from '../../wallet/wallet-signature.ts'
import type { Parts } from '../parts.ts'

/** What curators of an auditor are asked to sign. */
export interface DropQuestion {
  readonly auditor: string
  readonly struct: TypedStruct
  readonly value: Record<string, unknown> & {
    readonly pool: string
    readonly dropSeq: number
    readonly root: string
  }
  /** Sends it with enough signatures. */
  submit(
    approvals: readonly Uint8Array[]
  ): Promise<{ readonly txHash: string; readonly claimableAtMs?: number }>
}

/** Gathers signatures of an auditor's curators in force, and acts once they are enough. */
export type AskCurators = (
  question: DropQuestion,
  given: readonly string[],
  options?: CallOptions
) => Promise<DropVote>

/**
 * Votes of curators: each key kept here signs, what others signed is taken in, and the threshold of the
 * registry decides. specs/09-reward.md §Veto, §Silence
 */
export function createDropVotes(parts: Pick<Parts, 'chain' | 'wallet'>): AskCurators {
  const { chain, wallet } = parts

  return async function ask({ auditor, struct, value, submit }, given, options = {}) {
    const quorum = await chain.registry.curatorsOf(auditor, options)
    if (quorum === undefined) throw new DatanetError('DATANET_UNKNOWN', { chainKey: auditor })
    const { chainId, pool: contract } = chain.contracts
    const domain = poolDomain(chainId, contract)
    const approvals = new Map<string, Uint8Array>()
    for (const text of given) {
      const signature = compactSignature(text)
      const signer = recoverTypedData(domain, struct, value, signature)
      if (!quorum.curators.includes(signer)) {
        const hint = 'it is by nobody who curates this Datanet, or about another drop'
        throw new DatanetError('SIGNATURE_INVALID', { struct: struct.name, signer }, { hint })
      }
      approvals.set(signer, signature)
    }
    for (const curator of quorum.curators) {
      const account = wallet.find(curator)
      if (account === undefined || approvals.has(curator)) continue
      approvals.set(curator, await account.signer.signTypedData(domain, struct, value))
    }
    const { pool, dropSeq, root } = value
    const vote = {
      ...{ pool, dropSeq, root, needed: quorum.threshold },
      signed: [...approvals.keys()],
      approvals: [...approvals.values()].map((one) => `0x${Buffer.from(one).toString('hex')}`),
      typedData: walletRequest(domain, struct, value)
    }
    if (approvals.size < quorum.threshold) return vote
    const { txHash, claimableAtMs } = await submit([...approvals.values()])
    return { ...vote, txHash, ...(claimableAtMs === undefined ? {} : { claimableAtMs }) }
  }
}
