import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { DatanetError, isDatanetError } from '../../protocol/base/errors.ts'
import type { Chain } from '../chain/chain.ts'
import { createEthersChain } from '../chain/ethers-chain.ts'
import { startLocalChain } from '../chain/local-chain.ts'
import { lockDataDir } from '../daemon-lock.ts'
import { createNode } from '../net/node.ts'
import { undo } from '../undo.ts'
import { type Network, readNetwork, writeNetwork } from './network.ts'

/** What stands around the participants: a chain with contracts, and a peer to join by. */
export interface World {
  readonly dir: string
  readonly networkFile: string
  readonly network: Network
  /** True when this world was kept from an earlier run. */
  readonly isKept: boolean
  /** An onlooker's view of the chain: it reads balances and sends nothing. */
  readonly chain: Chain
  readonly dropDelayS: number
  stop(): Promise<void>
}

/**
 * A world in `keep`, or in a directory of its own that is removed at the end. Every address and port
 * is chosen free, so that several worlds stand beside each other. Refuses a `keep` that cannot be a
 * folder, and one whose world runs already (CONFIG_INVALID).
 */
export async function createWorld(topic: string, keep?: string): Promise<World> {
  const dir = folder(keep)
  const started: Array<() => unknown> = []
  const remove = () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  if (keep === undefined) {
    // An end that nobody planned must leave no folder either.
    process.once('exit', remove)
    started.push(remove, () => process.off('exit', remove))
  }
  const stop = () => undo(started)
  if (keep !== undefined) started.push(holding(dir))
  try {
    const networkFile = join(dir, 'network.json')
    const isKept = existsSync(networkFile)
    const local = await startLocalChain({
      dir: join(dir, 'chain'),
      ...(isKept ? { known: readNetwork(networkFile).contracts } : {})
    })
    started.push(() => local.close())
    const { rpcUrl, contracts, request, dropDelayS } = local
    const fresh = privateKeyToProtobuf(await generateKeyPair('Ed25519'))
    const node = await createNode({
      privateKey: privateKeyFromProtobuf(keyIn(join(dir, 'bootstrap.key'), () => fresh)),
      bootstrap: []
    })
    started.push(() => node.stop())
    const network: Network = {
      bootstrap: node.getMultiaddrs().map(String),
      rpcUrl,
      contracts,
      topic
    }
    writeNetwork(networkFile, network)
    const secretKey = new Uint8Array(randomBytes(32))
    const chain = createEthersChain({ rpc: request, contracts, secretKey })
    started.push(() => chain.close())
    return { dir, networkFile, network, isKept, chain, dropDelayS, stop }
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
}

/** The folder of the world. Refuses a place that cannot be one (CONFIG_INVALID). */
function folder(keep: string | undefined): string {
  if (keep === undefined) return mkdtempSync(join(tmpdir(), 'datanet-'))
  try {
    mkdirSync(keep, { recursive: true, mode: 0o700 })
    return keep
  } catch (cause) {
    const hint = `${keep} cannot be made a folder`
    throw new DatanetError('CONFIG_INVALID', { keep }, { cause, hint })
  }
}

/** Holds a kept world until the returned function is called. Refuses one that is held (CONFIG_INVALID). */
function holding(dir: string): () => void {
  try {
    const lock = lockDataDir(dir)
    return () => lock.release()
  } catch (cause) {
    if (!isDatanetError(cause) || cause.details.running !== true) throw cause
    const hint = `another devnet runs in ${dir}: stop it, or --keep another folder`
    throw new DatanetError('CONFIG_INVALID', { keep: dir, running: true }, { cause, hint })
  }
}

function keyIn(file: string, make: () => Uint8Array): Uint8Array {
  if (existsSync(file)) return Uint8Array.from(Buffer.from(readFileSync(file, 'utf8'), 'hex'))
  const key = make()
  writeFileSync(file, Buffer.from(key).toString('hex'), { mode: 0o600 })
  return key
}
