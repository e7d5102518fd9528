import { Interface, type InterfaceAbi } from 'ethers'
import { channelIdOf, escrowDomain } from '../../../protocol/channel/terms.ts'
import { ChannelEscrow } from '../../../protocol/contracts/abi/ChannelEscrow.ts'
import type { ChannelTerms, ClaimRow } from '../escrow.ts'
import type { EscrowHistory } from '../escrow-history.ts'
import type { Rpc } from '../rpc.ts'
import { createContract } from './contract.ts'
import { refusalOf } from './refusal.ts'

/** An address as a topic. */
const topicOf = (address: string) => `0x${address.slice(2).padStart(64, '0')}`

// biome-ignore lint/suspicious/noExplicitAny: decoded by the contract's own ABI, whose names these are
type Decoded = any

/** The past of the escrow at `address`, out of events and calldata from `fromBlock` on. */
export function createEscrowHistory(address: string, rpc: Rpc, fromBlock: number): EscrowHistory {
  const contract = createContract(ChannelEscrow.abi, address, rpc)
  const codec = new Interface(ChannelEscrow.abi as unknown as InterfaceAbi)

  /** The rows that a transaction showed the escrow. */
  function rowsIn(input: string): Array<{ terms: ChannelTerms; voucher: Decoded }> {
    const call = codec.parseTransaction({ data: input })
    if (call === null) return []
    const args = call.args.toObject() as Decoded
    if (call.name === 'claim') return args.rows.map(rowOf)
    if (call.name === 'close') return [rowOf(args.row)]
    if (call.name !== 'claimGroups') return []
    return args.groups.flatMap((group: Decoded) =>
      group.rows.map((row: Decoded) => ({
        terms: termsIn({ ...group.toObject(), ...row.toObject() }),
        voucher: row.voucher
      }))
    )
  }

  return {
    async termsOf(channelId, options) {
      const [opened] = await contract.eventsOf('ChannelOpened', [channelId], fromBlock, options)
      return opened === undefined ? undefined : termsIn(opened)
    },

    async channelsOf(operator, options) {
      const keys = [null, null, topicOf(operator)]
      const opened = await contract.eventsOf('ChannelOpened', keys, fromBlock, options)
      return opened.map((one) => ({ channelId: one.channelId, terms: termsIn(one) }))
    },

    async poolsOf(auditor, options) {
      const keys = [null, auditor]
      const released = await contract.eventsOf('RoyaltyReleased', keys, fromBlock, options)
      const pools = released.map(({ operator, token }) => {
        return { operator: operator.toLowerCase(), token: token.toLowerCase() }
      })
      return [...new Map(pools.map((one) => [`${one.operator} ${one.token}`, one])).values()]
    },

    async claimedBy(channelId, options = {}) {
      const filter = {
        address,
        fromBlock: `0x${fromBlock.toString(16)}`,
        toBlock: 'latest',
        topics: [codec.getEvent('Claimed')?.topicHash, channelId]
      }
      const ask = async (method: string, params: readonly unknown[]): Promise<Decoded> =>
        rpc(method, params, options).catch((error: unknown) => {
          throw refusalOf(error, { method })
        })
      const logs: Array<{ transactionHash: string }> = await ask('eth_getLogs', [filter])
      const last = logs.at(-1)
      if (last === undefined) return undefined
      const sent = await ask('eth_getTransactionByHash', [last.transactionHash])
      if (sent?.to?.toLowerCase() !== address) return undefined
      const domain = escrowDomain(BigInt(await ask('eth_chainId', [])), address)
      const row = rowsIn(sent.input).find(({ terms }) => channelIdOf(domain, terms) === channelId)
      return row === undefined ? undefined : voucherIn(row.voucher)
    }
  }
}

function rowOf(row: Decoded): { terms: ChannelTerms; voucher: Decoded } {
  return { terms: termsIn(row.terms), voucher: row.voucher }
}

function termsIn(terms: Decoded): ChannelTerms {
  return {
    payer: terms.payer.toLowerCase(),
    signer: terms.signer.toLowerCase(),
    operator: terms.operator.toLowerCase(),
    receiptSigner: terms.receiptSigner.toLowerCase(),
    auditor: terms.auditor,
    token: terms.token.toLowerCase(),
    withdrawDelayS: Number(terms.withdrawDelayS),
    salt: terms.salt
  }
}

function voucherIn({ cumulativeWei, royaltyWei, receipts, receiptsRoot, r, vs }: Decoded) {
  const signature = Uint8Array.from(Buffer.from(`${r.slice(2)}${vs.slice(2)}`, 'hex'))
  const voucher: Omit<ClaimRow, 'terms'> = {
    ...{ cumulativeWei, royaltyWei, receipts: Number(receipts), receiptsRoot, signature }
  }
  return voucher
}
