import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { renderMessage } from '../fixtures/fakecord/render.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { startTestBot } from './start-bot.ts'

// Real peers, a real chain, the real Discord client: only Discord itself is local.
let paid: PaidWorld
let agent: Peer

beforeAll(async () => {
  paid = await createPaidWorld()
  agent = await paid.agent('bot')
  await agent.api.datanets.find(paid.world.network.topic)
})
afterAll(() => paid?.stop())

test('a member asks, and gets the answer with its sources and the receipt that the peer knows', async () => {
  const { discord } = await startTestBot(agent.api)
  const turn = discord.member('ann').slash('ask', { question: QUESTION })
  const message = await turn.shown()
  await discord.until(() => /receipt/.test(renderMessage(message)) || undefined)
  const text = renderMessage(message)
  const [receipt] = await agent.api.receipts.list()
  expect(receipt).toBeDefined()
  expect(text).toContain(receipt?.callId)
  expect(discord.violations).toEqual([])
})
