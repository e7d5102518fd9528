import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OUTSIDE } from '../../../bot/ledger/ledger.ts'
import { openStore } from '../../../bot/store/store.ts'
import { parseAmount } from '../../../peer/api/amounts.ts'
import { createManualClock } from '../../fixtures/fakecord/clock.ts'

const open = (dailyWei = 10n) => {
  const clock = createManualClock()
  return { clock, ...openStore(clock, { dailyWei }) }
}
const LARGE = 10n ** 24n

test('whatever is booked, accounts together are zero, none is below it, and entries make balances', () => {
  const account = fc.constantFrom('member:1', 'member:2', 'pot:1', 'spent', OUTSIDE)
  const move = fc.record({ from: account, to: account, amountWei: fc.bigInt(0n, LARGE) })
  const booking = fc.record({
    key: fc.nat(20).map(String),
    moves: fc.array(move, { maxLength: 3 })
  })
  fc.assert(
    fc.property(fc.array(booking, { maxLength: 30 }), (bookings) => {
      const { ledger, close } = open()
      for (const { key, moves } of bookings) {
        try {
          ledger.move(key, moves)
        } catch (error) {
          expect(error).toMatchObject({ code: 'FUNDS_INSUFFICIENT' })
        }
      }
      expect(ledger.totalWei('')).toBe(0n)
      for (const name of ['member:1', 'member:2', 'pot:1', 'spent']) {
        expect(ledger.balanceWei(name)).toBeGreaterThanOrEqual(0n)
      }
      expect(ledger.mismatches()).toEqual([])
      close()
    }),
    { numRuns: 40 }
  )
})

test('the database itself refuses a balance below zero, and the same booking twice', () => {
  const { ledger, database } = open()
  const paidIn = [{ from: OUTSIDE, to: 'member:1', amountWei: 5n }]
  expect(ledger.move('a', paidIn)).toBe(true)
  expect(ledger.move('a', paidIn)).toBe(false)
  expect(ledger.balanceWei('member:1')).toBe(5n)
  expect(() =>
    database.run("UPDATE account SET balanceWei = '-1' WHERE name = 'member:1'")
  ).toThrow(/CHECK/)
  expect(() =>
    database.run("UPDATE account SET balanceWei = '1x' WHERE name = 'member:1'")
  ).toThrow(/CHECK/)
})

test('who runs the bot pays first, then the server’s pot, then the member, each within bounds', () => {
  const { spending, ledger, members, guilds } = open(10n)
  guilds.change(
    'g',
    { limits: { perGuildDayWei: 1_000n, perUserDayWei: 1_000n, potDayWei: 5n } },
    'x',
    'y'
  )
  const pay = (id: string, maxWei: bigint) =>
    spending.reserve({ id, user: '1', guild: 'g', maxWei }, 0n).payer
  ledger.move('in', [
    { from: OUTSIDE, to: 'pot:g', amountWei: 100n },
    { from: OUTSIDE, to: 'member:1', amountWei: 100n }
  ])
  expect(pay('1', 10n)).toBe('sponsor')
  expect(pay('2', 5n)).toBe('pot')
  expect(() => pay('3', 1n)).toThrow(expect.objectContaining({ code: 'SPENDING_LIMIT' }))
  members.change('1', { perCallWei: 50n, perDayWei: 60n })
  expect(() => pay('4', 51n)).toThrow(expect.objectContaining({ code: 'SPENDING_LIMIT' }))
  expect(pay('5', 50n)).toBe('own')
  expect(pay('5', 50n)).toBe('own')
  expect(ledger.balanceWei('member:1')).toBe(50n)
  spending.settle('5', 20n)
  spending.settle('5', 20n)
  expect(ledger.balanceWei('member:1')).toBe(80n)
  expect(ledger.balanceWei('spent')).toBe(20n)
  expect(ledger.totalWei('')).toBe(0n)
})

test('a member, a server and a stop bound what is spent, and a day begins anew', async () => {
  const { spending, guilds, clock } = open(LARGE)
  const limits = { perUserDayWei: 10n, perGuildDayWei: 15n }
  guilds.change('g', { limits }, 'x', 'y')
  const pay = (id: string, user: string) =>
    spending.reserve({ id, user, guild: 'g', maxWei: 10n }, 0n).settle(10n)
  pay('1', '1')
  expect(() => pay('2', '1')).toThrow(expect.objectContaining({ code: 'SPENDING_LIMIT' }))
  expect(() => pay('3', '2')).toThrow(expect.objectContaining({ code: 'SPENDING_LIMIT' }))
  await clock.advance(86_400_000)
  guilds.setPaused('g', true, 'admin')
  expect(() => pay('4', '1')).toThrow(expect.objectContaining({ code: 'SPENDING_LIMIT' }))
  guilds.setPaused('g', false, 'admin')
  pay('5', '1')
  expect(guilds.audit('g', 5)[0]).toMatchObject({ by: 'admin' })
  expect(guilds.limits('other').perCallWei).toBe(parseAmount('0.05'))
})

test('a wallet is one member’s, by one signature, and a change holds withdrawals for a day', async () => {
  const { links, clock } = open()
  const first = links.request('1')
  expect(links.link(first.id, '0xaa')?.link).toMatchObject({
    wallet: '0xaa',
    holdUntilMs: clock.now() + 86_400_000
  })
  expect(links.link(first.id, '0xbb')).toBeUndefined()
  const late = links.request('1')
  await clock.advance(10 * 60_000)
  expect(links.link(late.id, '0xbb')).toBeUndefined()
  const moved = links.link(links.request('2').id, '0xaa')
  expect(moved).toMatchObject({ before: '1' })
  expect(links.of('1')).toBeUndefined()
  // The same again delays nothing; after an unlink it does.
  await clock.advance(1_000)
  const again = links.link(links.request('2').id, '0xaa')
  expect(again?.link.holdUntilMs).toBe(moved?.link.holdUntilMs)
  links.unlink('2')
  const anew = links.link(links.request('2').id, '0xaa')
  expect(anew?.link.holdUntilMs).toBe(clock.now() + 86_400_000)
})
