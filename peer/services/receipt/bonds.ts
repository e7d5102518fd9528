import { DatanetError } from '../../../protocol/base/errors.ts'
import { formatAmount } from '../../api/amounts.ts'
import type { BondSummary, ReceiptsApi } from '../../api/money-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { BondKey } from '../../chain/bond.ts'
import type { Parts } from '../parts.ts'

/** What is staked on receipt signers: this peer's own, and others'. */
export type Bonds = Pick<ReceiptsApi, 'bond' | 'stake' | 'unstake'>

const OWN = 'own'

/**
 * Bonds of the network's token. This peer signs receipts by its own account, and stakes on it from
 * there. `signerOf` gives the receipt signer of an offer. specs/09-reward.md §Bond
 */
export function createBonds(
  { chain, wallet }: Pick<Parts, 'chain' | 'wallet'>,
  signerOf: (offer: string) => string
): Bonds {
  const own = () => wallet.own.address
  const ownKey = (): BondKey => {
    return { owner: own(), receiptSigner: own(), token: chain.contracts.token }
  }

  async function bond(named: string, options: CallOptions = {}): Promise<BondSummary> {
    await chain.check(options)
    const isAddress = /^0x[0-9a-fA-F]{40}$/.test(named)
    const receiptSigner = named === OWN ? own() : isAddress ? named.toLowerCase() : signerOf(named)
    const { token } = chain.contracts
    const [isConvicted, keys] = await Promise.all([
      chain.bond.isConvicted(receiptSigner, options),
      chain.bond.bondsOn(receiptSigner, options)
    ])
    const bonds = await Promise.all(
      keys
        .filter((key) => key.token === token)
        .map(async (key) => {
          const { stakeWei, withdrawal } = await chain.bond.bondOf(key, options)
          const { amountWei: withdrawingWei = 0n, readyAtMs } = withdrawal ?? {}
          const ready = readyAtMs === undefined ? {} : { readyAtMs }
          return { owner: key.owner, stakeWei, withdrawingWei, ...ready }
        })
    )
    const held = bonds.filter(({ stakeWei }) => stakeWei > 0n)
    const stakeWei = held.reduce((sum, one) => sum + one.stakeWei, 0n)
    return { receiptSigner, isConvicted, stakeWei, bonds: held }
  }

  function refuseMore(amountWei: bigint, heldWei: bigint, where: string): void {
    if (amountWei === 0n) {
      const hint = 'an amount above 0'
      throw new DatanetError('INPUT_INVALID', { param: 'amountWei' }, { hint })
    }
    if (amountWei <= heldWei) return
    throw new DatanetError(
      'FUNDS_INSUFFICIENT',
      { asset: 'token', heldWei: `${heldWei}`, neededWei: `${amountWei}` },
      { hint: `${where} holds ${formatAmount(heldWei)} of the token, which is less` }
    )
  }

  return {
    bond,

    async stake(amountWei, options = {}) {
      await chain.check(options)
      refuseMore(amountWei, await chain.token.balanceOf(own(), options), own())
      const { bond: contract } = chain.contracts
      if ((await chain.token.allowance(own(), contract, options)) < amountWei) {
        await chain.token.approve(contract, amountWei, options)
      }
      await chain.bond.stake(ownKey(), amountWei, options)
      return bond(OWN, options)
    },

    async unstake({ amountWei }, options = {}) {
      await chain.check(options)
      const key = ownKey()
      const { stakeWei, withdrawal } = await chain.bond.bondOf(key, options)
      const readyAtMs = withdrawal?.readyAtMs ?? Number.POSITIVE_INFINITY
      if (readyAtMs <= (await chain.nowMs(options))) {
        await chain.bond.finishWithdraw(key, options)
        const left = await chain.bond.bondOf(key, options)
        return { ...(await bond(OWN, options)), returnedWei: stakeWei - left.stakeWei }
      }
      // One that is on its way is begun anew for another amount only.
      const isSame = amountWei === undefined || amountWei === withdrawal?.amountWei
      if (withdrawal === undefined || !isSame) {
        if (stakeWei === 0n) throw new DatanetError('BOND_MISSING', { receiptSigner: own() })
        refuseMore(amountWei ?? stakeWei, stakeWei, 'the bond')
        await chain.bond.startWithdraw(key, amountWei ?? stakeWei, options)
      }
      return { ...(await bond(OWN, options)), returnedWei: 0n }
    }
  }
}
