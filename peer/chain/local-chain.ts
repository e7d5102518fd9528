import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keySigner } from '../../protocol/base/typed-data.ts'
import type { ChainContracts } from './chain.ts'
import { deployContracts } from './deploy.ts'
import { createEmbeddedChain } from './embedded-chain.ts'
import type { Rpc } from './rpc.ts'
import { type RpcServer, serveRpc } from './rpc-server.ts'

/** A chain of this machine: kept in a folder, with the contracts and a faucet, served on loopback. */
export interface LocalChain {
  readonly rpcUrl: string
  readonly contracts: ChainContracts
  readonly request: Rpc
  /** Seconds a posted drop stays open to veto. */
  readonly dropDelayS: number
  close(): Promise<void>
}

/** Short, so that a loop can be watched to its end; where money is real it is a day and more. */
const DROP_DELAY_S = 2
const CONTRACTS_FILE = 'contracts.json'

/**
 * The chain kept in `dir`, or a new one with the contracts deployed, on `port` (any free one for 0).
 * `known` are the contracts of a chain from before they were kept beside it. Refuses what
 * `createEmbeddedChain` refuses, and a port that is taken (CONFIG_INVALID).
 */
export async function startLocalChain(init: {
  readonly dir: string
  readonly port?: number
  readonly known?: ChainContracts
}): Promise<LocalChain> {
  const embedded = await createEmbeddedChain({ dir: init.dir })
  let server: RpcServer
  let contracts: ChainContracts
  try {
    contracts =
      init.known ?? (await keptContracts(join(init.dir, CONTRACTS_FILE), embedded.request))
    embedded.useFaucetToken(contracts.token)
    server = await serveRpc(embedded.request, { port: init.port ?? 0 })
  } catch (error) {
    await embedded.close()
    throw error
  }
  return {
    rpcUrl: server.url,
    contracts,
    request: embedded.request,
    dropDelayS: DROP_DELAY_S,
    async close() {
      await server.close()
      await embedded.close()
    }
  }
}

async function keptContracts(file: string, rpc: Rpc): Promise<ChainContracts> {
  if (existsSync(file)) {
    const { chainId, ...addresses } = JSON.parse(readFileSync(file, 'utf8'))
    return { chainId: BigInt(chainId), ...addresses }
  }
  // Whoever deploys has no power afterwards: the key is not kept.
  const secretKey = new Uint8Array(randomBytes(32))
  await rpc('datanet_faucet', [keySigner(secretKey).address])
  const contracts = await deployContracts({ rpc, secretKey, dropDelayS: DROP_DELAY_S })
  writeFileSync(`${file}.new`, JSON.stringify({ ...contracts, chainId: Number(contracts.chainId) }))
  renameSync(`${file}.new`, file)
  return contracts
}
