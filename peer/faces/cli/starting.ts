import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { toProblem } from '../../api/problem.ts'
import { type Config, loadConfig } from '../../config.ts'
import { startInBackground } from './background.ts'
import { rememberPeer } from './last-peer.ts'
import { fields } from './layout.ts'
import type { Print } from './print.ts'
import type { CommonOptions } from './program.ts'
import { askSecret } from './secret-prompt.ts'
import { stopDaemon } from './stop.ts'
import { tellStart } from './tell-start.ts'
import type { Found } from './which-peer.ts'
import { whoseOf } from './whose.ts'

const SLOW_MS = 1_500

/** The process around the commands that start and stop peers. */
export interface StartingWorld {
  print(isJson: boolean): Print
  /** Fires when a person or the system ends the command. */
  readonly signal: AbortSignal
  stopOnSignals(): void
}

/** `peer start`: a peer in this process until it is told to stop, or one that outlives the command. */
export async function startPeer(
  { json, background, behind, ...flags }: Record<string, unknown>,
  { print: printOf, signal, stopOnSignals }: StartingWorld
): Promise<void> {
  stopOnSignals()
  const print = printOf(json === true)
  if (background === true) return startBehind(flags, print, signal)
  const { startDaemon } = await import('../../daemon.ts')
  const { askFaucet } = await import('../../devnet/faucet.ts')
  const config = loadConfig({ flags })
  // On a terminal a person reads along, who wants to know what went wrong and not what goes on.
  const isWatched = process.stderr.isTTY === true && flags.logLevel === undefined
  const daemon = await unlocked(config, signal, (opened) => {
    // Not at once: most start within a second, and a passphrase may be asked for before.
    const slow = setTimeout(
      () => print.progress({ text: 'starting the peer', done: 0, total: 0 }),
      SLOW_MS
    )
    const starting = startDaemon(isWatched ? { ...opened, logLevel: 'warn' } : opened)
    return starting.finally(() => {
      clearTimeout(slow)
      // Takes the line away, whatever is said next and by whom.
      print.write('')
    })
  })
  try {
    const { peer, url, gateway, networkFile } = daemon
    const { keystore, chainId } = await peer.api.status()
    const isGiven =
      config.rpcUrl !== undefined &&
      (await askFaucet(config.rpcUrl, peer.account).catch(() => false))
    const dataDir = resolve(config.dataDir)
    rememberPeer(dataDir)
    const { peerId, account, addresses } = peer
    // What it says stays in a log, where no token belongs.
    if (behind === true) await print.show({ dataDir, pid: process.pid }, () => '')
    else
      await print.show(
        {
          ...{ peerId, account, addresses, dataDir, url, gateway, isGiven, keystore },
          ...{ chainId, networkFile, isAlone: config.bootstrap.length === 0, pid: process.pid }
        },
        (started) =>
          tellStart(started, print.columns, {
            whose: whoseOf(flags.dataDir === undefined ? undefined : dataDir),
            topic: config.networkTopic
          })
      )
    const ended = signal.aborted ? undefined : once(signal, 'abort').then(() => undefined)
    const lost = await Promise.race([ended, daemon.lost])
    if (lost !== undefined) throw lost
    print.write('\nStopping…\n')
  } finally {
    await daemon.stop()
  }
  // libp2p leaves a timer behind that holds the process for a second; there is nothing to wait for.
  process.exit()
}

/** `peer stop`: resolves when the process of `found` is gone. */
export async function stopPeer(
  { json }: CommonOptions,
  { daemon, dataDir }: Found,
  { print, signal, stopOnSignals }: StartingWorld
): Promise<void> {
  stopOnSignals()
  const { pid, url } = daemon
  await stopDaemon(daemon, { signal })
  await print(json === true).show(
    { pid, url, dataDir },
    () => `Stopped the peer on ${dataDir}: process ${pid} is gone.`
  )
}

/** What `start` gives, asking on a terminal for the passphrase of encrypted keys, three times. */
export async function unlocked<T>(
  config: Config,
  signal: AbortSignal,
  start: (config: Config) => Promise<T>
): Promise<T> {
  for (let tries = 0, opened = config; ; tries += 1) {
    try {
      return await start(opened)
    } catch (error) {
      const { code } = toProblem(error).body
      const isAsked = code === 'KEYSTORE_LOCKED' || (code === 'PASSPHRASE_WRONG' && tries > 0)
      if (!isAsked || tries >= 3) throw error
      const question =
        code === 'KEYSTORE_LOCKED' ? 'Passphrase of the keys: ' : 'Not that one. Again: '
      const keyPassphrase = await askSecret(question, { signal })
      if (keyPassphrase === undefined) throw error
      opened = { ...config, keyPassphrase }
    }
  }
}

/** A peer that outlives this command. */
async function startBehind(
  flags: Record<string, unknown>,
  print: Print,
  signal: AbortSignal
): Promise<void> {
  const dataDir = resolve(loadConfig({ flags }).dataDir)
  const words = Object.entries(flags).flatMap(([key, value]) => flagOf(key, value))
  const daemon = await startInBackground(dataDir, { signal, flags: words })
  await print.show({ dataDir, pid: daemon.pid, url: daemon.url }, ({ pid }) =>
    fields(
      [
        ['peer', `process ${pid}, in the background; its log is ${join(dataDir, 'peer.log')}`],
        [
          'stop it',
          `npx datanet peer stop${whoseOf(flags.dataDir === undefined ? undefined : dataDir)}`
        ]
      ],
      print.columns
    )
  )
}

/** A flag as it is typed; the data directory is told anyway, and files are named whole. */
function flagOf(key: string, value: unknown): string[] {
  if (key === 'dataDir' || value === undefined) return []
  const name = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  if (value === true) return [name]
  if (Array.isArray(value)) return value.flatMap((one) => [name, String(one)])
  return [name, key === 'network' ? resolve(String(value)) : String(value)]
}
