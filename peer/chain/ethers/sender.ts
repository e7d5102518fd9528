import { setTimeout as sleep } from 'node:timers/promises'
import { Transaction, Wallet } from 'ethers'
import { DatanetError } from '../../../protocol/base/errors.ts'
import type { Inclusion, WaitOptions } from '../chain.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import type { ChainLog } from './contract.ts'
import { refusalOf } from './refusal.ts'

/** What a transaction left behind once included. */
export interface Sent extends Inclusion {
  readonly logs: readonly ChainLog[]
  /** Where a deployment put its contract, lowercase. */
  readonly contractAddress: string | undefined
}

/** What to send: without `to` a deployment. `what` names it in refusals. */
export interface Call {
  readonly to?: string
  readonly data: string
  readonly what: string
  /** Of the chain's own coin. */
  readonly valueWei?: bigint
}

/** One account's way onto the chain. */
export interface Sender {
  readonly account: string
  /**
   * Signs, sends and waits for inclusion. Parallel sends are put in order. Without `to` it deploys
   * `data`. `valueWei` of the chain's own coin go along. An abort after sending stops the waiting, not the transaction.
   */
  send(call: Call, options?: WaitOptions): Promise<Sent>
}

interface ReceiptJson {
  readonly status: string
  readonly blockNumber: string
  readonly gasUsed: string
  readonly contractAddress: string | null
  readonly logs: ChainLog[]
}

/** EIP-7825: no transaction may carry more. */
const MAX_GAS = 16_777_216n

/**
 * A sender for the 32-byte `secretKey`. Refuses with what `refusalOf` maps, and CHAIN_UNREACHABLE when
 * a transaction is not included in `inclusionMs`.
 */
export function createSender(init: {
  rpc: Rpc
  secretKey: Uint8Array
  chainId: bigint
  confirmations: number
  pollMs: number
  inclusionMs: number
  /** Aborts with an error when the chain is closed. */
  closed?: AbortSignal
}): Sender {
  const { rpc } = init
  const wallet = new Wallet(`0x${Buffer.from(init.secretKey).toString('hex')}`)
  const account = wallet.address.toLowerCase()
  let nextNonce: number | undefined
  let queue: Promise<unknown> = Promise.resolve()

  /** The call as a node takes it. */
  function request({ to, data, valueWei }: Call): Record<string, string> {
    const value = valueWei === undefined ? {} : { value: `0x${valueWei.toString(16)}` }
    return { from: account, ...(to === undefined ? {} : { to }), data, ...value }
  }

  async function estimate(call: Call, options: WaitOptions): Promise<bigint> {
    const { what } = call
    try {
      const gas = BigInt((await rpc('eth_estimateGas', [request(call)], options)) as string)
      // State can move between estimate and inclusion, e.g. a storage slot that is first written then.
      const roomy = gas + gas / 4n + 10_000n
      return roomy < MAX_GAS ? roomy : MAX_GAS
    } catch (error) {
      throw refusalOf(error, { call: what })
    }
  }

  async function broadcast(call: Call, gasLimit: bigint, options: WaitOptions): Promise<string> {
    const [block, tip, counted] = await Promise.all([
      rpc('eth_getBlockByNumber', ['latest', false], options),
      rpc('eth_maxPriorityFeePerGas', [], options),
      nextNonce ?? rpc('eth_getTransactionCount', [account, 'pending'], options)
    ])
    const nonce = Number(counted)
    const baseFee = BigInt((block as { baseFeePerGas?: string }).baseFeePerGas ?? '0x0')
    const maxPriorityFeePerGas = BigInt(tip as string)
    const transaction = Transaction.from({
      type: 2,
      chainId: init.chainId,
      nonce,
      to: call.to ?? null,
      data: call.data,
      value: call.valueWei ?? 0n,
      gasLimit,
      maxPriorityFeePerGas,
      maxFeePerGas: baseFee * 2n + maxPriorityFeePerGas
    })
    transaction.signature = wallet.signingKey.sign(transaction.unsignedHash)
    // Unknown until the node took it: another process may sign for this account as well.
    nextNonce = undefined
    const hash = (await rpc('eth_sendRawTransaction', [transaction.serialized], options)) as string
    nextNonce = nonce + 1
    return hash
  }

  /** In order: the nonce of the next transaction is known once this one was taken. */
  function inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = queue.then(work)
    queue = done.catch(() => {})
    return done
  }

  async function include(txHash: string, options: WaitOptions): Promise<ReceiptJson> {
    const untilMs = performance.now() + init.inclusionMs
    for (;;) {
      const receipt = (await rpc(
        'eth_getTransactionReceipt',
        [txHash],
        options
      )) as ReceiptJson | null
      if (receipt !== null) {
        if (init.confirmations <= 1) return receipt
        const head = (await rpc('eth_getBlockByNumber', ['latest', false], options)) as {
          number: string
        }
        if (Number(head.number) - Number(receipt.blockNumber) + 1 >= init.confirmations)
          return receipt
      }
      if (performance.now() > untilMs) {
        throw new DatanetError(
          'CHAIN_UNREACHABLE',
          { txHash },
          { hint: 'the transaction was sent and is not included yet' }
        )
      }
      const signals = [options.signal, init.closed].filter((signal) => signal !== undefined)
      await sleep(init.pollMs, undefined, { signal: AbortSignal.any(signals) }).catch(() => {
        for (const signal of signals) signal.throwIfAborted()
      })
    }
  }

  return {
    account,
    async send(call, options = {}) {
      const gasLimit = await estimate(call, options)
      const txHash = await inOrder(async () => {
        try {
          return await broadcast(call, gasLimit, options)
        } catch (error) {
          // Somebody else used the nonce we remembered: ask again, once.
          if (!(error instanceof RpcError) || !/nonce/i.test(error.message)) throw error
          return broadcast(call, gasLimit, options)
        }
      }).catch((error: unknown) => {
        throw refusalOf(error, { call: call.what })
      })
      const receipt = await include(txHash, options)
      if (receipt.status !== '0x1') {
        const { what } = call
        const block = receipt.blockNumber
        // The receipt does not say why; the same call on the state after it mostly does.
        await rpc('eth_call', [request(call), block], options).catch((error) => {
          throw refusalOf(error, { call: what, txHash })
        })
        throw new DatanetError('CHAIN_REVERTED', { call: what, txHash })
      }
      return {
        txHash,
        blockNumber: Number(receipt.blockNumber),
        gasUsed: BigInt(receipt.gasUsed),
        logs: receipt.logs,
        contractAddress: receipt.contractAddress?.toLowerCase() ?? undefined
      }
    }
  }
}
