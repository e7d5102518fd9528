import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createLiveMessage } from '../../../bot/discord/live-message.ts'
import { createManualClock } from '../../fixtures/fakecord/clock.ts'
import { gate } from '../scripted-peer.ts'

function live(edit: (text: string) => Promise<unknown> = async () => {}) {
  const clock = createManualClock(0)
  const sent: string[] = []
  const errors: unknown[] = []
  const message = createLiveMessage<string>({
    clock,
    async edit(text) {
      sent.push(`${clock.now()} ${text}`)
      await edit(text)
    },
    onError: (error) => errors.push(error)
  })
  return { clock, sent, errors, message }
}

test('the first is sent at once, then the newest of each pause', async () => {
  const { clock, sent, message } = live()
  for (let at = 0; at <= 30; at++) {
    message.show(() => `${at}`)
    await clock.advance(100)
  }
  expect(sent).toEqual(['0 0', '1500 14', '3000 29'])
  await message.finish('end')
  await clock.advance(10_000)
  expect(sent.slice(3)).toEqual(['3100 end'])
})

test('a slow edit holds back the next; the last word waits for it', async () => {
  const slow = gate()
  const { clock, sent, message } = live(() => slow.opened)
  message.show(() => 'a')
  message.show(() => 'b')
  await clock.advance(60_000)
  const finished = message.finish('end')
  await setImmediate()
  expect(sent).toEqual(['0 a'])
  slow.open()
  await finished
  await clock.advance(60_000)
  expect(sent).toEqual(['0 a', '60000 end'])
})

test('an edit that fails is told, and the next one is tried; a failing last word is thrown', async () => {
  const { clock, sent, errors, message } = live(() => Promise.reject(new Error('no')))
  message.show(() => 'a')
  message.show(() => 'b')
  await clock.advance(0)
  await setImmediate()
  await clock.advance(1_500)
  await setImmediate()
  expect(sent).toEqual(['0 a', '1500 b'])
  expect(errors).toHaveLength(2)
  await expect(message.finish('end')).rejects.toThrow('no')
})
