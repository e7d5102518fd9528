import { randomBytes } from 'node:crypto'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { authorizationNonce, FUND, VAULT_FUND } from '../../../protocol/channel/orders.ts'
import type { PayerLedger } from '../../../protocol/channel/payer-ledger.ts'
import { channelIdOf, escrowDomain, type Terms } from '../../../protocol/channel/terms.ts'
import { formatAmount } from '../../api/amounts.ts'
import type { FundingWay } from '../../api/money-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Inclusion } from '../../chain/chain.ts'
import type { FundOrder } from '../../chain/escrow.ts'
import { isCoin } from '../../chain/token.ts'
import type { FundingStore } from '../../store/funding.ts'
import type { Parts } from '../parts.ts'
import { PERMIT, RECEIVE_WITH_AUTHORIZATION } from './token-signatures.ts'

/** Pays into a channel from the peer's own account. Refuses what it does not hold (FUNDS_INSUFFICIENT). */
export type Fund = (terms: Terms, amountWei: bigint, options: CallOptions) => Promise<void>

/** How channels are paid into, and how they were. */
export interface Funding {
  readonly fund: Fund
  /** By which way this peer last paid into the channel; undefined when it did not, or keeps no record. */
  wayOf(channelId: string): FundingWay | undefined
}

/** How long a signature over a payment counts: for the transaction that shows it at once. */
const SIGNED_S = 1_800
/** Ways with less than two transactions, the cheapest first. */
const SIGNED_WAYS = ['authorization', 'permit'] as const

/**
 * Funding by the cheapest way there is: out of the vault, by an allowance that is there, by what the
 * token lets its owner sign, and else by an approval before it. One at a time: allowance and vault are
 * the account's, and two at once would count on the same. specs/07-channel.md §Funding
 */
export function createFunding(
  parts: Pick<Parts, 'chain' | 'wallet'>,
  store?: FundingStore
): Funding {
  const { chain, wallet } = parts
  /** Ways that the token was found not to have after all. */
  const useless = new Set<FundingWay>()
  /** Numbers of orders, in a row: the contract keeps 256 of them in a word. No two peers draw the same. */
  const drawNonce = () => BigInt(`0x${randomBytes(30).toString('hex')}`) << 8n
  let lastNonce: bigint | undefined
  function takeNonce(): bigint {
    const next = () => (lastNonce === undefined ? drawNonce() : lastNonce + 1n)
    lastNonce = store === undefined ? next() : store.takeNonce(drawNonce)
    return lastNonce
  }
  let funding: Promise<unknown> = Promise.resolve()

  async function order(
    struct: typeof FUND,
    channelId: string,
    amountWei: bigint,
    deadlineS: number
  ): Promise<FundOrder> {
    const { chainId, escrow } = chain.contracts
    const nonce = takeNonce()
    const said = { channelId, amountWei, nonce, deadline: deadlineS }
    const domain = escrowDomain(chainId, escrow)
    const signature = await wallet.own.signer.signTypedData(domain, struct, said)
    return { nonce, deadlineS, signature }
  }

  async function deadline(options: CallOptions): Promise<number> {
    return Math.floor((await chain.nowMs(options)) / 1_000) + SIGNED_S
  }

  /** Pays by an EIP-3009 authorization; undefined where the token takes none. */
  async function authorize(channelId: string, terms: Terms, amountWei: bigint, o: CallOptions) {
    const { signing } = chain.token
    const domain = (await signing.takesAuthorizations(o)) ? await signing.domain(o) : undefined
    if (domain === undefined) return undefined
    const { address: from, signer } = wallet.own
    const salt = `0x${randomBytes(32).toString('hex')}`
    const times = { validAfterS: 0, validBeforeS: await deadline(o) }
    const signature = await signer.signTypedData(domain, RECEIVE_WITH_AUTHORIZATION, {
      ...{ from, to: chain.contracts.escrow, value: amountWei },
      ...{ validAfter: times.validAfterS, validBefore: times.validBeforeS },
      nonce: authorizationNonce(channelId, amountWei, salt)
    })
    const authorization = { from, ...times, salt, signature }
    return chain.escrow.fundWithAuthorization(terms, amountWei, authorization, o)
  }

  /** Pays by an ERC-2612 permit; undefined where the token takes none. */
  async function permit(channelId: string, terms: Terms, amountWei: bigint, o: CallOptions) {
    const { signing } = chain.token
    const { address: owner, signer } = wallet.own
    const nonce = await signing.permitNonce(owner, o)
    const domain = nonce === undefined ? undefined : await signing.domain(o)
    if (domain === undefined || nonce === undefined) return undefined
    const deadlineS = await deadline(o)
    const spender = chain.contracts.escrow
    const said = { owner, spender, value: amountWei, nonce, deadline: deadlineS }
    const signature = await signer.signTypedData(domain, PERMIT, said)
    const fundOrder = await order(FUND, channelId, amountWei, deadlineS)
    const shown = { valueWei: amountWei, deadlineS, signature }
    return chain.escrow.fundWithPermit(terms, amountWei, fundOrder, shown, o)
  }

  async function bySignature(
    channelId: string,
    terms: Terms,
    amountWei: bigint,
    options: CallOptions
  ): Promise<FundingWay | undefined> {
    for (const way of SIGNED_WAYS) {
      if (useless.has(way)) continue
      const pay = way === 'permit' ? permit : authorize
      let done: Inclusion | undefined
      try {
        done = await pay(channelId, terms, amountWei, options)
      } catch (error) {
        // The token says that it has this, and means something else by it.
        if (!isReverted(error) || isNonceUsed(error)) throw error
      }
      if (done !== undefined) return way
      useless.add(way)
    }
    return undefined
  }

  async function fundNow(
    terms: Terms,
    amountWei: bigint,
    options: CallOptions
  ): Promise<FundingWay> {
    const { chainId, escrow } = chain.contracts
    const channelId = channelIdOf(escrowDomain(chainId, escrow), terms)
    const account = wallet.own.address
    const [balanceWei, vault] = await Promise.all([
      chain.token.balanceOf(account, options),
      chain.escrow.vaultOf(account, terms.token, options)
    ])
    // What its owner takes out of it is not for new channels.
    if (vault.balanceWei - (vault.withdrawal?.amountWei ?? 0n) >= amountWei) {
      const signed = await order(VAULT_FUND, channelId, amountWei, await deadline(options))
      await chain.escrow.fundFromVault(terms, amountWei, signed, options)
      return 'vault'
    }
    if (balanceWei < amountWei) throw short(account, balanceWei, amountWei)
    if ((await chain.token.allowance(account, escrow, options)) >= amountWei) {
      await chain.escrow.fund(terms, amountWei, options)
      return isCoin(terms.token) ? 'coins' : 'allowance'
    }
    const way = await bySignature(channelId, terms, amountWei, options)
    if (way !== undefined) return way
    await chain.token.approve(escrow, amountWei, options)
    await chain.escrow.fund(terms, amountWei, options)
    return 'approval'
  }

  return {
    fund(terms, amountWei, options) {
      const turn = funding
        .catch(() => {})
        .then(async () => {
          const way = await fundNow(terms, amountWei, options).catch((error) => {
            if (!isNonceUsed(error)) throw error
            // These data are an older copy: what was counted since is not known, so another row begins.
            store?.forgetNonce()
            lastNonce = undefined
            return fundNow(terms, amountWei, options)
          })
          const { chainId, escrow } = chain.contracts
          store?.set(channelIdOf(escrowDomain(chainId, escrow), terms), way)
        })
      funding = turn
      return turn
    },
    wayOf: (channelId) => store?.of(channelId) as FundingWay | undefined
  }
}

function isReverted(error: unknown): error is DatanetError {
  return isDatanetError(error) && error.code === 'CHAIN_REVERTED'
}

function isNonceUsed(error: unknown): boolean {
  return isReverted(error) && error.details.error === 'EscrowNonceUsed'
}

function short(account: string, balanceWei: bigint, amountWei: bigint): DatanetError {
  const [holds, needs] = [formatAmount(balanceWei), formatAmount(amountWei)]
  const hint =
    `${account} holds ${holds} of the token, and a deposit of ${needs} is due; ` +
    'datanet wallet deposit says where to pay to'
  return new DatanetError(
    'FUNDS_INSUFFICIENT',
    { account, balanceWei: `${balanceWei}`, neededWei: `${amountWei}` },
    { hint }
  )
}

/** Never seen with a deposit: it was not paid, or not answered, and nothing was promised on it. */
export function isUnfunded({ depositWei, voucher }: PayerLedger): boolean {
  return depositWei === 0n && voucher.cumulativeWei === 0n
}

/** What the deposit still holds once every open call has cost its most, in wei. */
export function freeWei(ledger: PayerLedger): bigint {
  let openWei = 0n
  for (const call of ledger.calls.values()) openWei += call.maxWei - call.coveredWei
  return ledger.depositWei - ledger.voucher.cumulativeWei - openWei
}
