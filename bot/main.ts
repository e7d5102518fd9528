import { once } from 'node:events'
import { join } from 'node:path'
import type { PeerApi } from '../peer/api/peer-api.ts'
import { toProblem } from '../peer/api/problem.ts'
import type { Bot } from './bot.ts'
import { systemClock } from './clock.ts'
import type { BotParts } from './commands/bot-command.ts'
import { type BotConfig, readBotConfig } from './config.ts'
import { ANOTHER_RUNS, GUIDANCE, REFUSED } from './guidance.ts'
import { codeOf, createLog } from './log.ts'

// What a bot and a peer are made of is loaded once there is a token: until then it answers at once.

const log = createLog()
const stopping = new AbortController()
let firstMs = 0
const LEFT_MS = 1_000
const DRAIN_MS = 20_000
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // A terminal and npm may both deliver one Ctrl-C; one well after it ends everything at once.
    if (stopping.signal.aborted && performance.now() - firstMs > 1_500) process.exit(130)
    if (stopping.signal.aborted) return
    firstMs = performance.now()
    stopping.abort()
  })
}

try {
  const config = readBotConfig()
  if (config.discordToken === undefined) fail(GUIDANCE)
  else await run(config, config.discordToken)
} catch (error) {
  const { code, detail, details } = toProblem(error).body
  fail(`${code}: ${detail}\n${details.running === true ? ANOTHER_RUNS : ''}`)
}

async function run(config: BotConfig, token: string): Promise<void> {
  const { topics } = config
  const peer = await peerOf(config)
  const dir = config.dataDir ?? peer.dataDir
  const { openStore } = await import('./store/store.ts')
  const store = openStore(systemClock, {
    ...(dir === undefined ? {} : { dir }),
    dailyWei: config.dailyWei
  })
  try {
    const bot = await login(config, token, { api: peer.api, store })
    if (bot === undefined) return
    bot.lost.then((why) => {
      fail(`${why}: stopped before it is banned. Look whether Discord is well, then start again.\n`)
      stopping.abort()
    })
    process.stdout.write(`${bot.name} is at Discord: /start shows what it does. Ctrl-C ends it.\n`)
    const { knownDatanets, knownModels } = await import('./discover.ts')
    // So that the first question finds something; who asks earlier looks for it as well.
    const { signal } = stopping
    Promise.all([
      knownDatanets(peer.api, topics, { signal }),
      knownModels(peer.api, topics, { signal })
    ]).catch((error) => log('discover', { code: codeOf(error) }))
    if (!signal.aborted) await once(signal, 'abort')
    process.stdout.write('Stopping…\n')
    await bot.stop()
  } finally {
    await peer.stop()
    store.close()
    // Whatever still looks for a Discord that is gone does not keep the process.
    setTimeout(() => process.exit(), LEFT_MS).unref()
  }
}

/** The bot, or nothing when Discord does not let it in: then it was said why. */
async function login(
  { topics, discordApi, peer }: BotConfig,
  token: string,
  { api, store }: Pick<BotParts, 'api' | 'store'>
): Promise<Bot | undefined> {
  const { startBot } = await import('./bot.ts')
  const parts = { api, store, clock: systemClock, log, topics }
  try {
    return await startBot(parts, {
      token,
      // Beside a remote peer another process of the bot may run already, and take what is new.
      drainMs: peer === undefined ? 0 : DRAIN_MS,
      ...(discordApi === undefined ? {} : { api: discordApi })
    })
  } catch (error) {
    const isRefused = codeOf(error) === 'TokenInvalid' || statusOf(error) === 401
    const unreachable = `Discord could not be reached (${codeOf(error)}). Is this machine online?\n`
    fail(isRefused ? REFUSED : unreachable)
    return undefined
  }
}

/** The remote peer that is configured, or one of this process's own on its data directory. */
async function peerOf(
  config: BotConfig
): Promise<{ readonly api: PeerApi; readonly dataDir?: string; stop(): Promise<void> }> {
  if (config.peer !== undefined) {
    const { connectPeer } = await import('../peer/api/client.ts')
    const api = connectPeer(config.peer)
    // Now, and not at the first member's question.
    await api.status()
    return { api, stop: async () => {} }
  }
  const { loadConfig } = await import('../peer/config.ts')
  const { startDaemon } = await import('../peer/daemon.ts')
  const own = loadConfig()
  const daemon = await startDaemon(own)
  // A devnet gives play money to who asks; anywhere else nothing comes of it.
  const { askFaucet } = await import('../peer/devnet/faucet.ts')
  if (own.rpcUrl !== undefined) await askFaucet(own.rpcUrl, daemon.peer.account).catch(() => false)
  daemon.lost.then((error) => {
    fail(`${error.code}: ${error.message}\n`)
    stopping.abort()
  })
  return {
    api: daemon.peer.api,
    dataDir: join(own.dataDir, 'discord'),
    stop: () => daemon.stop()
  }
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'status' in error ? error.status : undefined
}

function fail(words: string): void {
  process.stderr.write(words)
  process.exitCode = 1
}
