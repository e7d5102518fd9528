import { expect, test } from 'vitest'
import { createCommitting } from '../../../../peer/services/channel/committing.ts'
import type { PayerChannel } from '../../../../peer/services/channel/payer-channels.ts'
import type { ExchangePool } from '../../../../protocol/net/exchange-pool.ts'

/** A channel with a receipt to commit to whenever it is asked, and a count of what its provider heard. */
function idleChannel() {
  let heard = 0
  const pool = {
    request: async () => {
      heard += 1
    }
  } as unknown as ExchangePool
  const channel = {
    channelId: `0x${'11'.repeat(32)}`,
    provider: 'them',
    terms: new Uint8Array(1),
    isIdle: true,
    commit: async () => new Uint8Array(168)
  }
  const committing = createCommitting({ pool, log: () => {} })
  const after = () => committing.after(channel as unknown as PayerChannel)
  return { after, channel, committing, heard: () => heard }
}

test('a call alone is committed at once, and calls in quick succession together', async () => {
  const { after, heard } = idleChannel()
  await after()
  expect(heard()).toBe(1)
  for (let call = 0; call < 20; call++) await after()
  expect(heard()).toBe(1)
  await expect.poll(heard).toBe(2)
})

test('a channel on which a call runs is left to its next voucher', async () => {
  const { after, channel, heard } = idleChannel()
  await after()
  channel.isIdle = false
  await after()
  expect(heard()).toBe(1)
})

test('what waits is sent when the peer stops', async () => {
  const { after, committing, heard } = idleChannel()
  await after()
  await after()
  await committing.flush()
  expect(heard()).toBe(2)
})
