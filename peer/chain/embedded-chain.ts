import { Interface, Transaction, Wallet } from 'ethers'
import { sha256 } from '../../protocol/base/codec.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { DevnetToken } from '../../protocol/contracts/abi/DevnetToken.ts'
import { createBlockMaker } from './embedded/blocks.ts'
import { type Rpc, RpcError } from './rpc.ts'

/** A chain inside this process, for development: real EVM, real blocks, play money. */
export interface EmbeddedChain {
  readonly chainId: bigint
  readonly genesisHash: string
  /** Hash of the newest block. */
  head(): string
  /**
   * JSON-RPC as other chains serve it, without the methods that move time or sign for others, and
   * with datanet_faucet([address]): gas money, and a drip of the faucet's token where one is set.
   */
  readonly request: Rpc
  /** The DevnetToken that the faucet drips from now on. */
  useFaucetToken(address: string): void
  /** Mines what waits and stops; the journal, if any, is complete. */
  close(): Promise<void>
}

/** What one faucet call gives an account that has less than it: enough for thousands of transactions. */
const GAS_GIFT_WEI = 10n ** 18n
const FAUCET_WEI = 10n ** 27n

const READS = [
  'eth_accounts',
  'eth_blockNumber',
  'eth_chainId',
  'eth_feeHistory',
  'eth_gasPrice',
  'eth_getBalance',
  'eth_getBlockByHash',
  'eth_getCode',
  'eth_getLogs',
  'eth_getStorageAt',
  'eth_getTransactionByHash',
  'eth_getTransactionCount',
  'eth_getTransactionReceipt',
  'eth_maxPriorityFeePerGas',
  'eth_syncing',
  'net_version',
  'web3_clientVersion'
]
/** Reads whose answer depends on the time of the newest block; of a block's own only by its tag. */
const TIMED_READS = ['eth_call', 'eth_estimateGas']
const BLOCK_READ = 'eth_getBlockByNumber'

/**
 * A new chain, or the one kept in `dir`. Transactions are mined `blockMs` after they arrive; while
 * idle a block is made when somebody reads in a later second, and every `heartbeatMs`, so that delays
 * pass. Refuses with DEPENDENCY_MISSING where the EVM has no binary for this platform, and a kept
 * chain that is damaged or another's with STORE_FAILED or CONFIG_INVALID.
 */
export async function createEmbeddedChain(
  init: { chainId?: bigint; dir?: string; blockMs?: number; heartbeatMs?: number } = {}
): Promise<EmbeddedChain> {
  const chainId = init.chainId ?? 31337n
  // A fixed key: the faucet only holds coins that anybody gets by asking, and a kept chain needs the
  // same genesis again.
  const faucet = new Wallet(
    `0x${Buffer.from(sha256(Buffer.from('datanet faucet'))).toString('hex')}`
  )
  const blocks = await createBlockMaker({
    chainId,
    balances: { [faucet.address.toLowerCase()]: FAUCET_WEI },
    blockMs: init.blockMs ?? 20,
    ...(init.dir === undefined ? {} : { dir: init.dir })
  })
  const token = new Interface(DevnetToken.abi)
  let tokenAddress: string | undefined
  let closed = false
  let giving: Promise<unknown> = Promise.resolve()
  const heartbeat = setInterval(
    () => void blocks.refresh().catch(() => {}),
    init.heartbeatMs ?? 15_000
  )
  heartbeat.unref()

  async function pay(to: string, valueWei: bigint, data: string): Promise<string> {
    const nonce = Number(
      await blocks.request('eth_getTransactionCount', [faucet.address, 'pending'])
    )
    const transaction = Transaction.from({
      type: 2,
      chainId,
      nonce,
      to,
      value: valueWei,
      data,
      gasLimit: 200_000n,
      maxFeePerGas: 10n ** 11n,
      maxPriorityFeePerGas: 0n
    })
    transaction.signature = faucet.signingKey.sign(transaction.unsignedHash)
    return blocks.submit(transaction.serialized)
  }

  async function give(address: string): Promise<{ gasWei: string; txHashes: string[] }> {
    const heldWei = BigInt((await blocks.request('eth_getBalance', [address, 'latest'])) as string)
    const gasWei = heldWei < GAS_GIFT_WEI ? GAS_GIFT_WEI - heldWei : 0n
    const txHashes: string[] = []
    if (gasWei > 0n) txHashes.push(await pay(address, gasWei, '0x'))
    if (tokenAddress !== undefined) {
      txHashes.push(await pay(tokenAddress, 0n, token.encodeFunctionData('drip', [address])))
    }
    // Whoever asked can spend it once it is answered.
    await blocks.flush()
    return { gasWei: gasWei.toString(), txHashes }
  }

  const request: Rpc = async (method, params, options = {}) => {
    options.signal?.throwIfAborted()
    if (closed) throw new DatanetError('CHAIN_UNREACHABLE', { host: 'embedded' })
    if (method === 'eth_sendRawTransaction') {
      const raw = params[0]
      if (typeof raw !== 'string') throw new RpcError(-32602, 'one raw transaction as a hex string')
      return blocks.submit(raw)
    }
    if (method === 'datanet_faucet') {
      const address = params[0]
      if (typeof address !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(address)) {
        throw new RpcError(-32602, 'one address')
      }
      // One at a time: each gift reads the faucet's nonce before it uses it.
      const gift = giving.then(() => give(address))
      giving = gift.catch(() => {})
      return gift
    }
    const isByNumber = method === BLOCK_READ && /^0x/.test(String(params[0]))
    if (TIMED_READS.includes(method) || (method === BLOCK_READ && !isByNumber)) {
      await blocks.refresh()
    } else if (!READS.includes(method) && !isByNumber) {
      throw new RpcError(-32601, `this chain does not serve ${method.slice(0, 64)}`)
    }
    return blocks.request(method, params)
  }

  return {
    chainId,
    genesisHash: blocks.genesisHash,
    head: blocks.head,
    request,
    useFaucetToken(address) {
      tokenAddress = address
    },
    async close() {
      if (closed) return
      closed = true
      clearInterval(heartbeat)
      await giving
      await blocks.close()
    }
  }
}
