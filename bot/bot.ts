import { Events } from 'discord.js'
import { createAsk } from './commands/ask.ts'
import type { BotParts } from './commands/bot-command.ts'
import { createContribute } from './commands/contribute.ts'
import { createClaims } from './discord/claims.ts'
import { createClient } from './discord/client.ts'
import { registerCommands } from './discord/registration.ts'
import { createRouter } from './discord/router.ts'
import { codeOf } from './log.ts'

/** A bot that is logged in. */
export interface Bot {
  /** What it is called at Discord. */
  readonly name: string
  /** Takes nothing new, ends what runs with a word to who waits, and logs out; within ten seconds. */
  stop(): Promise<void>
}

export interface BotInit {
  readonly token: string
  /** Where Discord's API is; its own address unless given. */
  readonly api?: string
}

const STOP_MS = 5_000

/**
 * A bot that is ready, its commands registered. Rejects with what discord.js says when Discord does
 * not let it in. Nothing that goes wrong in one interaction ends it.
 */
export async function startBot(parts: BotParts, init: BotInit): Promise<Bot> {
  const { log } = parts
  const commands = [createAsk(parts), createContribute(parts)]
  const route = createRouter(commands, { claims: createClaims(), log })
  const client = createClient(init.api)
  const active = new Set<Promise<void>>()
  let isStopping = false

  // Without a listener an error of the connection would end the process.
  client.on(Events.Error, (error) => log('discord', { code: codeOf(error) }))
  client.on(Events.ShardError, (error) => log('gateway', { code: codeOf(error) }))
  client.on(Events.InteractionCreate, (interaction) => {
    if (isStopping) return
    const work = route(interaction).finally(() => active.delete(work))
    active.add(work)
  })
  try {
    const ready = new Promise<void>((resolve) => client.once(Events.ClientReady, () => resolve()))
    await client.login(init.token)
    await ready
    const { application, user } = client
    if (application === null || user === null) throw new Error('Discord did not say who we are')
    const definitions = commands.map(({ definition }) => definition)
    const isNew = await registerCommands(client.rest, application.id, definitions)
    log('ready', { name: user.username, guilds: client.guilds.cache.size, registered: isNew })
    return {
      name: user.username,
      async stop() {
        isStopping = true
        for (const command of commands) command.stop?.()
        await settled(active)
        // A client that is looking for a Discord that is gone would not be done with it.
        await settled(new Set([client.destroy()]))
      }
    }
  } catch (error) {
    await client.destroy()
    throw error
  }
}

/** Waits for what runs, but not for ever. */
async function settled(active: ReadonlySet<Promise<unknown>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, STOP_MS)
  })
  await Promise.race([Promise.allSettled(active), late]).finally(() => clearTimeout(timer))
}
