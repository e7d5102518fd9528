import type * as Edr from '@nomicfoundation/edr'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { type Rpc, resultOf } from '../rpc.ts'

/** What a chain starts from; the same values always give the same genesis block. */
export interface Genesis {
  readonly chainId: bigint
  readonly timeS: bigint
  /** Accounts that hold coins from the start: address → wei. */
  readonly balances: Readonly<Record<string, bigint>>
}

/** A name for engine and rules: a journal is replayed only by the one that wrote it. */
export const ENGINE = 'edr 0.12.1 Osaka'

const BLOCK_GAS = 60_000_000n
const HARDFORK = 'Osaka'

/**
 * JSON-RPC of an EVM inside this process that mines only when asked to (evm_mine). The one file that
 * knows EDR, whose API has no promise of stability. Refuses with DEPENDENCY_MISSING where no binary
 * for this platform is installed.
 */
export async function createEvm(genesis: Genesis): Promise<Rpc> {
  const { edr, context } = await loadContext()
  const provider = await context.createProvider(
    edr.L1_CHAIN_TYPE,
    {
      // Blocks carry the wall clock; without this every block would push time on by a second.
      allowBlocksWithSameTimestamp: true,
      allowUnlimitedContractSize: false,
      bailOnCallFailure: true,
      // A reverting transaction is included with status 0, as on any other chain.
      bailOnTransactionFailure: false,
      chainId: genesis.chainId,
      coinbase: new Uint8Array(20),
      defaultTransactionGasLimit: 16_777_216n,
      genesisState: [
        ...edr.l1GenesisState(edr.l1HardforkFromString(HARDFORK)),
        ...Object.entries(genesis.balances).map(([address, balance]) => ({
          address: new Uint8Array(Buffer.from(address.slice(2), 'hex')),
          balance
        }))
      ],
      hardfork: HARDFORK,
      initialBaseFeePerGas: 1n,
      initialParentBeaconBlockRoot: new Uint8Array(32),
      minGasPrice: 0n,
      // Automining refuses a nonce that is one ahead; real nodes keep it for later.
      mining: {
        autoMine: false,
        blockGasLimit: BLOCK_GAS,
        memPool: { order: 'Fifo' as Edr.MineOrdering }
      },
      network: { genesisBlockGasLimit: BLOCK_GAS, genesisBlockTime: genesis.timeS },
      networkId: genesis.chainId,
      observability: {},
      ownedAccounts: [],
      precompileOverrides: []
    },
    { enable: false, decodeConsoleLogInputsCallback: () => [], printLineCallback: () => {} },
    { subscriptionCallback: () => {} },
    new edr.ContractDecoder()
  )
  let nextId = 1
  return async (method, params) => {
    const request = JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params })
    const { data } = await provider.handleRequest(request)
    return resultOf(typeof data === 'string' ? JSON.parse(data) : data, 'embedded')
  }
}

let loading: Promise<{ edr: typeof Edr; context: Edr.EdrContext }> | undefined

/** One context serves every chain of a process. */
function loadContext(): Promise<{ edr: typeof Edr; context: Edr.EdrContext }> {
  loading ??= (async () => {
    let edr: typeof Edr
    try {
      edr = await import('@nomicfoundation/edr')
    } catch (cause) {
      throw new DatanetError(
        'DEPENDENCY_MISSING',
        { package: '@nomicfoundation/edr', platform: `${process.platform}-${process.arch}` },
        { cause, hint: 'the embedded chain needs @nomicfoundation/edr; or name an RPC URL instead' }
      )
    }
    const context = new edr.EdrContext()
    await context.registerProviderFactory(edr.L1_CHAIN_TYPE, edr.l1ProviderFactory())
    return { edr, context }
  })()
  return loading
}
