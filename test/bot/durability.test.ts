import { beforeEach, expect, test } from 'vitest'
import { openStore } from '../../bot/store/store.ts'
import type { PeerApi } from '../../peer/api/peer-api.ts'
import { createFakecord, type Fakecord } from '../fixtures/fakecord/fakecord.ts'
import type { Member, Turn } from '../fixtures/fakecord/member.ts'
import { textOf } from '../fixtures/fakecord/render.ts'
import { CALL, done, gate, scriptedPeer, started } from './scripted-peer.ts'
import { startTestBot } from './start-bot.ts'

// A bot that was killed is one whose claims nobody renews: its database is looked at by another.
let discord: Fakecord
let ann: Member

beforeEach(async () => {
  discord = await createFakecord()
  ann = discord.member('ann')
  return () => discord.stop()
})

async function saying(turn: Turn, words: RegExp) {
  const message = await turn.shown()
  await discord.until(() => words.test(textOf(message)) || undefined)
  return message
}

/** What a bot left behind that took `turn` and was killed; `did` is what it did of it. */
function abandoned(turn: Turn, payload: object, did: Readonly<Record<string, unknown>> = {}) {
  const store = openStore(discord.clock)
  const { id } = turn.interaction
  store.claims.take({ id, ...payload }, true)
  for (const [step, value] of Object.entries(did)) store.claims.keep(id, step, value)
  store.database.run("UPDATE claim SET owner = 'gone'")
  return store
}

/** What the gateway told of `turn`: one bot listens, and none answers. */
async function told(begin: () => Turn): Promise<{ turn: Turn; payload: object }> {
  const payloads: object[] = []
  const { Client } = await import('discord.js')
  const client = new Client({ intents: [1], rest: { api: discord.api } })
  client.on('raw', (packet: { t: string; d: object }) => {
    if (packet.t === 'INTERACTION_CREATE') payloads.push(packet.d)
  })
  const ready = new Promise((resolve) => client.once('clientReady', resolve))
  await client.login(discord.token)
  await ready
  const turn = begin()
  await expect.poll(() => payloads.length).toBe(1)
  await client.destroy()
  return { turn, payload: payloads[0] as object }
}

async function register(api: PeerApi) {
  const { bot } = await startTestBot(api, { discord })
  await bot.stop()
}

test('a question whose bot was killed before it answered is answered by the next one', async () => {
  let asked = 0
  const api = scriptedPeer(async function* () {
    asked += 1
    yield started
    yield done()
  })
  await register(api)
  const { turn, payload } = await told(() => ann.slash('ask', { question: 'What?' }))
  const store = abandoned(turn, payload)
  await startTestBot(api, { discord, store })
  await discord.clock.advance(2_000)
  await saying(turn, /receipt/)
  expect(asked).toBe(1)
  expect(discord.messages).toHaveLength(1)
})

test('what was paid for before the kill is shown, and not asked and paid again', async () => {
  let asked = 0
  const api = scriptedPeer(async function* () {
    asked += 1
    yield started
    yield done()
  })
  await register(api)
  const { turn, payload } = await told(() => ann.slash('ask', { question: 'What?' }))
  const call = { question: 'What?', model: 'crafts', callId: CALL }
  const store = abandoned(turn, payload, { call })
  await startTestBot(api, { discord, store })
  await discord.clock.advance(2_000)
  const message = await saying(turn, /Cut short/)
  expect(textOf(message)).toContain(`receipt \`${CALL}\``)
  expect(asked).toBe(0)
})

test('of two overlapping processes one answers, and the other stops without a gap', async () => {
  const held = gate()
  const asked: string[] = []
  const peer = (name: string) =>
    scriptedPeer(async function* () {
      asked.push(name)
      yield started
      await held.opened
      yield done()
    })
  const store = openStore(discord.clock)
  const old = await startTestBot(peer('old'), { discord, store, drainMs: 10_000 })
  const turn = ann.slash('ask', { question: 'What?' })
  await turn.shown()
  await startTestBot(peer('new'), { discord, store })
  const stopping = old.bot.stop()
  const later = discord.member('ben').slash('ask', { question: 'And?' })
  await later.shown()
  held.open()
  await saying(turn, /receipt/)
  await saying(later, /receipt/)
  await stopping
  // Both were told of the second; who was there first had the first one.
  expect(asked.toSorted()).toEqual(['new', 'old'])
})

test('what took longer than Discord waits stands in the inbox', async () => {
  const api = scriptedPeer(async function* () {})
  await register(api)
  const { turn, payload } = await told(() => ann.slash('ask', { question: 'What?' }))
  const store = abandoned(turn, payload)
  await discord.clock.advance(15 * 60_000)
  await startTestBot(api, { discord, store })
  await discord.clock.advance(1_000)
  expect(store.notices.of(ann.id, 5)).toMatchObject([{ text: expect.stringMatching(/longer/) }])
})

test('who clicks faster than a person is told to wait', async () => {
  const held = gate()
  const api = scriptedPeer(async function* () {
    yield started
    await held.opened
    yield done()
  })
  await startTestBot(api, { discord })
  const message = await ann.slash('ask', { question: 'What?' }).shown()
  const ben = discord.member('ben')
  const turns: Turn[] = []
  for (let n = 0; n < 6; n++) {
    turns.push(ben.click(message, 'Cancel'))
    await turns.at(-1)?.shown()
  }
  expect(textOf(await (turns[4] as Turn).shown())).toMatch(/Only who asked/)
  expect(textOf(await (turns[5] as Turn).shown())).toMatch(/Not so fast/)
  held.open()
})
