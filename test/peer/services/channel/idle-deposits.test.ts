import { expect, onTestFinished, test } from 'vitest'
import {
  createIdleDeposits,
  type IdleDeposits
} from '../../../../peer/services/channel/idle-deposits.ts'
import { createChannelStore } from '../../../../peer/store/channels.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { createSpendingStore } from '../../../../peer/store/spending.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { encodeVoucher } from '../../../../protocol/channel/voucher.ts'

const WEEK_MS = 7 * 86_400_000
const CHANNEL = `0x${'c1'.repeat(32)}`

/** One channel of a payer, as the eye on deposits sees it, and what was done to it. */
function world(): {
  idle(): IdleDeposits
  voucher(cumulativeWei: bigint, receipts: number): void
  nowMs: number
  chainMs: number
  calls: Map<string, object>
  pending: Map<number, object>
  isIdle: boolean
  isHeard: boolean
  closed: string[]
  told: number
  store: ReturnType<typeof createChannelStore>
} {
  const db = openDatabase(':memory:')
  onTestFinished(() => db.close())
  const channelStore = createChannelStore(db)
  const terms = new Uint8Array(1)
  channelStore.addChannel({
    side: 'payer',
    channelId: CHANNEL,
    peer: 'provider',
    terms,
    depositWei: 100n
  })
  const it = {
    nowMs: 1_800_000_000_000,
    chainMs: 0,
    calls: new Map<string, object>(),
    pending: new Map<number, object>(),
    isIdle: true,
    isHeard: true,
    closed: [] as string[],
    told: 0,
    store: channelStore,
    voucher(cumulativeWei: bigint, receipts: number) {
      const totals = { channelId: CHANNEL, cumulativeWei, royaltyWei: 0n, receipts }
      const receiptsRoot = `0x${'ab'.repeat(32)}`
      const signature = new Uint8Array(64)
      const bytes = encodeVoucher({ ...totals, receiptsRoot, signature })
      channelStore.setVoucher('payer', CHANNEL, bytes)
    },
    idle() {
      const channel = {
        channelId: CHANNEL,
        provider: 'provider',
        get ledger() {
          return { calls: it.calls, pending: it.pending }
        },
        get isIdle() {
          return it.isIdle
        },
        commit: () => undefined
      }
      const parts = {
        channelStore,
        spendingStore: createSpendingStore(db),
        chain: { nowMs: async () => it.chainMs },
        pool: {
          async request() {
            it.told += 1
            if (!it.isHeard) throw new DatanetError('PEER_UNREACHABLE', {})
          }
        },
        now: () => it.nowMs,
        log: () => {}
      }
      const closing = {
        async close(channelId: string) {
          it.closed.push(channelId)
          return { channelId, state: 'withdrawing', pendingWei: 0n, returnedWei: 0n }
        }
      }
      const channels = { find: () => channel }
      const given = [parts, channels, closing, { idleMs: WEEK_MS }]
      const idle = createIdleDeposits(
        ...(given as unknown as Parameters<typeof createIdleDeposits>)
      )
      onTestFinished(() => idle.stop())
      return idle
    }
  }
  return it
}

test('a channel is closed when it was not used for the time, and not before', async () => {
  const it = world()
  it.voucher(10n, 1)
  const idle = it.idle()
  await idle.look()
  it.nowMs += WEEK_MS - 1
  await idle.look()
  expect(it.closed).toEqual([])
  // Used once more: the time begins anew, also for a peer that starts later.
  it.voucher(20n, 2)
  await idle.look()
  it.nowMs += WEEK_MS - 1
  const later = it.idle()
  await later.look()
  expect(it.closed).toEqual([])
  it.nowMs += 1
  await later.look()
  expect(it.closed).toEqual([CHANNEL])
})

test('a channel with nothing to take back is let be', async () => {
  const it = world()
  it.voucher(100n, 1)
  const idle = it.idle()
  await idle.look()
  it.nowMs += 3 * WEEK_MS
  await idle.look()
  expect(it.closed).toEqual([])
})

test('nothing is closed while calls run', async () => {
  const it = world()
  it.calls.set('a', {})
  it.isIdle = false
  const idle = it.idle()
  for (let look = 0; look < 4; look++) {
    await idle.look()
    it.nowMs += WEEK_MS
  }
  expect(it.closed).toEqual([])
  // It ended now: the time begins now.
  it.calls.clear()
  it.isIdle = true
  await idle.look()
  expect(it.closed).toEqual([CHANNEL])
})

test('a call whose provider was lost holds it twice as long', async () => {
  const it = world()
  it.calls.set('a', {})
  const idle = it.idle()
  await idle.look()
  it.nowMs += 2 * WEEK_MS - 1
  await idle.look()
  expect(it.closed).toEqual([])
  it.nowMs += 1
  await idle.look()
  expect(it.closed).toEqual([CHANNEL])
})

test('nothing is closed while a verified receipt is not committed', async () => {
  const it = world()
  it.pending.set(3, {})
  const idle = it.idle()
  await idle.look()
  it.nowMs += 5 * WEEK_MS
  await idle.look()
  expect(it.closed).toEqual([])
})

test('a provider is told the newest voucher first, and is waited for twice as long', async () => {
  const it = world()
  it.voucher(10n, 1)
  it.isHeard = false
  const idle = it.idle()
  await idle.look()
  it.nowMs += 2 * WEEK_MS - 1
  await idle.look()
  expect([it.told, it.closed]).toEqual([1, []])
  it.nowMs += 1
  await idle.look()
  expect(it.closed).toEqual([CHANNEL])
})

test('one that was given up is taken back at once, and a withdrawal is finished when it is ready', async () => {
  const it = world()
  it.store.retire('payer', CHANNEL)
  const idle = it.idle()
  await idle.look()
  expect(it.closed).toEqual([CHANNEL])
  const withdrawal = { amountWei: 100n, readyAtMs: 5_000 }
  it.store.setChainState('payer', CHANNEL, { depositWei: 100n, claimedWei: 0n, withdrawal })
  it.chainMs = 4_999
  await idle.look()
  expect(it.closed).toHaveLength(1)
  it.chainMs = 5_000
  await idle.look()
  expect(it.closed).toHaveLength(2)
})
