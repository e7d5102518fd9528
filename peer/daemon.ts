import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatanetError, isDatanetError } from '../protocol/base/errors.ts'
import { TYPED_DECIMALS } from './api/amounts.ts'
import { DAEMON_FILE, type DaemonFile } from './api/daemon-file.ts'
import { servePeerApi } from './api/server.ts'
import type { Config } from './config.ts'
import { lockDataDir } from './daemon-lock.ts'
import { startEmbeddedNetwork } from './embedded-network.ts'
import { createGateway } from './faces/gateway/gateway.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createPeer, type Peer } from './peer.ts'
import { toDiskFailure } from './store/disk-failure.ts'
import { undo } from './undo.ts'
import { passphraseOf } from './wallet/passphrase.ts'

/** A peer with its doors open. */
export interface Daemon {
  readonly peer: Peer
  /** The PeerApi's door, as api.json in the data directory says. */
  readonly url: string
  readonly token: string
  /** The OpenAI-compatible door, when it is on. */
  readonly gateway?: { readonly url: string; readonly token: string }
  /** What other peers of the machine join by, when this one runs an embedded chain. */
  readonly networkFile?: string
  /** Resolves when its api.json is gone, and with it what the peer stands on; it is stopping then. */
  readonly lost: Promise<DatanetError>
  /** Closes the doors, ends what runs and removes api.json; within five seconds. */
  stop(): Promise<void>
}

export interface DaemonOptions {
  /** Where log lines go; stderr when left out. */
  readonly logTo?: { write(line: string): void }
  /** How often it looks whether its data directory is still there; two seconds when left out. */
  readonly lookMs?: number
}

const TOKEN_BYTES = 24
const STOP_MS = 4_500
const LOOK_MS = 2_000
const EMBEDDED_WITHDRAW_DELAY_S = 10

/**
 * A started peer with its API served, and the gateway when it is on; `api.json` in the data directory
 * tells the owner's programs where. Refuses a data directory that another daemon holds
 * (CONFIG_INVALID), a disk that keeps nothing (STORE_FAILED), a token of other than 18 places (CONFIG_INVALID), and what `createPeer` and `startEmbeddedNetwork` refuse.
 */
export async function startDaemon(config: Config, options: DaemonOptions = {}): Promise<Daemon> {
  const { dataDir, limits } = config
  const passphrase = passphraseOf(config)
  const log = createLog(config.logLevel, options.logTo)
  const lock = lockDataDir(dataDir)
  const started: Array<() => unknown> = [() => lock.release()]
  try {
    const embedded = config.chain === undefined ? undefined : await startEmbeddedNetwork(config)
    if (embedded !== undefined) started.push(() => embedded.stop())
    const { rpcUrl, contracts, listen } = embedded ?? config
    const peer = await createPeer({
      dataDir,
      bootstrap: config.bootstrap,
      ...(rpcUrl === undefined ? {} : { rpcUrl }),
      ...(contracts === undefined ? {} : { contracts }),
      ...(listen === undefined ? {} : { listen }),
      roles: config.roles,
      limits,
      dht: config.dht,
      autoPublish: config.autoPublish,
      ...(config.upstreams === undefined ? {} : { upstreams: config.upstreams }),
      ...delayOf(config),
      ...(config.idleCloseS === 0 ? {} : { idleCloseMs: config.idleCloseS * 1_000 }),
      ...moneyOf(config),
      ...ipfsOf(config),
      ...(passphrase === undefined ? {} : { passphrase }),
      log: (scope, values) => log.info({ scope, ...values })
    })
    started.push(() => peer.stop())
    await embedded?.open(peer)
    await refuseOtherDecimals(peer)
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    const { maxCallWei, prepayWei = maxCallWei } = limits
    const metrics = createMetrics(peer.api, () => server.calls)
    const server = await servePeerApi({
      api: peer.api,
      tokens: [{ token, label: 'owner', admin: true }, ...config.tokens],
      port: config.apiPort,
      maxCallWei,
      prepayWei,
      metrics,
      health: peer.health,
      onCall(report) {
        metrics.observe(report)
        const level = report.code === 'INTERNAL' ? 'error' : 'debug'
        log[level]({ scope: 'api', ...report })
      }
    })
    started.push(() => server.stop())
    const gateway = config.gateway
      ? await createGateway({
          api: peer.api,
          capWei: config.gatewayCapWei,
          maxCallWei,
          prepayWei,
          port: config.gatewayPort,
          ...(config.gatewayToken === undefined ? {} : { token: config.gatewayToken }),
          onError(error) {
            const code = isDatanetError(error) ? error.code : 'INTERNAL'
            log[code === 'INTERNAL' ? 'error' : 'info']({ scope: 'gateway', code })
          }
        })
      : undefined
    if (gateway !== undefined) started.push(() => gateway.stop())
    const doors = gateway === undefined ? {} : { gateway: plain(gateway) }
    const networkFile = embedded === undefined ? {} : { networkFile: embedded.file }
    const file = writeDaemonFile(dataDir, { url: server.url, token, pid: process.pid, ...doors })
    started.push(() => rmSync(file, { force: true }))
    log.info({ scope: 'daemon', peerId: peer.peerId, account: peer.account, url: server.url }, 'up')

    let stopping: Promise<void> | undefined
    function stop(): Promise<void> {
      clearInterval(looking)
      stopping ??= withinStopTime(undo(started)).then((inTime) => {
        log[inTime ? 'info' : 'warn']({ scope: 'daemon', inTime }, 'down')
      })
      return stopping
    }
    const lost = Promise.withResolvers<DatanetError>()
    // Else it would go on serving, and paying, with nothing that could be started again.
    const looking = setInterval(() => {
      if (existsSync(file)) return
      const error = new DatanetError('STORE_FAILED', { dataDir }, { hint: `${file} is gone` })
      log.error({ scope: 'daemon', code: error.code, dataDir }, error.message)
      lost.resolve(error)
      stop().catch(() => {})
    }, options.lookMs ?? LOOK_MS)
    looking.unref()
    return {
      peer,
      url: server.url,
      token,
      ...doors,
      ...networkFile,
      lost: lost.promise,
      stop
    }
  } catch (error) {
    await undo(started).catch(() => {})
    throw toDiskFailure(error, dataDir)
  }
}

/** Who tries the whole loop on a chain of its own does not wait a day for a deposit. */
function delayOf({ withdrawDelayS, chain }: Config): { withdrawDelayS?: number } {
  if (withdrawDelayS !== undefined) return { withdrawDelayS }
  return chain === undefined ? {} : { withdrawDelayS: EMBEDDED_WITHDRAW_DELAY_S }
}

/** What the public side is started with, where there is to be one. */
function ipfsOf({ ipfsPublic, ipfsListen: listen, ipfsBootstrap: bootstrap }: Config) {
  if (!ipfsPublic) return {}
  return {
    ipfs: {
      ...(listen === undefined ? {} : { listen }),
      ...(bootstrap === undefined ? {} : { bootstrap })
    }
  }
}

/** What the watch over the money is told; what is left out has its own default. */
function moneyOf({ confirmations, claimAtWei, towers, towerAtWei, towerLeastWei }: Config) {
  return {
    ...(confirmations === undefined ? {} : { confirmations }),
    ...(claimAtWei === undefined ? {} : { claimAtWei }),
    ...(towers === undefined ? {} : { towers }),
    ...(towerAtWei === undefined ? {} : { towerAtWei }),
    ...(towerLeastWei === undefined ? {} : { towerLeastWei })
  }
}

/** Else `0.05` typed for a token of six places would pay billions. */
async function refuseOtherDecimals({ api }: Peer): Promise<void> {
  const { token } = await api.status()
  if (token === undefined || token.decimals === TYPED_DECIMALS) return
  const { symbol, decimals } = token
  const hint = `${symbol} counts ${decimals} places, and amounts are typed with ${TYPED_DECIMALS}`
  throw new DatanetError('CONFIG_INVALID', { key: 'contracts.token', decimals }, { hint })
}

function plain({ url, token }: { readonly url: string; readonly token: string }) {
  return { url, token }
}

/** Written whole or not at all, and never readable by others, not even for a moment. */
function writeDaemonFile(dataDir: string, content: DaemonFile): string {
  const file = join(dataDir, DAEMON_FILE)
  const draft = `${file}.${process.pid}`
  rmSync(draft, { force: true })
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  chmodSync(draft, 0o600)
  renameSync(draft, file)
  return file
}

/** Whether `stopping` ended in time; what did not ends with the process. */
async function withinStopTime(stopping: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), STOP_MS)
  })
  return await Promise.race([stopping.then(() => true), late]).finally(() => clearTimeout(timer))
}
