import { beforeEach, expect, test } from 'vitest'
import { OUTSIDE } from '../../bot/ledger/ledger.ts'
import { createFakecord, type Fakecord } from '../fixtures/fakecord/fakecord.ts'
import type { Member, Turn } from '../fixtures/fakecord/member.ts'
import { renderMessage, textOf } from '../fixtures/fakecord/render.ts'
import type { StoredMessage } from '../fixtures/fakecord/state.ts'
import { chunk, done, gate, scriptedPeer, started } from './scripted-peer.ts'
import { startTestBot } from './start-bot.ts'

let discord: Fakecord
let ann: Member

beforeEach(async () => {
  discord = await createFakecord()
  ann = discord.member('ann')
  return async () => {
    expect(discord.violations).toEqual([])
    await discord.stop()
  }
})

async function saying(turn: Turn, words: RegExp): Promise<StoredMessage> {
  const message = await turn.shown()
  await discord.until(
    () => words.test(textOf(message)) || words.test(renderMessage(message)) || undefined
  )
  return message
}

const answering = () =>
  scriptedPeer(async function* () {
    yield started
    yield chunk('So it is.')
    yield done()
  })

test('what a member pays themselves is asked for first, charged once, and never more', async () => {
  const { store } = await startTestBot(answering(), { discord, dailyWei: 0n })
  const { ledger } = store
  const refused = await saying(ann.slash('ask', { question: 'What?' }), /SPENDING_LIMIT/)
  expect(textOf(refused)).not.toContain('So it is.')
  ledger.move('in', [{ from: OUTSIDE, to: `member:${ann.id}`, amountWei: 10n ** 18n }])
  await ann.slash('budget', { per_question: '0.05', per_day: '1' }).shown()
  const quoted = await saying(ann.slash('ask', { question: 'What?' }), /This costs about/)
  expect(textOf(quoted)).not.toContain('So it is.')
  expect(ledger.balanceWei(`member:${ann.id}`)).toBe(10n ** 18n)
  const other = discord.member('ben').click(quoted, 'Pay')
  expect(textOf(await other.shown())).toMatch(/not to you/)
  ann.click(quoted, 'Pay', { times: 2 })
  await discord.until(() => /receipt/.test(textOf(quoted)) || undefined)
  expect(textOf(quoted)).toMatch(/0\.002 DNC.*paid by who asked/)
  expect(ledger.balanceWei(`member:${ann.id}`)).toBe(10n ** 18n - 2n * 10n ** 15n)
  expect(ledger.totalWei('')).toBe(0n)
  // Below their own limit nothing asks any more.
  await ann.slash('budget', { without_asking: '0.05' }).shown()
  await saying(ann.slash('ask', { question: 'And?' }), /receipt/)
})

test('an administrator stops all spending within one step, and allows it again', async () => {
  const held = gate()
  const api = scriptedPeer(async function* (_, signal) {
    yield started
    yield chunk('A piece')
    await held.opened
    yield chunk('and another')
    signal.throwIfAborted()
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  })
  await startTestBot(api, { discord })
  const boss = discord.member('boss', {
    roles: [discord.addRole({ name: 'boss', permissions: 1n << 5n })]
  })
  expect(ann.commands().map(({ name }) => name)).not.toContain('admin')
  const turn = ann.slash('ask', { question: 'What?' })
  await turn.shown()
  await saying(boss.slash('admin pause'), /stopped/)
  held.open()
  await saying(turn, /administrator stopped/)
  await saying(discord.member('ben').slash('ask', { question: 'What?' }), /SPENDING_LIMIT/)
  await saying(boss.slash('admin resume'), /allowed again/)
  const audit = await saying(boss.slash('admin audit'), /stopped spending/)
  expect(audit.onlyFor).toBe(boss.id)
  await saying(boss.slash('admin limits', { per_question: '0.01' }), /`per_question` 0\.01/)
})

test('the pot is filled from one’s own balance, and never from nothing', async () => {
  const { store } = await startTestBot(answering(), { discord, dailyWei: 0n })
  const boss = discord.member('boss', {
    roles: [discord.addRole({ name: 'boss', permissions: 1n << 5n })]
  })
  await saying(boss.slash('admin pot', { add: '1' }), /FUNDS_INSUFFICIENT/)
  store.ledger.move('in', [{ from: OUTSIDE, to: `member:${boss.id}`, amountWei: 10n ** 18n }])
  await saying(boss.slash('admin pot', { add: '1' }), /pot holds 1 DNC/)
  const paid = await saying(ann.slash('ask', { question: 'What?' }), /receipt/)
  expect(textOf(paid)).toContain('paid by this server’s pot')
})

test('what is whose is shown to them alone', async () => {
  await startTestBot(answering(), { discord })
  for (const name of ['balance', 'budget', 'earnings', 'inbox', 'wallet show', 'rewards claim']) {
    const message = await ann.slash(name).shown()
    expect(message.onlyFor, name).toBe(ann.id)
  }
  const withdraw = await ann.slash('withdraw', { amount: 'all' }).shown()
  expect(textOf(withdraw)).toMatch(/wallet link first/)
  const key = await ann.slash('wallet link', { address: `0x${'ab'.repeat(32)}` }).shown()
  expect(textOf(key)).toMatch(/private key/)
  expect(textOf(key)).not.toContain('abab')
})

test('what there is, what it costs and who made it', async () => {
  const { datanets, ...api } = answering()
  const head = async () => ({ ordinal: 2, rows: 5, withdrawn: 1 })
  const peer = { ...api, datanets: { ...datanets, head } } as unknown as typeof api & {
    datanets: typeof datanets
  }
  const { store } = await startTestBot(peer, { discord })
  const info = await saying(ann.slash('datanet info'), /Royalty/)
  expect(textOf(info)).toContain('revision 2 with 4 contributions')
  expect(textOf(info)).toMatch(/30 % of the price, of it 70 % to contributors/)
  ann.click(info, 'Join: I agree to these words')
  await discord.until(() => renderMessage(info).includes('[ Leave ]') || undefined)
  expect(store.members.joined(ann.id)).toHaveLength(1)
  await saying(ann.slash('datanet list'), /✓ \*\*Crafts/)
  await saying(ann.slash('price'), /0\.001 DNC a question/)
  const board = await saying(ann.slash('leaderboard'), /Nobody chose/)
  expect(board.onlyFor).toBeUndefined()
})
