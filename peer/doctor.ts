import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDatanetError } from '../protocol/base/errors.ts'
import { type Config, type ConfigSources, loadConfig } from './config.ts'
import { readNetwork } from './devnet/network.ts'
import { type Finding, fine, wrong } from './doctor/finding.ts'
import { checkDataDir, checkDisk, checkNode } from './doctor/machine.ts'
import { checkBootstrap, checkChain } from './doctor/outside.ts'
import { checkDaemon, checkPorts, type Running, readKeys } from './doctor/running.ts'
import { NETWORK_FILE } from './embedded-network.ts'
import { passphraseOf } from './wallet/passphrase.ts'

/**
 * What is in the way of a peer with this configuration, whether it runs or not; it leaves all as it was.
 * Each finding comes as its check is done. A configuration that cannot be read ends the list.
 */
export async function* diagnose(
  sources: ConfigSources = {},
  init: { readonly nodeVersion?: string; readonly nowMs?: number } = {}
): AsyncGenerator<Finding> {
  yield checkNode(init.nodeVersion ?? process.versions.node)
  const config = readable(sources)
  if ('mark' in config) {
    yield config
    return
  }
  const { dataDir } = config
  const file = sources.file ?? join(dataDir, 'config.json')
  yield fine('config', existsSync(file) ? `${file} is read` : `no ${file}: defaults and flags`)
  yield checkDataDir(dataDir)
  yield checkDisk(dataDir)
  const { finding, running } = await checkDaemon(dataDir)
  yield finding
  yield await checkPorts(config, running)
  const keys = readKeys(dataDir)
  yield keys.finding
  yield* chainFindings(config, running, keys.account, init.nowMs ?? Date.now())
  yield await checkBootstrap(config.bootstrap)
}

function readable(sources: ConfigSources): Config | Finding {
  try {
    const config = loadConfig(sources)
    passphraseOf(config)
    return config
  } catch (error) {
    if (!isDatanetError(error)) throw error
    return wrong('config', error.message, 'correct it; datanet config shows what holds')
  }
}

async function* chainFindings(
  config: Config,
  running: Running | undefined,
  account: string | undefined,
  nowMs: number
): AsyncGenerator<Finding> {
  const { rpcUrl, contracts } = config
  if (config.chain === 'embedded') {
    const file = join(config.dataDir, NETWORK_FILE)
    if (running === undefined || !existsSync(file)) {
      yield fine('chain', 'embedded: it runs while the peer runs')
      return
    }
    yield* await checkChain(readNetwork(file), account, nowMs)
    return
  }
  const chainId = running?.status.chainId
  if (rpcUrl === undefined && contracts === undefined && chainId !== undefined) {
    yield fine('chain', `${chainId}, of the running peer; told the same flags, it is checked here`)
    return
  }
  if (rpcUrl === undefined && contracts === undefined) {
    yield fine('chain', 'none: only free models can be asked (--network, --chain embedded)')
    return
  }
  if (rpcUrl === undefined || contracts === undefined) {
    const missing = rpcUrl === undefined ? 'rpcUrl' : 'contracts'
    yield wrong('chain', `${missing} is missing`, 'give rpcUrl and contracts together')
    return
  }
  yield* await checkChain({ rpcUrl, contracts }, account, nowMs)
}
