import { ChannelEscrow } from '../../../protocol/contracts/abi/ChannelEscrow.ts'
import type { Inclusion, WaitOptions } from '../chain.ts'
import type { ChannelTerms, ClaimOutcome, ClaimRow, EscrowContract, FundOrder } from '../escrow.ts'
import type { Rpc } from '../rpc.ts'
import type { ChainLog } from '../transactions.ts'
import { createContract } from './contract.ts'
import { createEscrowHistory } from './escrow-history.ts'
import type { Sender } from './sender.ts'
import { coinsFor, inclusionOf, longSignature, splitSignature } from './values.ts'

/** What the rows of a group have in common. */
const SHARED = ['operator', 'receiptSigner', 'auditor', 'token', 'withdrawDelayS'] as const
/** In the order of the contract's SkipReason. */
const SKIP_REASONS = [
  'nothing-new',
  'bad-signature',
  'deposit-exhausted',
  'channel-closed'
] as const

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

  async function write(
    what: string,
    data: string,
    options: WaitOptions | undefined,
    coins: { valueWei?: bigint } = {}
  ): Promise<Inclusion> {
    return inclusionOf(await sender.send({ to: address, data, what, ...coins }, options))
  }

  /** Rows that agree in all but payer, signer and salt cost less as a group. */
  function claimData(rows: readonly ClaimRow[]): string {
    const [first] = rows
    const isGroup = rows.every(({ terms }) => SHARED.every((f) => terms[f] === first?.terms[f]))
    if (first === undefined || rows.length < 2 || !isGroup) {
      return contract.encode('claim', [rows.map(rowTuple)])
    }
    const { operator, receiptSigner, auditor, token, withdrawDelayS } = termsTuple(first.terms)
    const shared = { operator, receiptSigner, auditor, token, withdrawDelayS }
    const group = rows.map((row) => {
      const { payer, signer, salt } = row.terms
      return { payer, signer, salt, voucher: voucherTuple(row) }
    })
    return contract.encode('claimGroups', [[{ ...shared, rows: group }]])
  }

  return {
    async channelId(terms, options) {
      const [id] = await contract.read('channelId', [termsTuple(terms)], options)
      return id
    },
    async channel(channelId, options) {
      const [totals, [amountWei, readyAtS]] = await Promise.all([
        contract.read('channel', [channelId], options),
        contract.read('withdrawal', [channelId], options)
      ])
      const withdrawal = { amountWei, readyAtMs: Number(readyAtS) * 1000 }
      const [depositWei, claimedWei, royaltyWei, isClosed] = totals
      return {
        depositWei,
        claimedWei,
        royaltyWei,
        ...(isClosed ? { isClosed } : {}),
        ...(readyAtS === 0n ? {} : { withdrawal })
      }
    },
    async fund(terms, amountWei, options) {
      const data = contract.encode('fund', [termsTuple(terms), amountWei])
      return write('fund', data, options, coinsFor(terms.token, amountWei))
    },
    async fundWithAuthorization(terms, amountWei, authorization, options) {
      const { from, validAfterS, validBeforeS, salt, signature } = authorization
      const data = contract.encode('fundWithAuthorization', [
        termsTuple(terms),
        amountWei,
        {
          from,
          validAfter: BigInt(validAfterS),
          validBefore: BigInt(validBeforeS),
          salt,
          ...longSignature(signature)
        }
      ])
      return write('fundWithAuthorization', data, options)
    },
    async fundWithPermit(terms, amountWei, order, permit, options) {
      const { valueWei, deadlineS, signature } = permit
      const data = contract.encode('fundWithPermit', [
        termsTuple(terms),
        amountWei,
        orderTuple(order),
        { valueWei, deadline: BigInt(deadlineS), ...longSignature(signature) }
      ])
      return write('fundWithPermit', data, options)
    },
    async fundFromVault(terms, amountWei, order, options) {
      const args = [termsTuple(terms), amountWei, orderTuple(order)] as const
      return write('fundFromVault', contract.encode('fundFromVault', args), options)
    },
    async cancelOrder(nonce, options) {
      return write('cancelOrder', contract.encode('cancelOrder', [nonce]), options)
    },
    async isNonceUsed(payer, nonce, options) {
      const [used] = await contract.read('isNonceUsed', [payer, nonce], options)
      return used
    },
    async vaultDeposit(owner, token, amountWei, options) {
      const data = contract.encode('vaultDeposit', [owner, token, amountWei])
      return write('vaultDeposit', data, options, coinsFor(token, amountWei))
    },
    async vaultStartWithdraw(token, amountWei, options) {
      const data = contract.encode('vaultStartWithdraw', [token, amountWei])
      return write('vaultStartWithdraw', data, options)
    },
    async vaultFinishWithdraw(owner, token, options) {
      const data = contract.encode('vaultFinishWithdraw', [owner, token])
      return write('vaultFinishWithdraw', data, options)
    },
    async vaultOf(owner, token, options) {
      const [balanceWei, amountWei, readyAtS] = await contract.read(
        'vaultOf',
        [owner, token],
        options
      )
      const withdrawal = { amountWei, readyAtMs: Number(readyAtS) * 1000 }
      return { balanceWei, ...(readyAtS === 0n ? {} : { withdrawal }) }
    },
    async claim(rows, options) {
      const data = claimData(rows)
      const sent = await sender.send({ to: address, data, what: 'claim' }, options)
      return { ...inclusionOf(sent), outcomes: outcomesIn(sent.logs) }
    },
    submitClaim: (rows, journal, options) =>
      sender.submit({ to: address, data: claimData(rows), what: 'claim' }, journal, options),
    outcomesIn,
    ...createEscrowHistory(address, rpc, fromBlock),
    async claimsOf(channelId, options) {
      return (await contract.eventsOf('Claimed', [channelId], fromBlock, options)).map(claimOf)
    },
    async startWithdraw(terms, amountWei, options) {
      const data = contract.encode('startWithdraw', [termsTuple(terms), amountWei])
      return write('startWithdraw', data, options)
    },
    async finishWithdraw(terms, options) {
      return write(
        'finishWithdraw',
        contract.encode('finishWithdraw', [termsTuple(terms)]),
        options
      )
    },
    async cancelWithdraw(terms, options) {
      return write(
        'cancelWithdraw',
        contract.encode('cancelWithdraw', [termsTuple(terms)]),
        options
      )
    },
    async close(row, { deadlineS, signature }, options) {
      const { r, vs } = splitSignature(signature)
      const data = contract.encode('close', [rowTuple(row), BigInt(deadlineS), r, vs])
      const sent = await sender.send({ to: address, data, what: 'close' }, options)
      const [event] = contract.eventsIn('ChannelClosed', sent.logs)
      return { ...inclusionOf(sent), refundWei: event?.refundWei ?? 0n }
    },
    async pull(operator, token, options) {
      return write('pull', contract.encode('pull', [operator, token]), options)
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

function orderTuple({ nonce, deadlineS, signature }: FundOrder) {
  return { nonce, deadline: BigInt(deadlineS), ...splitSignature(signature) }
}

function rowTuple(row: ClaimRow) {
  return { terms: termsTuple(row.terms), voucher: voucherTuple(row) }
}

function voucherTuple(row: ClaimRow) {
  return {
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
