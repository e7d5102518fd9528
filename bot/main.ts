import { once } from 'node:events'
import { DiscordjsError } from 'discord.js'
import { connectPeer } from '../peer/api/client.ts'
import type { PeerApi } from '../peer/api/peer-api.ts'
import { toProblem } from '../peer/api/problem.ts'
import { startBot } from './bot.ts'
import { cappedApi } from './capped.ts'
import { systemClock } from './clock.ts'
import { type BotConfig, readBotConfig } from './config.ts'
import { knownDatanets, knownModels } from './discover.ts'
import { GUIDANCE, REFUSED } from './guidance.ts'
import { codeOf, createLog } from './log.ts'

const log = createLog()
const stopping = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => stopping.abort())
}

try {
  const config = readBotConfig()
  if (config.discordToken === undefined) {
    process.stderr.write(GUIDANCE)
    process.exitCode = 1
  } else await run(config, config.discordToken)
} catch (error) {
  process.exitCode = 1
  if (error instanceof DiscordjsError || isRefusedByDiscord(error)) {
    process.stderr.write(REFUSED)
    log('refused', { code: codeOf(error) })
  } else {
    const { code, detail } = toProblem(error).body
    process.stderr.write(`${code}: ${detail}\n`)
  }
}

async function run(config: BotConfig, token: string): Promise<void> {
  const { topics, discordApi } = config
  const peer = await peerOf(config)
  try {
    const parts = { api: peer.api, clock: systemClock, log, topics }
    const api = discordApi === undefined ? {} : { api: discordApi }
    const bot = await startBot(parts, { token, ...api })
    process.stdout.write(`${bot.name} is at Discord: /ask and /contribute. Ctrl-C ends it.\n`)
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
  }
}

/** The remote peer that is configured, or one of this process's own on its data directory. */
async function peerOf(
  config: BotConfig
): Promise<{ readonly api: PeerApi; stop(): Promise<void> }> {
  if (config.peer !== undefined) {
    const api = connectPeer(config.peer)
    // Now, and not at the first member's question.
    await api.status()
    return { api, stop: async () => {} }
  }
  // Loaded by who starts a peer: the rest should answer at once.
  const { loadConfig } = await import('../peer/config.ts')
  const { startDaemon } = await import('../peer/daemon.ts')
  const own = loadConfig()
  const daemon = await startDaemon(own)
  const { maxCallWei } = own.limits
  const cap = { capWei: config.dailyWei, maxCallWei, now: systemClock.now }
  return { api: cappedApi(daemon.peer.api, cap), stop: () => daemon.stop() }
}

/** The gateway closes on a wrong token; the API answers 401. */
function isRefusedByDiscord(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 401
}
