import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { isDatanetError } from '../protocol/base/errors.ts'
import type { ChainContracts } from './chain/chain.ts'
import { startLocalChain } from './chain/local-chain.ts'
import type { Config } from './config.ts'
import { type NetworkFile, readNetwork, writeNetwork } from './devnet/network.ts'
import { isPortFree } from './net/port.ts'
import type { Peer } from './peer.ts'

/** Its name in the data directory: what other peers of the machine join by. */
export const NETWORK_FILE = 'network.json'

/** A network of its own around one peer: its chain, and the file that others join by. */
export interface EmbeddedNetwork {
  readonly file: string
  readonly rpcUrl: string
  readonly contracts: ChainContracts
  readonly listen?: readonly string[]
  /** Gives `peer`'s account play money if it has none, and writes the file with its addresses. */
  open(peer: Peer): Promise<void>
  stop(): Promise<void>
}

/**
 * The network kept in the data directory, or a new one. Ports that were not chosen stay what they
 * were last time while they are free, so that the peers around it find it again after a restart.
 * Refuses what `startLocalChain` refuses.
 */
export async function startEmbeddedNetwork(
  config: Pick<Config, 'dataDir' | 'chainPort' | 'listen'>
): Promise<EmbeddedNetwork> {
  const file = join(config.dataDir, NETWORK_FILE)
  const before = existsSync(file) ? earlier(file) : undefined
  const port = config.chainPort || (await free(before && Number(new URL(before.rpcUrl).port)))
  const chain = await startLocalChain({ dir: join(config.dataDir, 'chain'), port })
  const nodePort = await free(before && portOf(before.bootstrap[0]))
  const listen = config.listen ?? (nodePort === 0 ? undefined : [`/ip4/127.0.0.1/tcp/${nodePort}`])
  const { rpcUrl, contracts } = chain
  return {
    file,
    rpcUrl,
    contracts,
    ...(listen === undefined ? {} : { listen }),
    async open(peer) {
      if ((await peer.api.accounts.balance(peer.account)) === 0n) {
        await chain.request('datanet_faucet', [peer.account])
      }
      writeNetwork(file, { bootstrap: peer.addresses, rpcUrl, contracts })
    },
    stop: () => chain.close()
  }
}

/** What the file said; one that says nothing is written anew. */
function earlier(file: string): NetworkFile | undefined {
  try {
    return readNetwork(file)
  } catch (error) {
    if (isDatanetError(error)) return undefined
    throw error
  }
}

function portOf(address: string | undefined): number | undefined {
  const tcp = address === undefined ? undefined : multiaddr(address).getComponents()
  return Number(tcp?.find(({ name }) => name === 'tcp')?.value ?? 0)
}

async function free(port: number | undefined): Promise<number> {
  return port !== undefined && port > 0 && (await isPortFree(port)) ? port : 0
}
