import { DatanetError } from '../../../protocol/base/errors.ts'
import { BountyEscrow } from '../../../protocol/contracts/abi/BountyEscrow.ts'
import type { Lock } from '../../../protocol/datanet/bounty-lock.ts'
import type { BountyContract } from '../bounty.ts'
import type { Inclusion, WaitOptions } from '../chain.ts'
import type { Rpc } from '../rpc.ts'
import type { SubmitJournal } from '../transactions.ts'
import { createContract } from './contract.ts'
import type { Call, Sender } from './sender.ts'
import { coinsFor, inclusionOf, longSignature, splitSignature } from './values.ts'

const HINT =
  'the network file and contracts of this peer name no bounty contract; datanet chain deploy puts ' +
  'one on the chain beside the others'

/** BountyEscrow at `address`, written to through `sender`; without an address all of it refuses BOUNTIES_OFF. */
export function createBounties(
  address: string | undefined,
  rpc: Rpc,
  sender: Sender
): BountyContract {
  if (address === undefined) return withoutBounties()
  const contract = createContract(BountyEscrow.abi, address, rpc)

  /** Told of before it is sent, so that after a crash it is the same transaction. */
  async function submitted(
    call: Call,
    journal: SubmitJournal,
    options: WaitOptions | undefined
  ): Promise<Inclusion> {
    const { txHash } = await sender.submit(call, journal, options)
    const found = await sender.included(txHash, options)
    if (!found.isDone) throw new DatanetError('CHAIN_REVERTED', { call: call.what, txHash })
    const { blockNumber, gasUsed } = found
    return { txHash, blockNumber, gasUsed }
  }

  async function write(what: 'fill' | 'refund' | 'claim', data: string, options?: WaitOptions) {
    const sent = await sender.send({ to: contract.address, data, what }, options)
    const [event] = contract.eventsIn(EVENTS[what], sent.logs)
    return { ...inclusionOf(sent), amountWei: event?.amountWei ?? 0n }
  }

  return {
    fund(lock, amountWei, journal, signature, options) {
      const terms = termsTuple(lock)
      const call = { to: address, what: 'fund' }
      if (signature === undefined) {
        const data = contract.encode('fund', [terms, amountWei])
        return submitted({ ...call, data, ...coinsFor(lock.token, amountWei) }, journal, options)
      }
      if ('permit' in signature) {
        const { valueWei, deadlineS, signature: signed } = signature.permit
        const permit = { valueWei, deadline: BigInt(deadlineS), ...longSignature(signed) }
        const data = contract.encode('fundWithPermit', [terms, amountWei, permit])
        return submitted({ ...call, data }, journal, options)
      }
      const { from, validAfterS, validBeforeS, salt, signature: signed } = signature.authorization
      const times = { validAfter: BigInt(validAfterS), validBefore: BigInt(validBeforeS) }
      const authorization = { from, ...times, salt, ...longSignature(signed) }
      const data = contract.encode('fundWithAuthorization', [terms, amountWei, authorization])
      return submitted({ ...call, data }, journal, options)
    },
    fill({ lock, contribution, account, row, proof, lineage, approvals }, options) {
      const place = {
        row: BigInt(row),
        proof: proof.map((one) => `0x${Buffer.from(one).toString('hex')}`),
        anchored: lineage.anchored,
        later: [...lineage.later]
      }
      const data = contract.encode('fill', [
        termsTuple(lock),
        contribution,
        account,
        place,
        approvals.map(splitSignature)
      ])
      return write('fill', data, options)
    },
    refund: (lock, funder, options) =>
      write('refund', contract.encode('refund', [termsTuple(lock), funder]), options),
    claim: (account, token, options) =>
      write('claim', contract.encode('claim', [account, token]), options),
    async lockOf(id, options) {
      const [lockedWei, isFilled] = await contract.read('bountyOf', [id], options)
      return { lockedWei, isFilled }
    },
    async fundedBy(id, funder, options) {
      const [amountWei] = await contract.read('fundedBy', [id, funder], options)
      return amountWei
    },
    async creditOf(account, token, options) {
      const [amountWei] = await contract.read('creditOf', [account, token], options)
      return amountWei
    }
  }
}

const EVENTS = { fill: 'BountyFilled', refund: 'BountyRefunded', claim: 'BountyClaimed' } as const

function termsTuple({ datanet, question, token, expiresAtS }: Lock) {
  return { datanet, question, token, expiresAt: BigInt(expiresAtS) }
}

function withoutBounties(): BountyContract {
  return new Proxy({} as BountyContract, {
    get: (_, name) =>
      typeof name === 'symbol' || name === 'then'
        ? undefined
        : async () => {
            throw new DatanetError('BOUNTIES_OFF', {}, { hint: HINT })
          }
  })
}
