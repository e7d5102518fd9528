import { beforeEach, expect, test } from 'vitest'
import { startBot } from '../../bot/bot.ts'
import { openStore } from '../../bot/store/store.ts'
import { createFakecord, type Fakecord } from '../fixtures/fakecord/fakecord.ts'
import { textOf } from '../fixtures/fakecord/render.ts'
import { done, gate, scriptedPeer, started } from './scripted-peer.ts'
import { startTestBot } from './start-bot.ts'

let discord: Fakecord

beforeEach(async () => {
  discord = await createFakecord()
  return () => discord.stop()
})

const api = scriptedPeer(async function* () {
  yield started
  yield done()
})
const parts = () => ({
  api,
  store: openStore(discord.clock),
  clock: discord.clock,
  log: () => {},
  topics: []
})

test('commands are registered when they differ from those that Discord has, and only then', async () => {
  const first = await startBot(parts(), { token: discord.token, api: discord.api })
  expect(discord.commands.map(({ name }) => name)).toContain('ask')
  expect(discord.commandWrites).toBe(1)
  await first.stop()
  const second = await startBot(parts(), { token: discord.token, api: discord.api })
  expect(discord.commandWrites).toBe(1)
  await second.stop()
  Object.assign(discord.commands[0] as object, { description: 'An older one' })
  const third = await startBot(parts(), { token: discord.token, api: discord.api })
  expect(discord.commandWrites).toBe(2)
  await third.stop()
  expect(discord.violations).toEqual([])
})

test('the bot asks to be told of guilds, and of nothing that needs a permission', async () => {
  await startTestBot(api, { discord })
  expect(discord.gateway.intents).toBe(1)
})

test('a wrong token is refused by what is thrown, and nothing is left running', async () => {
  const wrong = startBot(parts(), { token: `${discord.token}x`, api: discord.api })
  await expect(wrong).rejects.toThrow(/token/i)
})

test('what was sent while the connection was cut is answered when it is back', async () => {
  await startTestBot(api, { discord })
  discord.gateway.cut()
  const turn = discord.member('ann').slash('ask', { question: 'Are you there?' })
  const message = await turn.shown()
  await discord.until(() => textOf(message).includes('receipt') || undefined)
  expect(discord.gateway).toMatchObject({ resumed: 1, identified: 1 })
  expect(discord.violations).toEqual([])
})

test('an interaction that Discord gave up on is left alone, and the bot goes on', async () => {
  const [asked, slow] = [gate(), gate()]
  const peer = scriptedPeer(async function* () {}, {
    more: {
      datanets: {
        async list() {
          asked.open()
          await slow.opened
          return []
        }
      }
    }
  })
  const { logged } = await startTestBot(peer, { discord })
  const ann = discord.member('ann')
  const late = ann.slash('contribute text')
  await asked.opened
  await discord.clock.advance(3_001)
  slow.open()
  await expect.poll(() => logged.at(-1)).toMatchObject({ event: 'untold', code: '10062' })
  expect(late.interaction.answered).toBeUndefined()
  expect(textOf(await ann.slash('contribute text').shown())).toMatch(/DATANET_UNKNOWN/)
})

test('the bot stops while Discord is gone', async () => {
  const gone = await createFakecord()
  const { clock } = gone
  const bot = await startBot({ ...parts(), clock }, { token: gone.token, api: gone.api })
  await gone.stop()
  const startedMs = performance.now()
  await bot.stop()
  expect(performance.now() - startedMs).toBeLessThan(10_000)
})

test('a control of another version says so', async () => {
  await startTestBot(api, { discord })
  const ann = discord.member('ann')
  const turn = ann.slash('ask', { question: 'What?' })
  const message = await turn.shown()
  await discord.until(() => textOf(message).includes('receipt') || undefined)
  // As an older version left it there.
  const button = { type: 2, style: 1, label: 'Old', custom_id: 'v0:old:1' }
  message.history.push({
    ...(message.history.at(-1) as (typeof message.history)[number]),
    components: [{ type: 1, components: [button] }]
  })
  expect(textOf(await ann.click(message, 'Old').shown())).toMatch(/older version/)
})
