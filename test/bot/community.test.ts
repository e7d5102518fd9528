import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { createFakecord, type Fakecord } from '../fixtures/fakecord/fakecord.ts'
import type { Member, Turn } from '../fixtures/fakecord/member.ts'
import { renderMessage, textOf } from '../fixtures/fakecord/render.ts'
import type { StoredMessage } from '../fixtures/fakecord/state.ts'
import { createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'
import { type BotWorld, startTestBot } from './start-bot.ts'

// One community from its first contribution to its last deletion: real peers, a real chain, the real
// Discord client; only Discord itself is local.
let world: TestWorld
let host: Peer
let discord: Fakecord
let datanet: string
let [ann, cara]: Member[] = []

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  discord = await createFakecord()
  ann = discord.member('ann')
  cara = discord.member('cara')
  const { accounts } = host.api
  const own = await accounts.ensure('curator')
  const caras = await accounts.ensure(`discord/${cara.id}`)
  const curators = [own.address, caras.address]
  const kinds = ['text', 'qa', 'dialogue', 'label', 'preference', 'correction']
  const schemas = kinds.map((kind) => `${kind}/1`)
  datanet = (await world.datanet(host, TEXTS.slice(0, 4), { curators, schemas })).id
  await startTestBotHere()
})
afterAll(async () => {
  await discord?.stop()
  await world?.stop()
})

let store: BotWorld['store']
let stopBot: () => Promise<void>
async function startTestBotHere() {
  const { bot, store: kept } = await startTestBot(host.api, { discord, isKept: true })
  store = kept
  stopBot = () => bot.stop()
}
afterAll(() => stopBot?.())

const person = (member: Member | undefined) => member as Member
async function saying(turn: Turn, words: RegExp): Promise<StoredMessage> {
  const message = await turn.shown()
  // Who clicks as fast as a test is told to wait.
  await discord.clock.advance(2_500)
  await discord.until(
    () => words.test(textOf(message)) || words.test(renderMessage(message)) || undefined
  )
  return message
}

const GIVEN: ReadonlyArray<readonly [string, Record<string, string>]> = [
  [
    'text',
    {
      Title: 'Proofing baskets',
      Text: 'A proofing basket made of cane keeps the shape of a loaf while it rises; dust it with rice flour so that the dough does not stick.'
    }
  ],
  [
    'qa',
    {
      Question: 'What is a lame?',
      Answer: 'A blade on a handle with which bakers score a loaf before it is baked.'
    }
  ],
  [
    'dialogue',
    {
      Title: 'Scoring',
      Turns: 'Q: How deep do I score a loaf?\nA: About half a centimetre, at a flat angle.'
    }
  ],
  [
    'label',
    {
      Text: 'The crumb is dense and gummy near the bottom crust.',
      Label: 'underproofed',
      'All labels': 'underproofed, overproofed'
    }
  ],
  [
    'preference',
    {
      Question: 'How warm should dough rise?',
      'First answer': 'As hot as possible.',
      'Second answer': 'At about twenty-five degrees.',
      'Which is better?': 'The second'
    }
  ]
]

test('members contribute five kinds, a curator decides blindly, everyone sees where theirs stand', async () => {
  for (const [kind, typed] of GIVEN) {
    const form = await person(ann).submit(person(ann).slash(`contribute ${kind}`), typed)
    await saying(person(ann).click(await form.shown(), 'Confirm'), /Given to Crafts/)
  }
  expect(await host.api.datanets.pending({ datanet })).toHaveLength(5)
  const refused = await saying(person(ann).slash('review next'), /Only a Datanet/)
  expect(textOf(refused)).toContain('/wallet show')
  let shown = await saying(person(cara).slash('review next'), /yours until/)
  const account = await host.api.accounts.find(`discord/${person(ann).id}`)
  expect(textOf(shown)).not.toContain(account.address.slice(0, 8))
  expect(shown.onlyFor).toBe(person(cara).id)
  for (let left = 4; left > 0; left--) {
    await saying(person(cara).click(shown, 'Approve'), /accepted now/)
    shown = await saying(person(cara).click(shown, 'Next'), /yours until/)
  }
  const why = await person(cara).submit(person(cara).click(shown, 'Reject'), {
    Reason: 'It is not true',
    'In your words': 'The first is not hot, it is burnt.'
  })
  await saying(why, /rejected now/)
  await saying(person(cara).click(shown, 'Next'), /Nothing waits/)

  const mine = await saying(person(ann).slash('mine'), /5 of 5|1–5/)
  expect(textOf(mine).match(/✓ accepted/g)).toHaveLength(4)
  person(ann).choose(mine, 'Choose one', ['How warm should dough rise?'])
  await saying({ shown: async () => mine } as unknown as Turn, /it is burnt/)
})

test('an answer names its sources to 100 %, and who knows better corrects it', async () => {
  await host.api.datanets.publish(datanet)
  await world.serve(host, datanet)
  const question = 'What is a proofing basket made of?'
  const answer = await saying(person(cara).slash('ask', { question }), /receipt/)
  expect(textOf(answer)).toMatch(/cane/)
  const sources = await saying(person(cara).click(answer, 'Sources'), /credited/)
  const shares = [...textOf(sources).matchAll(/\*\*([\d.]+) %\*\*/g)].map(([, share]) =>
    Number(share)
  )
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 1)

  const form = person(ann).click(answer, 'Correct')
  const right = 'A proofing basket is made of cane, of rattan, or of wood pulp.'
  const turn = await person(ann).submit(form, { 'What is right': right })
  await saying(person(ann).click(await turn.shown(), 'Confirm'), /Given to Crafts/)
  const [item] = await host.api.datanets.pending({ datanet })
  const [receipt] = await host.api.receipts.list()
  expect(item?.content).toMatchObject({ right, question, of: { receipt: receipt?.callId } })
  const shown = await saying(person(cara).slash('review next'), /wood pulp/)
  await saying(person(cara).click(shown, 'Approve'), /accepted now/)
})

test('money reaches the wallet that was shown by its signature, after a day, and nobody else', async () => {
  const start = await saying(person(cara).slash('deposit'), /play money/)
  await saying(person(cara).click(start, 'Move it to my balance'), /are on your balance/)
  const wallet = new Wallet(`0x${'11'.repeat(32)}`)
  const shown = await saying(
    person(cara).slash('wallet link', { address: wallet.address }),
    /Sign this text/
  )
  const text = Buffer.from(shown.history.at(-1)?.files[0]?.bytes ?? []).toString()
  const other = new Wallet(`0x${'22'.repeat(32)}`)
  const paste = async (by: Wallet) =>
    person(cara).submit(person(cara).click(shown, 'Paste the signature'), {
      Signature: await by.signMessage(text)
    })
  await saying(await paste(other), /no signature of that wallet/)
  await discord.clock.advance(10_000)
  await saying(await paste(wallet), /is yours here/)
  const withdraw = () =>
    person(cara).slash('withdraw', { amount: '1', from: 'my balance to ask with' })
  await saying(withdraw(), /withdrawals wait until/)
  store.database.run('UPDATE link SET holdUntilMs = 0')
  const asked = await saying(withdraw(), /There is no way back/)
  await saying(person(cara).click(asked, 'Send it', { times: 2 }), /Sent\./)
  expect(await host.api.accounts.balance(wallet.address)).toBe(10n ** 18n)
  expect(store.ledger.totalWei('')).toBe(0n)
  expect(store.ledger.mismatches()).toEqual([])
  // What members paid in is there.
  const pot = await host.api.accounts.find('discord/pot')
  const heldWei = await host.api.accounts.balance(pot.address)
  expect(heldWei).toBeGreaterThanOrEqual(store.ledger.totalWei('member:'))
  for (const message of discord.messages) {
    if (/Sent\.|on your balance|Sign this/.test(textOf(message)))
      expect(message.onlyFor).toBeDefined()
  }
})

test('what is given is handed out, and taken back for good', async () => {
  const exported = await saying(person(ann).slash('privacy export'), /Everything/)
  const text = Buffer.from(exported.history.at(-1)?.files[0]?.bytes ?? []).toString()
  expect(text).toContain('wood pulp')
  const erased = await person(ann).submit(person(ann).slash('privacy delete'), {
    'Type DELETE': 'DELETE',
    What: 'That, and take back all I ever gave'
  })
  await saying(erased, /6 contributions are taken back/)
  const account = await host.api.accounts.find(`discord/${person(ann).id}`)
  const own = await host.api.datanets.submissions({ account: account.address })
  expect(own.map(({ status }) => status)).toEqual(Array(6).fill('withdrawn'))
  // No host has the words any more, and no answer.
  const { rows } = await host.api.datanets.rows({ datanet })
  expect(JSON.stringify(rows)).not.toMatch(/cane|lame|crumb/)
  const question = 'What is a proofing basket made of?'
  const after = await saying(person(cara).slash('ask', { question }), /receipt|✕/)
  expect(textOf(after)).not.toMatch(/rice flour/)
})
