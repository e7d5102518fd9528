import { onTestFinished } from 'vitest'
import { type Bot, startBot } from '../../bot/bot.ts'
import { type BotStore, openStore } from '../../bot/store/store.ts'
import type { PeerApi } from '../../peer/api/peer-api.ts'
import { createFakecord, type Fakecord, type FakecordInit } from '../fixtures/fakecord/fakecord.ts'

/** A bot that is logged in at a local Discord, both on one clock that stands still. */
export interface BotWorld {
  readonly discord: Fakecord
  readonly bot: Bot
  readonly store: BotStore
  /** What the operator was told. */
  readonly logged: { readonly event: string; readonly [key: string]: unknown }[]
}

/** The real client, logged in and ready; stopped when the test is over. */
export async function startTestBot(
  api: PeerApi,
  init: FakecordInit & {
    readonly discord?: Fakecord
    readonly topics?: readonly string[]
    /** What an earlier bot left; nothing unless given. */
    readonly store?: BotStore
    readonly drainMs?: number
    /** What who runs the bot pays a day. */
    readonly dailyWei?: bigint
    /** Goes on after the test that started it. */
    readonly isKept?: boolean
  } = {}
): Promise<BotWorld> {
  const discord = init.discord ?? (await createFakecord(init))
  const logged: BotWorld['logged'] = []
  const log = (event: string, values = {}) => logged.push({ event, ...values })
  const { topics = [] } = init
  const { dailyWei } = init
  const store = init.store ?? openStore(discord.clock, dailyWei === undefined ? {} : { dailyWei })
  const parts = { api, store, clock: discord.clock, log, topics }
  const bot = await startBot(parts, {
    token: discord.token,
    api: discord.api,
    ...(init.drainMs === undefined ? {} : { drainMs: init.drainMs })
  })
  if (init.isKept !== true)
    onTestFinished(async () => {
      await bot.stop()
      if (init.store === undefined) store.close()
      if (init.discord === undefined) await discord.stop()
    })
  return { discord, bot, store, logged }
}
