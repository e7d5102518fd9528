import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type BotStore, openStore } from '../../../bot/store/store.ts'
import { createManualClock, type ManualClock } from '../../fixtures/fakecord/clock.ts'

// Two stores on one folder are two processes of the bot on one machine.
let dir: string
let clock: ManualClock
let [first, second]: BotStore[] = []

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bot-store-'))
  clock = createManualClock()
  first = openStore(clock, { dir })
  second = openStore(clock, { dir })
  return () => {
    first?.close()
    second?.close()
    rmSync(dir, { recursive: true, force: true })
  }
})

const born = () => ((BigInt(clock.now() - 1_420_070_400_000) << 22n) | 1n).toString()
const one = () => ({ id: born(), token: 'a-token-of-discord', data: { question: 'What is it?' } })

test('an interaction is taken once by all processes, for as long as Discord may tell of it again', () => {
  const payload = one()
  expect([first, first, second].map((store) => store?.claims.take(payload, true))).toEqual([
    true,
    false,
    false
  ])
  first?.claims.finish(payload.id)
  expect(second?.claims.take(payload, true)).toBe(false)
})

test('what a process that is gone had taken is taken over, within the time Discord waits', async () => {
  const payload = one()
  first?.claims.take(payload, true)
  expect(second?.claims.steal()).toEqual([])
  await clock.advance(1_501)
  expect(second?.claims.steal()).toEqual([{ payload, isReplayable: true }])
  expect(second?.claims.steal()).toEqual([])
  expect(second?.claims.stolen).toBe(1)
})

test('who holds on to its work keeps it, and what is finished is nobody’s', async () => {
  const payload = one()
  first?.claims.take(payload, true)
  await clock.advance(1_000)
  first?.claims.renew()
  await clock.advance(1_000)
  expect(second?.claims.steal()).toEqual([])
  first?.claims.finish(payload.id)
  await clock.advance(60_000)
  expect(second?.claims.steal()).toEqual([])
})

test('what a step came to is kept for who goes on, and gone with the claim', async () => {
  const payload = one()
  first?.claims.take(payload, true)
  let made = 0
  const step = (store: BotStore | undefined) =>
    store?.claims.step(payload.id, 'pay', () => ({ paid: ++made }))
  expect(await step(first)).toEqual({ paid: 1 })
  expect(await step(second)).toEqual({ paid: 1 })
  expect(made).toBe(1)
  second?.claims.finish(payload.id)
  expect(second?.claims.kept(payload.id, 'pay')).toBeUndefined()
})

test('after the time in which Discord takes answers it is given up, and so is what fails each time', async () => {
  const late = one()
  first?.claims.take(late, true)
  await clock.advance(14.5 * 60_000 + 1)
  expect(second?.claims.steal()).toEqual([])
  expect(second?.claims.expire()).toEqual([{ payload: late, isReplayable: true }])
  const failing = one()
  first?.claims.take(failing, true)
  let taken = 0
  for (let round = 0; round < 10; round++) {
    await clock.advance(2_000)
    taken += (round % 2 === 0 ? second : first)?.claims.steal().length ?? 0
  }
  expect(taken).toBe(4)
  await clock.advance(2_000)
  expect(second?.claims.expire()).toHaveLength(1)
})

test('what is kept cannot be read on the disk, and by nobody else of the machine', () => {
  const payload = one()
  first?.claims.take(payload, true)
  first?.notices.put('7', 'a', 'a word for one member')
  first?.outbox.put({ channel: '1' }, { text: 'a word for a channel' })
  for (const file of ['bot.db', 'bot.db-wal', 'bot.key']) {
    const bytes = readFileSync(join(dir, file), 'latin1')
    expect(bytes).not.toMatch(/a-token-of-discord|What is it|a word for/)
    expect(statSync(join(dir, file)).mode & 0o077).toBe(0)
  }
  // With another key it says nothing, and breaks nothing.
  const sealed = first?.sealer.seal('x') as Uint8Array
  expect(second?.sealer.open(sealed)).toBe('x')
  expect(openStore(clock).sealer.open(sealed)).toBeUndefined()
})

test('what is to be sent is sent once for each key, and given up after a while', async () => {
  first?.outbox.put({ user: '5' }, { colour: 1 }, 'news')
  second?.outbox.put({ user: '5' }, { colour: 1 }, 'news')
  const [out, ...more] = first?.outbox.due(5) ?? []
  expect(more).toEqual([])
  expect(out).toMatchObject({ to: { user: '5' }, nonce: expect.stringMatching(/^.{24}$/) })
  // While one process sends it, no other does.
  expect(second?.outbox.due(5)).toEqual([])
  first?.outbox.done('news')
  first?.outbox.put({ user: '5' }, { colour: 1 }, 'news')
  await clock.advance(60_000)
  expect(first?.outbox.due(5)).toEqual([])
  first?.outbox.put({ user: '5' }, { colour: 1 }, 'failing')
  let tried = 0
  for (let round = 0; round < 40; round++) {
    await clock.advance(3_600_000)
    for (const { id } of first?.outbox.due(5) ?? []) {
      tried += 1
      first?.outbox.failed(id)
    }
  }
  expect(tried).toBe(10)
  expect(first?.outbox.depth).toBe(0)
})

test('a member’s notices are told once each, the oldest of very many are gone', () => {
  for (let n = 0; n < 210; n++) first?.notices.put('7', `n${n}`, `news ${n}`)
  first?.notices.put('7', 'n209', 'again')
  expect(first?.notices.unread('7')).toBe(200)
  expect(first?.notices.of('7', 2).map(({ text }) => text)).toEqual(['news 209', 'news 208'])
  first?.notices.markRead('7')
  expect(second?.notices.unread('7')).toBe(0)
  expect(second?.notices.of('8', 5)).toEqual([])
})
