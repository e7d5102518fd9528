import { Events } from 'discord.js'
import type { BotParts } from './commands/bot-command.ts'
import { createCommands } from './commands/commands.ts'
import { createClient } from './discord/client.ts'
import { startIntake } from './discord/intake.ts'
import { startPosting } from './discord/posting.ts'
import { registerCommands } from './discord/registration.ts'
import { createRouter } from './discord/router.ts'
import { startReconciling } from './ledger/reconciling.ts'
import { codeOf } from './log.ts'

/** A bot that is logged in. */
export interface Bot {
  /** What it is called at Discord. */
  readonly name: string
  /**
   * Takes nothing new, gives what runs the time it was started with, ends the rest with a word to who
   * waits, and logs out.
   */
  stop(): Promise<void>
  /** Resolves with why, when Discord ends the connection again and again. */
  readonly lost: Promise<string>
}

export interface BotInit {
  readonly token: string
  /** Where Discord's API is; its own address unless given. */
  readonly api?: string
  /** How long what runs may go on once it is stopped: where another process takes what is new. */
  readonly drainMs?: number
}

const STOP_MS = 5_000
/** So many connections anew within a minute lead to a ban; a thousand a day are permitted. */
const MAX_RECONNECTS = 20
const RECONNECTS_MS = 60_000

/**
 * A bot that is ready, its commands registered. Rejects with what discord.js says when Discord does
 * not let it in. Nothing that goes wrong in one interaction ends it.
 */
export async function startBot(parts: BotParts, init: BotInit): Promise<Bot> {
  const { log } = parts
  const commands = createCommands(parts)
  const client = createClient(init.api)
  const intake = startIntake(client, createRouter(commands, { log }), parts)
  const reconciling = startReconciling(parts, parts.store.spending)
  let posting: { stop(): Promise<void> } | undefined
  let giveUp = (_why: string) => {}
  const lost = new Promise<string>((resolve) => {
    giveUp = resolve
  })

  // Without a listener an error of the connection would end the process.
  client.on(Events.Error, (error) => log('discord', { code: codeOf(error) }))
  client.on(Events.ShardError, (error) => log('gateway', { code: codeOf(error) }))
  const reconnects: number[] = []
  client.on(Events.ShardReconnecting, () => {
    const now = parts.clock.now()
    reconnects.push(now)
    while ((reconnects[0] ?? now) <= now - RECONNECTS_MS) reconnects.shift()
    if (reconnects.length < MAX_RECONNECTS) return
    log('reconnects', { count: reconnects.length })
    client.destroy().catch(() => {})
    giveUp(`Discord ended the connection ${reconnects.length} times within a minute`)
  })
  try {
    const ready = new Promise<void>((resolve) => client.once(Events.ClientReady, () => resolve()))
    await client.login(init.token)
    await ready
    const { application, user } = client
    if (application === null || user === null) throw new Error('Discord did not say who we are')
    const definitions = commands.map(({ definition }) => definition)
    const isNew = await registerCommands(client.rest, application.id, definitions)
    posting = startPosting(client, { outbox: parts.store.outbox, ...parts })
    log('ready', { name: user.username, guilds: client.guilds.cache.size, registered: isNew })
    return {
      name: user.username,
      lost,
      async stop() {
        intake.pause()
        await settled(intake.active, init.drainMs ?? 0)
        for (const command of commands) command.stop?.()
        await settled(intake.active, STOP_MS)
        intake.stop()
        reconciling.stop()
        await settled(new Set([posting?.stop() ?? Promise.resolve()]), STOP_MS)
        // A client that is looking for a Discord that is gone would not be done with it.
        await settled(new Set([client.destroy()]), STOP_MS)
      }
    }
  } catch (error) {
    intake.stop()
    reconciling.stop()
    await client.destroy()
    throw error
  }
}

/** Waits for what runs, but not for ever. */
async function settled(active: ReadonlySet<Promise<unknown>>, maxMs: number): Promise<void> {
  if (active.size === 0) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, maxMs)
  })
  await Promise.race([Promise.allSettled(active), late]).finally(() => clearTimeout(timer))
}
