import { ChannelEscrow } from '../../../protocol/contracts/abi/ChannelEscrow.ts'
import type { ChannelTerms, ClaimOutcome, ClaimRow, EscrowContract } from '../escrow.ts'
import type { Rpc } from '../rpc.ts'
import { type ChainLog, createContract } from './contract.ts'
import type { Sender } from './sender.ts'
import { inclusionOf, splitSignature } from './values.ts'

/** In the order of the contract's SkipReason. */
const SKIP_REASONS = ['nothing-new', 'bad-signature', 'deposit-exhausted'] as const

/** ChannelEscrow at `address`, written to through `sender`; events are searched from `fromBlock` on. */
export function createEscrow(
  address: string,
  rpc: Rpc,
  sender: Sender,
  fromBlock: number
): EscrowContract {
  const contract = createContract(ChannelEscrow.abi, address, rpc)

  function outcomesIn(logs: readonly ChainLog[]): ClaimOutcome[] {
    return logs.flatMap((log): ClaimOutcome[] => {
      const [done] = contract.eventsIn('Claimed', [log])
      if (done !== undefined) return [claimOf(done)]
      const [skipped] = contract.eventsIn('ClaimSkipped', [log])
      if (skipped === undefined) return []
      const reason = SKIP_REASONS[Number(skipped.reason)] ?? 'nothing-new'
      return [{ channelId: skipped.channelId, skipped: reason }]
    })
  }

  return {
    async channelId(terms, options) {
      const [id] = await contract.read('channelId', [termsTuple(terms)], options)
      return id
    },
    async channel(channelId, options) {
      const [[depositWei, claimedWei, royaltyWei], [amountWei, readyAtS]] = await Promise.all([
        contract.read('channel', [channelId], options),
        contract.read('withdrawal', [channelId], options)
      ])
      const withdrawal = { amountWei, readyAtMs: Number(readyAtS) * 1000 }
      return { depositWei, claimedWei, royaltyWei, ...(readyAtS === 0n ? {} : { withdrawal }) }
    },
    async fund(terms, amountWei, options) {
      const data = contract.encode('fund', [termsTuple(terms), amountWei])
      return inclusionOf(await sender.send({ to: address, data, what: 'fund' }, options))
    },
    async claim(rows, options) {
      const data = contract.encode('claim', [rows.map(rowTuple)])
      const sent = await sender.send({ to: address, data, what: 'claim' }, options)
      return { ...inclusionOf(sent), outcomes: outcomesIn(sent.logs) }
    },
    async claimsOf(channelId, options) {
      return (await contract.eventsOf('Claimed', channelId, fromBlock, options)).map(claimOf)
    },
    async startWithdraw(terms, amountWei, options) {
      const data = contract.encode('startWithdraw', [termsTuple(terms), amountWei])
      return inclusionOf(await sender.send({ to: address, data, what: 'startWithdraw' }, options))
    },
    async finishWithdraw(terms, options) {
      const data = contract.encode('finishWithdraw', [termsTuple(terms)])
      return inclusionOf(await sender.send({ to: address, data, what: 'finishWithdraw' }, options))
    },
    async pull(operator, token, options) {
      const data = contract.encode('pull', [operator, token])
      return inclusionOf(await sender.send({ to: address, data, what: 'pull' }, options))
    },
    async creditOf(operator, token, options) {
      const [amountWei] = await contract.read('creditOf', [operator, token], options)
      return amountWei
    },
    async royaltyOf(operator, auditor, token, options) {
      const [amountWei] = await contract.read('royaltyOf', [operator, auditor, token], options)
      return amountWei
    }
  }
}

function termsTuple(terms: ChannelTerms) {
  const { payer, signer, operator, receiptSigner, auditor, token, salt } = terms
  const withdrawDelayS = BigInt(terms.withdrawDelayS)
  return { payer, signer, operator, receiptSigner, auditor, token, withdrawDelayS, salt }
}

function rowTuple(row: ClaimRow) {
  return {
    terms: termsTuple(row.terms),
    cumulativeWei: row.cumulativeWei,
    royaltyWei: row.royaltyWei,
    receipts: BigInt(row.receipts),
    receiptsRoot: row.receiptsRoot,
    ...splitSignature(row.signature)
  }
}

function claimOf(event: {
  readonly channelId: string
  readonly claimedWei: bigint
  readonly royaltyWei: bigint
  readonly receipts: bigint
  readonly receiptsRoot: string
  readonly blockNumber: number
}): ClaimOutcome {
  const { channelId, claimedWei, royaltyWei, receiptsRoot, blockNumber } = event
  const receipts = Number(event.receipts)
  return { channelId, claimedWei, royaltyWei, receipts, receiptsRoot, blockNumber }
}
