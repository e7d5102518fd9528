import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatanetError, isDatanetError } from '../protocol/base/errors.ts'
import { keySigner } from '../protocol/base/typed-data.ts'
import { TYPED_DECIMALS } from './api/amounts.ts'
import type { ChainContracts, WaitOptions } from './chain/chain.ts'
import { type DeployedContract, deployContracts } from './chain/deploy.ts'
import { describeToken } from './chain/ethers/token.ts'
import { createHttpRpc, type Rpc, RpcError } from './chain/rpc.ts'
import { COIN } from './chain/token.ts'
import type { Config } from './config.ts'
import { lockDataDir } from './daemon-lock.ts'
import { writeNetwork } from './devnet/network.ts'
import { openDatabase } from './store/database.ts'
import { passphraseOf } from './wallet/passphrase.ts'
import { openWallet } from './wallet/wallet.ts'

/** Where the contracts go, who pays, and what they are told for ever. */
export interface DeployOrder {
  readonly rpcUrl: string
  /** A file with a hex key that only its owner can read; else the peer's own account pays. */
  readonly keyFile?: string
  /** An ERC-20 that is there already; without it a play-money token is deployed. */
  readonly token?: string
  /** Channels are paid in the chain's own coin instead. */
  readonly coins?: boolean
  /** Seconds a posted drop stays open to veto. */
  readonly dropDelayS: number
  /** Where the network file is written. */
  readonly out: string
}

/** A network that peers can join by its file. */
export interface DeployedNetwork {
  readonly networkFile: string
  readonly contracts: ChainContracts
  readonly deployer: string
  readonly deployed: readonly DeployedContract[]
  readonly gasUsed: bigint
  /** Of the chain's own coin. */
  readonly spentWei: bigint
}

export interface DeployOptions extends WaitOptions {
  readonly onStart?: (start: { readonly chainId: bigint; readonly deployer: string }) => void
  readonly onDeployed?: (deployed: DeployedContract) => void
}

/**
 * Puts the contracts on the chain at `order.rpcUrl` and writes the network file. Refuses, before
 * anything is paid, a file that is there already or cannot be written (INPUT_INVALID), a key file that
 * others can read or that holds no key (CONFIG_INVALID), a chain that does not answer
 * (CHAIN_UNREACHABLE), a token that is none (CHAIN_WRONG) or has other than 18 places, and an account without coins, which is named (FUNDS_INSUFFICIENT).
 */
export async function deployNetwork(
  config: Pick<Config, 'dataDir' | 'keyPassphrase' | 'keyPassphraseFile'>,
  order: DeployOrder,
  options: DeployOptions = {}
): Promise<DeployedNetwork> {
  const networkFile = resolve(order.out)
  refuseUnwritable(networkFile)
  const { signal } = options
  const wait = signal === undefined ? {} : { signal }
  const secretKey = order.keyFile === undefined ? await ownKey(config) : keyOf(order.keyFile)
  const deployer = keySigner(secretKey).address
  const rpc = createHttpRpc({ url: order.rpcUrl })
  const chainId = BigInt((await ask(rpc, 'eth_chainId', [], wait)) as string)
  const balanceOf = async () =>
    BigInt((await ask(rpc, 'eth_getBalance', [deployer, 'latest'], wait)) as string)
  const beforeWei = await balanceOf()
  if (beforeWei === 0n) throw unfunded(deployer, chainId)
  if (order.token !== undefined) await refuseOtherDecimals(order.token, rpc, wait)
  const token = order.coins === true ? COIN : order.token
  options.onStart?.({ chainId, deployer })
  const deployed: DeployedContract[] = []
  let contracts: ChainContracts
  try {
    contracts = await deployContracts(
      {
        rpc: order.rpcUrl,
        secretKey,
        dropDelayS: order.dropDelayS,
        ...(token === undefined ? {} : { token }),
        onDeployed(one) {
          deployed.push(one)
          options.onDeployed?.(one)
        }
      },
      wait
    )
  } catch (error) {
    if (!isDatanetError(error) || error.code !== 'FUNDS_INSUFFICIENT') throw error
    throw unfunded(deployer, chainId, error)
  }
  writeNetwork(networkFile, { bootstrap: [], rpcUrl: order.rpcUrl, contracts })
  return {
    networkFile,
    contracts,
    deployer,
    deployed,
    gasUsed: deployed.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
    spentWei: beforeWei - (await balanceOf())
  }
}

/** What no peer would start with. */
async function refuseOtherDecimals(token: string, rpc: Rpc, options: WaitOptions): Promise<void> {
  const { symbol, decimals } = await describeToken(token, rpc, options)
  if (decimals === TYPED_DECIMALS) return
  const hint = `${symbol} counts ${decimals} places; a token of ${TYPED_DECIMALS} is needed`
  throw new DatanetError('INPUT_INVALID', { token, decimals }, { hint })
}

function unfunded(account: string, chainId: bigint, cause?: unknown): DatanetError {
  const hint = `send coins of chain ${chainId} to ${account}, which pays for the deployment`
  const details = { account, chainId: chainId.toString(), asset: 'gas' }
  return new DatanetError('FUNDS_INSUFFICIENT', details, { cause, hint })
}

/** An endpoint that answers with an error is no chain that could be deployed to. */
async function ask(
  rpc: Rpc,
  method: string,
  params: readonly unknown[],
  options: WaitOptions
): Promise<unknown> {
  return rpc(method, params, options).catch((cause: unknown) => {
    if (!(cause instanceof RpcError)) throw cause
    throw new DatanetError('CHAIN_UNREACHABLE', { method }, { cause, hint: cause.message })
  })
}

/** Known before money is spent: addresses that cannot be written down would be lost. */
function refuseUnwritable(file: string): void {
  const refuse = (hint: string, cause?: unknown) =>
    new DatanetError('INPUT_INVALID', { file }, { cause, hint })
  if (existsSync(file)) throw refuse(`${file} is there already; choose another with --out`)
  try {
    accessSync(dirname(file), constants.W_OK)
  } catch (cause) {
    throw refuse(`${file} cannot be written`, cause)
  }
}

function keyOf(file: string): Uint8Array {
  const refuse = (hint: string, cause?: unknown) =>
    new DatanetError('CONFIG_INVALID', { key: 'keyFile' }, { cause, hint })
  let text: string
  try {
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
      throw refuse(`others can read ${file}: chmod 600 it`)
    }
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw cause instanceof DatanetError ? cause : refuse(`${file} cannot be read`, cause)
  }
  const [, digits] = /^(?:0x)?([0-9a-f]{64})$/i.exec(text) ?? []
  if (digits === undefined) throw refuse(`${file} does not hold a key of 64 hex digits`)
  return new Uint8Array(Buffer.from(digits, 'hex'))
}

/** The key of the peer's own account, made if the peer never started. */
async function ownKey(
  config: Pick<Config, 'dataDir' | 'keyPassphrase' | 'keyPassphraseFile'>
): Promise<Uint8Array> {
  const { dataDir } = config
  const passphrase = passphraseOf(config)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const lock = lockDataDir(dataDir)
  try {
    const db = openDatabase(join(dataDir, 'peer.db'))
    try {
      const wallet = await openWallet(db, passphrase === undefined ? {} : { passphrase })
      return wallet.own.secretKey
    } finally {
      db.close()
    }
  } finally {
    lock.release()
  }
}
