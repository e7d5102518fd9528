import { setTimeout as sleep } from 'node:timers/promises'
import { Transaction, Wallet } from 'ethers'
import { DatanetError } from '../../../protocol/base/errors.ts'
import type { WaitOptions } from '../chain.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import type {
  ChainTransactions,
  Included,
  SignedTransaction,
  SubmitJournal
} from '../transactions.ts'
import { refusalOf } from './refusal.ts'

/** What a transaction left behind once included. */
export interface Sent extends Included {
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
  /** Gas and its price where they must be known beforehand: all of it is used up. */
  readonly gas?: { readonly limit: bigint; readonly priceWei: bigint }
}

/** One account's way onto the chain. */
export interface Sender extends ChainTransactions {
  readonly account: string
  /**
   * Signs, sends and waits for inclusion. Parallel sends are put in order. Without `to` it deploys
   * `data`. `valueWei` of the chain's own coin go along. An abort after sending stops the waiting, not the transaction.
   */
  send(call: Call, options?: WaitOptions): Promise<Sent>
  /**
   * Signs and sends, and does not wait: `journal.signed` runs between the two, so that who keeps what
   * it is given can find or send the very same transaction again after a crash.
   */
  submit(call: Call, journal: SubmitJournal, options?: WaitOptions): Promise<SignedTransaction>
}

interface ReceiptJson {
  readonly status: string
  readonly blockNumber: string
  readonly blockHash: string
  readonly gasUsed: string
  readonly contractAddress: string | null
  readonly logs: Included['logs']
}

/** EIP-7825: no transaction may carry more. */
const MAX_GAS = 16_777_216n
const NONCE_FRESH_MS = 10_000
/** Nodes take another transaction in a waiting one's place from a tenth more on. */
const RAISE_PERCENT = 125n
/** What nodes say to a transaction that they have already. */
const KNOWN = /already known|already imported|known transaction|already exists|already in/i
const NONCE_USED = /nonce.*(too low|used|lower|expected)|old nonce/i

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
  let nonceAtMs = 0
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

  /** For a moment a node may not count what it just took; for longer, a fork may have undone it. */
  function remembered(): number | undefined {
    return performance.now() - nonceAtMs < NONCE_FRESH_MS ? nextNonce : undefined
  }

  async function fees(options: WaitOptions): Promise<{ tipWei: bigint; baseWei: bigint }> {
    const [block, tip] = await Promise.all([
      rpc('eth_getBlockByNumber', ['latest', false], options),
      rpc('eth_maxPriorityFeePerGas', [], options)
    ])
    const baseFee = (block as { baseFeePerGas?: string }).baseFeePerGas ?? '0x0'
    return { tipWei: BigInt(tip as string), baseWei: BigInt(baseFee) }
  }

  function signed(transaction: Transaction): SignedTransaction {
    transaction.signature = wallet.signingKey.sign(transaction.unsignedHash)
    const { serialized, hash, nonce } = transaction
    return { raw: serialized, txHash: hash as string, nonce }
  }

  async function broadcast(
    call: Call,
    gasLimit: bigint,
    options: WaitOptions,
    journal?: SubmitJournal
  ): Promise<SignedTransaction> {
    const [{ tipWei, baseWei }, counted] = await Promise.all([
      fees(options),
      remembered() ?? rpc('eth_getTransactionCount', [account, 'pending'], options)
    ])
    const transaction = signed(
      Transaction.from({
        type: 2,
        chainId: init.chainId,
        nonce: Number(counted),
        to: call.to ?? null,
        data: call.data,
        value: call.valueWei ?? 0n,
        gasLimit,
        maxPriorityFeePerGas: call.gas?.priceWei ?? tipWei,
        maxFeePerGas: call.gas?.priceWei ?? baseWei * 2n + tipWei
      })
    )
    journal?.signed(transaction)
    // Unknown until the node took it: another process may sign for this account as well.
    nextNonce = undefined
    await rpc('eth_sendRawTransaction', [transaction.raw], options)
    nextNonce = transaction.nonce + 1
    nonceAtMs = performance.now()
    return transaction
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

  async function submit(
    call: Call,
    options: WaitOptions,
    journal?: SubmitJournal
  ): Promise<SignedTransaction> {
    const gasLimit = call.gas?.limit ?? (await estimate(call, options))
    return inOrder(async () => {
      try {
        return await broadcast(call, gasLimit, options, journal)
      } catch (error) {
        // Somebody else used the nonce we remembered: ask again, once.
        if (!(error instanceof RpcError) || !/nonce/i.test(error.message)) throw error
        return broadcast(call, gasLimit, options, journal)
      }
    }).catch((error: unknown) => {
      throw refusalOf(error, { call: call.what })
    })
  }

  async function receiptOf(txHash: string, options: WaitOptions): Promise<ReceiptJson | null> {
    return (await rpc('eth_getTransactionReceipt', [txHash], options).catch((error: unknown) => {
      throw refusalOf(error, { txHash })
    })) as ReceiptJson | null
  }

  return {
    account,
    async send(call, options = {}) {
      const { txHash } = await submit(call, options)
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
      const contractAddress = receipt.contractAddress?.toLowerCase() ?? undefined
      return { ...includedOf(txHash, receipt), contractAddress }
    },
    submit: (call, journal, options = {}) => submit(call, options, journal),
    async find(txHash, options = {}) {
      const receipt = await receiptOf(txHash, options)
      return receipt === null ? undefined : includedOf(txHash, receipt)
    },
    included: async (txHash, options = {}) => includedOf(txHash, await include(txHash, options)),
    async resend(raw, options = {}) {
      try {
        await rpc('eth_sendRawTransaction', [raw], options)
        return 'taken'
      } catch (error) {
        if (error instanceof RpcError && KNOWN.test(error.message)) return 'taken'
        if (error instanceof RpcError && NONCE_USED.test(error.message)) return 'nonce-used'
        throw refusalOf(error, { call: 'resend' })
      }
    },
    async raise(raw, journal, options = {}) {
      const before = Transaction.from(raw)
      const { tipWei, baseWei } = await fees(options).catch((error: unknown) => {
        throw refusalOf(error, { call: 'raise' })
      })
      const raised = before.clone()
      raised.signature = null
      const raise = (wei: bigint | null, leastWei: bigint) => {
        const more = ((wei ?? 0n) * RAISE_PERCENT) / 100n + 1n
        return more > leastWei ? more : leastWei
      }
      raised.maxPriorityFeePerGas = raise(before.maxPriorityFeePerGas, tipWei)
      raised.maxFeePerGas = raise(before.maxFeePerGas, baseWei * 2n + tipWei)
      const transaction = signed(raised)
      journal.signed(transaction)
      try {
        await rpc('eth_sendRawTransaction', [transaction.raw], options)
      } catch (error) {
        throw refusalOf(error, { call: 'raise' })
      }
      return transaction
    },
    async nonce(options = {}) {
      const count = await rpc('eth_getTransactionCount', [account, 'latest'], options).catch(
        (error: unknown) => {
          throw refusalOf(error, { account })
        }
      )
      return Number(count)
    },
    async gasPriceWei(options = {}) {
      const { tipWei, baseWei } = await fees(options).catch((error: unknown) => {
        throw refusalOf(error, { call: 'gasPrice' })
      })
      return baseWei + tipWei
    }
  }
}

function includedOf(txHash: string, receipt: ReceiptJson): Included {
  return {
    txHash,
    blockNumber: Number(receipt.blockNumber),
    blockHash: receipt.blockHash,
    gasUsed: BigInt(receipt.gasUsed),
    isDone: receipt.status === '0x1',
    logs: receipt.logs
  }
}
