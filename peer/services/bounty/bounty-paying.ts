import { randomBytes } from 'node:crypto'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { authorizationNonce } from '../../../protocol/channel/orders.ts'
import { formatAmount } from '../../api/amounts.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { FundingSignature } from '../../chain/bounty.ts'
import { isCoin } from '../../chain/token.ts'
import type { StoredPayment } from '../../store/bounties.ts'
import { PERMIT, RECEIVE_WITH_AUTHORIZATION } from '../channel/token-signatures.ts'
import type { Parts } from '../parts.ts'
import type { BountyPlace } from './bounty-locks.ts'

/** Money of this peer's own account on its way into locks. */
export interface BountyPaying {
  /**
   * Locks `amountWei` for `bounty`, one payment after another. What a crash cut off is ended first,
   * and is this one where the amount is the same. Refuses FUNDS_INSUFFICIENT before anything is signed.
   */
  pay(bounty: string, place: BountyPlace, amountWei: bigint, options?: CallOptions): Promise<void>
  /** Brings what was sent and not seen in a block to its end; the amounts that got there. */
  settle(bounty: string, options?: CallOptions): Promise<readonly bigint[]>
}

/** How long a signature over a payment counts: for the transaction that shows it at once. */
const SIGNED_S = 1_800

/** Payments as the token allows: as coins, by an allowance, by one signature, or by an approval before. */
export function createBountyPaying(
  parts: Pick<Parts, 'bountyStore' | 'chain' | 'wallet' | 'log'>
): BountyPaying {
  const { chain, wallet, log, bountyStore } = parts
  let paying: Promise<unknown> = Promise.resolve()

  async function settleOne(payment: StoredPayment, options: CallOptions): Promise<boolean> {
    const { id, raw, txHash, nonce } = payment
    const { transactions } = chain
    let found = await transactions.find(txHash, options)
    if (found === undefined && (await transactions.nonce(options)) > nonce) {
      // It may have been included between the two questions.
      found = await transactions.find(txHash, options)
      if (found === undefined) {
        bountyStore.movePayment(id, 'dropped')
        return false
      }
    }
    if (found === undefined) {
      if ((await transactions.resend(raw, options)) === 'nonce-used') {
        return settleOne(payment, options)
      }
      found = await transactions.included(txHash, options)
    }
    bountyStore.movePayment(id, found.isDone ? 'included' : 'dropped')
    log('bounty', { bounty: payment.bounty, payment: id, done: found.isDone })
    return found.isDone
  }

  async function settle(bounty: string, options: CallOptions = {}): Promise<bigint[]> {
    const settled: bigint[] = []
    for (const payment of bountyStore.payments(bounty)) {
      if (payment.state !== 'sent') continue
      if (await settleOne(payment, options)) settled.push(payment.amountWei)
    }
    return settled
  }

  /** A signature in place of an approval; undefined where the token takes none. */
  async function signature(
    { id, lock }: BountyPlace,
    amountWei: bigint,
    options: CallOptions
  ): Promise<FundingSignature | undefined> {
    const { signing } = chain.token
    const { address, signer } = wallet.own
    const spender = chain.contracts.bounty as string
    const deadlineS = Math.floor((await chain.nowMs(options)) / 1_000) + SIGNED_S
    const domain = await signing.domain(options)
    if (domain === undefined || isCoin(lock.token)) return undefined
    if (await signing.takesAuthorizations(options)) {
      const salt = `0x${randomBytes(32).toString('hex')}`
      const signed = await signer.signTypedData(domain, RECEIVE_WITH_AUTHORIZATION, {
        ...{ from: address, to: spender, value: amountWei, validAfter: 0, validBefore: deadlineS },
        nonce: authorizationNonce(id, amountWei, salt)
      })
      const times = { validAfterS: 0, validBeforeS: deadlineS }
      return { authorization: { from: address, ...times, salt, signature: signed } }
    }
    const nonce = await signing.permitNonce(address, options)
    if (nonce === undefined) return undefined
    const said = { owner: address, spender, value: amountWei, nonce, deadline: deadlineS }
    const signed = await signer.signTypedData(domain, PERMIT, said)
    return { permit: { valueWei: amountWei, deadlineS, signature: signed } }
  }

  async function send(
    bounty: string,
    place: BountyPlace,
    amountWei: bigint,
    options: CallOptions
  ): Promise<void> {
    const { own } = wallet
    const spender = chain.contracts.bounty as string
    const heldWei = await chain.token.balanceOf(own.address, options)
    if (heldWei < amountWei) throw short(own.address, heldWei, amountWei)
    let id: number | undefined
    const journal = {
      signed({ raw, txHash, nonce }: { raw: string; txHash: string; nonce: number }) {
        // Signed again because its place was taken: the first form can never count.
        if (id !== undefined) bountyStore.movePayment(id, 'dropped')
        id = bountyStore.addPayment({ bounty, amountWei, raw, txHash, nonce })
      }
    }
    const fund = async (signed?: FundingSignature) => {
      await chain.bounty.fund(place.lock, amountWei, journal, signed, options)
      if (id !== undefined) bountyStore.movePayment(id, 'included')
    }
    if ((await chain.token.allowance(own.address, spender, options)) >= amountWei) return fund()
    const signed = await signature(place, amountWei, options)
    if (signed !== undefined) {
      try {
        return await fund(signed)
      } catch (error) {
        // The token says that it has this, and means something else by it; nothing was sent.
        const isRefused = isDatanetError(error) && error.code === 'CHAIN_REVERTED'
        if (!isRefused || id !== undefined || isOfLock(error)) throw error
      }
    }
    await chain.token.approve(spender, amountWei, options)
    await fund()
  }

  return {
    settle,
    pay(bounty, place, amountWei, options = {}) {
      const mine = paying
        .catch(() => {})
        .then(async () => {
          const settled = await settle(bounty, options)
          if (!settled.includes(amountWei)) await send(bounty, place, amountWei, options)
        })
      paying = mine
      return mine
    }
  }
}

/** What the contract says of the lock itself no other way of paying changes. */
function isOfLock({ details }: DatanetError): boolean {
  return typeof details.error === 'string' && details.error.startsWith('Bounty')
}

function short(account: string, heldWei: bigint, neededWei: bigint): DatanetError {
  const [holds, needs] = [formatAmount(heldWei), formatAmount(neededWei)]
  const hint = `${account} holds ${holds} of the token, and ${needs} are to be locked`
  const details = { account, asset: 'token', heldWei: `${heldWei}`, neededWei: `${neededWei}` }
  return new DatanetError('FUNDS_INSUFFICIENT', details, { hint })
}
