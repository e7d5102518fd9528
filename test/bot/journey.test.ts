import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectPeer } from '../../peer/api/client.ts'
import type { PeerApi } from '../../peer/api/peer-api.ts'
import { servePeerApi } from '../../peer/api/server.ts'
import type { Peer } from '../../peer/peer.ts'
import { createFakecord, type Fakecord } from '../fixtures/fakecord/fakecord.ts'
import type { Member, Turn } from '../fixtures/fakecord/member.ts'
import { renderMessage, textOf } from '../fixtures/fakecord/render.ts'
import type { StoredMessage } from '../fixtures/fakecord/state.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { LICENCE } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { gate } from './scripted-peer.ts'
import { startTestBot } from './start-bot.ts'

// Real peers, a real chain, the real Discord client: only Discord itself is local.
let paid: PaidWorld
let agent: Peer
let datanet: string
let discord: Fakecord
let ann: Member

beforeAll(async () => {
  paid = await createPaidWorld()
  agent = await paid.agent('bot')
  const [found] = await agent.api.datanets.find(paid.world.network.topic)
  datanet = found?.id as string
})
afterAll(() => paid?.stop())
beforeEach(async () => {
  discord = await createFakecord()
  ann = discord.member('ann')
  return async () => {
    expect(discord.violations).toEqual([])
    expect(discord.refused).toBe(0)
    await discord.stop()
  }
})

const start = (api: PeerApi) => startTestBot(api, { discord })
/** The message once it says `words`. */
async function saying(turn: Turn, words: RegExp): Promise<StoredMessage> {
  const message = await turn.shown()
  await discord.until(
    () => words.test(textOf(message)) || words.test(renderMessage(message)) || undefined
  )
  return message
}
const filledIn = {
  Title: 'Proofing baskets',
  Text: 'A proofing basket keeps the shape of a loaf while it rises; dust it with rice flour.',
  Source: 'https://example.org/baskets'
}
async function pending() {
  return paid.host.api.datanets.pending({ datanet })
}

test('a member gets the answer, its sources and the very receipt that the peer knows', async () => {
  await start(agent.api)
  const message = await saying(ann.slash('ask', { question: QUESTION }), /receipt/)
  const [receipt] = await agent.api.receipts.list()
  const text = textOf(message)
  expect(text).toContain(`receipt \`${receipt?.callId}\``)
  expect(text).toMatch(/wild yeast/)
  expect(text).toMatch(/1\\\. Sourdough starter · `0x\w+…\w+` · \*\*100 %\*\*/)
  expect(text).toMatch(/answered by crafts-answers · 0\.\d+ DNC, of it 0\.\d+ DNC royalty/)
  expect(message.onlyFor).toBeUndefined()
  expect(message.pings).toEqual([])
  expect(await agent.api.receipts.verify(receipt?.callId as string)).toMatchObject(
    receipt as object
  )
  // What it said first had a way to stop it; what it says last has none.
  expect(renderMessage(message, 0)).toContain('[ Cancel ]')
  expect(renderMessage(message)).not.toContain('Cancel')
})

test('Cancel stops the answer, its spending, and says what was paid', async () => {
  const begun = gate()
  const { models } = agent.api
  // The peer pays for a chunk as it is read: here the reader pauses after the first.
  async function* ask(...[question, options]: Parameters<typeof models.ask>) {
    for await (const event of models.ask(question, options)) {
      yield event
      if (event.type !== 'chunk') continue
      begun.open()
      await new Promise((resolve) => options?.signal?.addEventListener('abort', resolve))
    }
  }
  await start({ ...agent.api, models: { ...models, ask } })
  const [complete] = await agent.api.receipts.list()
  const turn = ann.slash('ask', { question: QUESTION })
  await begun.opened
  const message = await saying(turn, /Cancel/)
  await ann.click(message, 'Cancel').shown()
  await saying(turn, /Cancelled\./)
  const stopped = (await agent.api.receipts.list()).find(
    ({ callId }) => callId !== complete?.callId
  )
  expect(stopped?.outcome).toBe('cancelled')
  expect(stopped?.priceWei).toBeLessThan(complete?.priceWei as bigint)
  expect(renderMessage(message)).toContain(`receipt \`${stopped?.callId}\``)
  expect(renderMessage(message)).not.toContain('[ Cancel ]')
  const { spentWei } = await paid.agreement(agent)
  expect(spentWei).toBe((complete?.priceWei ?? 0n) + (stopped?.priceWei ?? 0n))
})

test('what a member confirms is with the host, under an account of theirs, as typed into a form', async () => {
  await start(agent.api)
  const accounts = await agent.api.accounts.list()
  const form = ann.slash('contribute text')
  const turn = await ann.submit(form, filledIn)
  const asked = await turn.shown()
  const text = textOf(asked)
  for (const shown of [
    'Proofing baskets',
    'rice flour',
    LICENCE,
    'I made this and give it away.'
  ]) {
    expect(text).toContain(shown)
  }
  expect(renderMessage(asked)).toContain('[ Confirm ]  [ Edit ]  [ Discard ]')
  expect(asked.onlyFor).toBe(ann.id)
  expect(discord.member('ben').sees()).toEqual([])
  // Nothing before the word of the member: no account, no contribution.
  expect(await pending()).toEqual([])
  expect(await agent.api.accounts.list()).toEqual(accounts)

  const given = ann.click(asked, 'Confirm', { times: 2 })
  await saying(given, /Given to Crafts/)
  const [item, ...more] = await pending()
  expect(more).toEqual([])
  const account = await agent.api.accounts.find(`discord/${ann.id}`)
  expect(item).toMatchObject({
    title: filledIn.Title,
    text: filledIn.Text,
    origin: 'interaction',
    contributor: account.address
  })
  expect(textOf(asked)).toContain(`contribution \`${item?.contribution}\``)
})

test('what a member discards is nowhere', async () => {
  await start(agent.api)
  const before = { pending: await pending(), accounts: await agent.api.accounts.list() }
  const ben = discord.member('ben')
  const turn = await ben.submit(ben.slash('contribute text'), { ...filledIn, Text: 'Never mind.' })
  const message = await turn.shown()
  await ben.click(message, 'Discard').shown()
  await saying(turn, /Discarded/)
  expect(renderMessage(message)).not.toContain('Never mind')
  expect({ pending: await pending(), accounts: await agent.api.accounts.list() }).toEqual(before)
})

test('over a remote peer, a token for accounts under discord/ and some spending is enough', async () => {
  const token = 'a-token-for-the-bot'
  const server = await servePeerApi({
    api: agent.api,
    tokens: [{ token, accountsUnder: 'discord/', spendWei: 1_000_000n }],
    maxCallWei: 1_000_000n
  })
  await start(connectPeer({ url: server.url, token }))
  const eve = discord.member('eve')
  await saying(eve.slash('ask', { question: QUESTION }), /receipt/)
  const text = 'A lame is a blade on a handle with which bakers score a loaf before it is baked.'
  const turn = await eve.submit(eve.slash('contribute text'), { ...filledIn, Text: text })
  await saying(eve.click(await turn.shown(), 'Confirm'), /Given to Crafts/)
  expect((await pending()).map((item) => item.text)).toContain(text)

  await server.stop()
  const message = await saying(eve.slash('ask', { question: QUESTION }), /PEER_UNREACHABLE/)
  expect(renderMessage(message)).toMatch(/could not be reached/)
  expect(renderMessage(message)).not.toMatch(/127\.0\.0\.1|at .*\.ts/)
})
