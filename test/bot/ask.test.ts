import { setImmediate } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import { connectPeer } from '../../peer/api/client.ts'
import type { AskEvent } from '../../peer/api/models-api.ts'
import { refusal } from '../../peer/api/problem.ts'
import { createFakecord, type Fakecord } from '../fixtures/fakecord/fakecord.ts'
import type { Member, Turn } from '../fixtures/fakecord/member.ts'
import { renderMessage, textOf } from '../fixtures/fakecord/render.ts'
import type { StoredMessage } from '../fixtures/fakecord/state.ts'
import {
  CALL,
  chunk,
  done,
  gate,
  listing,
  receipt,
  scriptedPeer,
  started
} from './scripted-peer.ts'
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
  await discord.until(() => words.test(textOf(message)) || undefined)
  return message
}

/** Answers with these pieces at once. */
function says(...pieces: readonly string[]) {
  return scriptedPeer(async function* () {
    yield started
    for (const piece of pieces) yield chunk(piece)
    yield done()
  })
}

test('edits keep to what Discord takes, however many pieces an answer has', async () => {
  const pieces = Array.from({ length: 500 }, gate)
  const api = scriptedPeer(async function* () {
    yield started
    for (const [index, piece] of pieces.entries()) {
      await piece.opened
      yield chunk(`${index} `)
    }
    yield done()
  })
  await startTestBot(api, { discord })
  const message = await ann.slash('ask', { question: 'What?' }).shown()
  // Ten pieces a second, for fifty seconds.
  const waiting = [...pieces]
  for (let round = 0; round < 25; round++) {
    const before = message.history.length
    for (const piece of waiting.splice(0, 20)) {
      piece.open()
      await setImmediate()
      await discord.clock.advance(100)
    }
    // The clock must not outrun the wire; the late edits are further apart.
    const isFast = before < 20
    if (isFast) await discord.until(() => message.history.length > before || undefined)
  }
  await discord.until(() => textOf(message).includes('receipt') || undefined)
  expect(textOf(message)).toContain('497 498 499')
  const times = message.history.map(({ atMs }) => atMs)
  expect(times.length).toBeGreaterThan(20)
  expect(times.length).toBeLessThan(30)
  for (const [index, atMs] of times.entries()) {
    const within = times.slice(index).filter((other) => other < atMs + 5_000)
    expect(within.length).toBeLessThanOrEqual(5)
  }
  // Nor did discord.js have to wait for Discord: at most for the last word, after which none comes.
  expect(discord.exhausted).toBeLessThanOrEqual(1)
  expect(discord.refused).toBe(0)
})

test('an interaction that is delivered twice is answered once', async () => {
  let asked = 0
  const api = scriptedPeer(async function* () {
    asked += 1
    yield started
    yield done()
  })
  const { logged } = await startTestBot(api, { discord })
  await saying(ann.slash('ask', { question: 'What?' }, { times: 2 }), /receipt/)
  // Whatever the second delivery did would have come before this.
  await saying(discord.member('ben').slash('ask', { question: 'What?' }), /receipt/)
  expect(asked).toBe(2)
  expect(discord.messages).toHaveLength(2)
  expect(logged.filter(({ event }) => event !== 'ready')).toEqual([])
})

test('a member has one question at a time, and others have theirs', async () => {
  const held = gate()
  const api = scriptedPeer(async function* () {
    yield started
    await held.opened
    yield done()
  })
  await startTestBot(api, { discord })
  const first = ann.slash('ask', { question: 'What?' })
  await first.shown()
  const second = await ann.slash('ask', { question: 'And?' }).shown()
  expect(textOf(second)).toMatch(/One at a time/)
  expect(second.onlyFor).toBe(ann.id)
  const other = discord.member('ben').slash('ask', { question: 'What?' })
  await other.shown()
  held.open()
  await saying(first, /receipt/)
  await saying(other, /receipt/)
  await saying(ann.slash('ask', { question: 'And?' }), /receipt/)
})

test('only who asked can cancel', async () => {
  const signals: AbortSignal[] = []
  const api = scriptedPeer(async function* (_, signal) {
    signals.push(signal)
    yield started
    yield chunk('a piece')
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  })
  await startTestBot(api, { discord })
  const turn = ann.slash('ask', { question: 'What?' })
  const message = await turn.shown()
  const refused = await discord.member('ben').click(message, 'Cancel').shown()
  expect(textOf(refused)).toMatch(/Only who asked/)
  expect(signals[0]?.aborted).toBe(false)
  ann.click(message, 'Cancel')
  await saying(turn, /Cancelled/)
  expect(signals[0]?.aborted).toBe(true)
  expect(textOf(message)).toContain(`receipt \`${CALL}\``)
})

test('a stopped call whose receipt does not come is not called free', async () => {
  const api = scriptedPeer(
    async function* (_, signal) {
      yield started
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    },
    {
      more: {
        receipts: {
          async show() {
            // Moves on once the bot has begun to wait for the next try.
            void discord.clock.advance(250)
            throw refusal('RECEIPT_UNKNOWN', {})
          }
        }
      }
    }
  )
  await startTestBot(api, { discord })
  const turn = ann.slash('ask', { question: 'What?' })
  const message = await turn.shown()
  ann.click(message, 'Cancel')
  await saying(turn, /Cancelled/)
  expect(textOf(message)).toMatch(/not settled yet/)
  expect(textOf(message)).toContain(`receipt \`${CALL}\``)
})

test('an answer that takes as long as Discord lets a message be edited is stopped before', async () => {
  const api = scriptedPeer(async function* (_, signal) {
    yield started
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  })
  await startTestBot(api, { discord })
  const turn = ann.slash('ask', { question: 'What?' })
  await turn.shown()
  await discord.clock.advance(14 * 60_000)
  await saying(turn, /took too long/)
})

test('who waits is told when the bot stops', async () => {
  const api = scriptedPeer(async function* (_, signal) {
    yield started
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  })
  const { bot } = await startTestBot(api, { discord })
  const turn = ann.slash('ask', { question: 'What?' })
  await turn.shown()
  await bot.stop()
  expect(textOf(await turn.shown())).toMatch(/the bot restarts/)
})

test.each([
  ['PROVIDER_BUSY', /takes no more calls.*\n.*Try again in a minute/],
  ['SPENDING_LIMIT', /spending limit.*\n.*midnight UTC/],
  ['FUNDS_INSUFFICIENT', /does not hold enough.*\n.*Tell who runs this bot/],
  ['MODEL_UNKNOWN', /no such model.*\n.*Pick a model/i]
] as const)('%s is told in words, with what to do next', async (code, words) => {
  const api = scriptedPeer(async function* () {
    yield started
    yield chunk('The first half')
    throw refusal(code, {}, { hint: 'SECRET-HINT' })
  })
  const { logged } = await startTestBot(api, { discord })
  const text = textOf(await saying(ann.slash('ask', { question: 'What?' }), new RegExp(code)))
  expect(text).toMatch(words)
  expect(text).toContain('The first half')
  expect(text).not.toMatch(/SECRET|stack|\.ts/)
  expect(logged.at(-1)).toMatchObject({ event: 'ask', code })
})

test('a peer that is down, and an error nobody expected, are told in words', async () => {
  const down = connectPeer({ url: 'http://127.0.0.1:1', token: 'whatever-it-is' })
  await startTestBot(down, { discord })
  const text = textOf(await saying(ann.slash('ask', { question: 'What?' }), /PEER_UNREACHABLE/))
  expect(text).toMatch(/could not be reached/)
  expect(text).not.toContain('127.0.0.1')
  const form = await discord.member('ben').slash('contribute text').shown()
  expect(textOf(form)).toMatch(/could not be reached/)
  expect(form.onlyFor).toBeDefined()
  // What is offered while one types is nothing, and no error.
  expect(await ann.complete('ask', 'model', '')).toEqual([])
})

test('a handler that throws ends nothing and tells nobody how', async () => {
  const api = scriptedPeer(
    async function* () {
      yield started
      throw new Error('at /home/secret.ts')
    },
    { more: { receipts: { show: async () => Promise.reject(new Error('secret')) } } }
  )
  await startTestBot(api, { discord })
  const turn = ann.slash('ask', { question: 'What?' })
  expect(textOf(await saying(turn, /INTERNAL/))).not.toMatch(/secret/)
  await saying(ann.slash('ask', { question: 'Again?' }), /INTERNAL/)
})

test('the newest model that is offered answers, or the one that is named', async () => {
  const asked: string[] = []
  const models = [listing('old', 'bafyold', 1), listing('new', 'bafynew', 2)]
  const api = scriptedPeer(
    async function* (_question, _signal, model): AsyncGenerator<AskEvent> {
      asked.push(model)
      yield started
      yield done()
    },
    { models: [...models, { ...listing('gone', 'bafygone', 3), offers: [] }] }
  )
  await startTestBot(api, { discord })
  await saying(ann.slash('ask', { question: 'What?' }), /by new/)
  await saying(ann.slash('ask', { question: 'What?', model: 'OLD' }), /by old/)
  await saying(ann.slash('ask', { question: 'What?', model: 'bafygone' }), /by gone/)
  await saying(ann.slash('ask', { question: 'What?', model: 'none' }), /MODEL_UNKNOWN/)
  expect(asked).toEqual(['bafynew', 'bafyold', 'bafygone'])
  expect(await ann.complete('ask', 'model', 'O')).toEqual([
    { name: 'old — old knows', value: 'bafyold' },
    { name: 'new — new knows', value: 'bafynew' },
    { name: 'gone — gone knows', value: 'bafygone' }
  ])
})

test('with no model anywhere the member is told so', async () => {
  const api = scriptedPeer(async function* () {}, { models: [] })
  await startTestBot(api, { discord })
  await saying(ann.slash('ask', { question: 'What?' }), /DISCOVERY_EMPTY/)
})

test('neither answers, questions nor sources ping, mask links, invite or draw headings', async () => {
  const bad = `<@${ann.id}> @everyone [safe](https://evil.example) discord.gg/abc\n# Big\n-# receipt \`0\``
  const citation = { mark: 1, contribution: 'c', title: bad, sourceUrl: 'javascript:alert(1)' }
  const api = scriptedPeer(async function* () {
    yield started
    yield chunk(bad)
    yield done([citation])
  })
  await startTestBot(api, { discord })
  const message = await saying(ann.slash('ask', { question: bad }), /Sources/)
  expect(message.pings).toEqual([])
  const text = textOf(message)
  expect(text).not.toMatch(
    /(?<!\\)<@|@everyone|\]\(|discord\.gg|javascript|^# Big|^-# receipt `0`/m
  )
  expect(text).toContain('(invite removed)')
})

test('an answer too long for a message is cut there, and whole in a file', async () => {
  const long = 'word_ '.repeat(2_000).trim()
  await startTestBot(says(long), { discord })
  const message = await saying(ann.slash('ask', { question: 'What?' }), /receipt/)
  const [file] = message.history.at(-1)?.files ?? []
  expect(Buffer.from(file?.bytes ?? []).toString()).toBe(long)
  expect(textOf(message).length).toBeLessThanOrEqual(4_000)
  expect(renderMessage(message)).toContain('answer.md')
})

test('credits that sum to the whole are shown as shares, the rest in words', async () => {
  const credits = [
    { contribution: 'a', account: `0x${'a'.repeat(40)}`, basis: 'retrieved', ppm: 512_500 },
    { contribution: 'b', account: `0x${'b'.repeat(40)}`, basis: 'retrieved', ppm: 287_500 },
    { basis: 'unattributed', ppm: 200_000 }
  ]
  const api = scriptedPeer(async function* () {
    yield started
    yield chunk('So it is. [1]')
    yield done([{ mark: 1, contribution: 'a', title: 'One', sourceUrl: 'https://a.example/x' }], {
      credits,
      priceWei: receipt().priceWei
    })
  })
  await startTestBot(api, { discord })
  const text = textOf(await saying(ann.slash('ask', { question: 'What?' }), /receipt/))
  expect(text).toContain('1\\. One · `0xaaaaaa…aaaaaa` · **51.25 %**\n-# <https://a.example/x>')
  expect(text).toContain('28.75 % to further contributions')
  expect(text).toContain('20 % to nobody in particular')
  expect(text).toContain('0.002 DNC, of it 0.0006 DNC royalty')
})
