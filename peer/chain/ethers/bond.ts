import { ProviderBond } from '../../../protocol/contracts/abi/ProviderBond.ts'
import type { SignedLeaf } from '../../../protocol/receipt/equivocation.ts'
import type { BondContract, BondKey } from '../bond.ts'
import type { Rpc } from '../rpc.ts'
import { createContract } from './contract.ts'
import type { Sender } from './sender.ts'
import { coinsFor, inclusionOf, splitSignature } from './values.ts'

/** ProviderBond at `address`, written to through `sender`; events are searched from `fromBlock` on. */
export function createBond(
  address: string,
  rpc: Rpc,
  sender: Sender,
  fromBlock: number
): BondContract {
  const contract = createContract(ProviderBond.abi, address, rpc)
  return {
    async stake({ receiptSigner, token }, amountWei, options) {
      const data = contract.encode('stake', [receiptSigner, token, amountWei])
      const call = { to: address, data, what: 'stake', ...coinsFor(token, amountWei) }
      return inclusionOf(await sender.send(call, options))
    },
    async startWithdraw({ receiptSigner, token }, amountWei, options) {
      const data = contract.encode('startWithdraw', [receiptSigner, token, amountWei])
      return inclusionOf(await sender.send({ to: address, data, what: 'startWithdraw' }, options))
    },
    async finishWithdraw({ owner, receiptSigner, token }, options) {
      const data = contract.encode('finishWithdraw', [owner, receiptSigner, token])
      return inclusionOf(await sender.send({ to: address, data, what: 'finishWithdraw' }, options))
    },
    async slash({ owner, receiptSigner, token }, proof, reporter, options) {
      const [a, b] = [splitSignature(proof.a.signature), splitSignature(proof.b.signature)]
      const data = contract.encode('slash', [
        owner,
        receiptSigner,
        token,
        reporter,
        {
          channelId: proof.channelId,
          seq: BigInt(proof.seq),
          leafA: proof.a.leaf,
          pathA: pathOf(proof.a),
          rA: a.r,
          vsA: a.vs,
          leafB: proof.b.leaf,
          pathB: pathOf(proof.b),
          rB: b.r,
          vsB: b.vs
        }
      ])
      const sent = await sender.send({ to: address, data, what: 'slash' }, options)
      const [event] = contract.eventsIn('BondSlashed', sent.logs)
      return { ...inclusionOf(sent), rewardWei: event?.rewardWei ?? 0n }
    },
    async bondOf({ owner, receiptSigner, token }, options) {
      const [stakeWei, amountWei, readyAtS] = await contract.read(
        'bondOf',
        [owner, receiptSigner, token],
        options
      )
      const withdrawal = { amountWei, readyAtMs: Number(readyAtS) * 1000 }
      return { stakeWei, ...(readyAtS === 0n ? {} : { withdrawal }) }
    },
    async bondsOn(receiptSigner, options) {
      const keys = [null, `0x${receiptSigner.slice(2).padStart(64, '0')}`]
      const staked = await contract.eventsOf('BondStaked', keys, fromBlock, options)
      const bonds = staked.map(({ owner, token }): BondKey => {
        return { owner: owner.toLowerCase(), receiptSigner, token: token.toLowerCase() }
      })
      return [...new Map(bonds.map((bond) => [`${bond.owner} ${bond.token}`, bond])).values()]
    },
    async isConvicted(receiptSigner, options) {
      const [convicted] = await contract.read('isConvicted', [receiptSigner], options)
      return convicted
    }
  }
}

function pathOf({ path = [] }: SignedLeaf): string[] {
  return path.map((step) => `0x${Buffer.from(step).toString('hex')}`)
}
