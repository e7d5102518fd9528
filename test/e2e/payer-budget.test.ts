import { join } from 'node:path'
import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { createSpendingStore } from '../../peer/store/spending.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

const DELAY_S = 1
const HOUR_MS = 3_600_000

let paid: PaidWorld
let model: string

beforeAll(async () => {
  paid = await createPaidWorld({ withdrawDelayS: DELAY_S })
  ;({ model } = paid)
})
afterAll(() => paid?.stop())

const promised = async (peer: Peer) =>
  (await peer.api.channels.list()).reduce((sum, { authorisedWei }) => sum + authorisedWei, 0n)

async function onlyChannel(peer: Peer) {
  const [channel] = await peer.api.channels.list()
  if (channel === undefined) throw new Error('no channel')
  return channel
}

// BUDGET-W1, BUDGET-W2
test('calls at once promise no more than the day allows, and a restart does not forget it', async () => {
  const limits = { maxCallWei: 1_000_000n, depositWei: 5_000_000n, maxDayWei: 60_000n }
  const agent = await paid.agent('thrifty', { limits })
  const asked = await Promise.all(
    Array.from({ length: 12 }, () =>
      ask(agent, { model, content: QUESTION }).then(
        () => 'answered',
        ({ code }) => code
      )
    )
  )
  expect(new Set(asked)).toEqual(new Set(['answered', 'SPENDING_LIMIT']))
  expect(await promised(agent)).toBeLessThanOrEqual(60_000n)
  // A deposit above what may be spent would only lie there.
  expect((await onlyChannel(agent)).depositWei).toBeLessThanOrEqual(60_000n)
  const before = await agent.api.channels.budget()
  expect(before).toMatchObject({ reservedWei: 0n, day: { limitWei: 60_000n } })
  expect(before.spentWei).toBe(await promised(agent))
  await agent.stop()

  const tight = { ...limits, maxDayWei: before.spentWei + 100n }
  const again = await paid.agent('thrifty', { limits: tight })
  expect((await again.api.channels.budget()).spentWei).toBe(before.spentWei)
  expect(await refusal(() => ask(again, { model, content: QUESTION }))).toBe('SPENDING_LIMIT')
  expect(await promised(again)).toBe(before.spentWei)
  await again.stop()
})

test('a call that the budget refuses opens no channel', async () => {
  const limits = { maxCallWei: 1_000_000n, depositWei: 5_000_000n, maxProviderDayWei: 10n }
  const agent = await paid.agent('poor', { limits })
  const error = await ask(agent, { model, content: QUESTION }).catch((reason) => reason)
  expect(error).toMatchObject({ code: 'SPENDING_LIMIT', details: { budget: 'provider' } })
  expect(error.message).toMatch(/10 DNC|0\.0+10* DNC/)
  expect(await agent.api.channels.list()).toEqual([])
})

test('what was left unused for long comes back by itself, also through a restart', async () => {
  let agent = await paid.agent('idler', { idleCloseMs: HOUR_MS })
  await ask(agent, { model, content: QUESTION })
  const open = await paid.agreement(agent)
  const before = await agent.api.accounts.balance(agent.account)
  expect(open.state).toBe('open')
  await agent.stop()

  const mark = `${open.authorisedWei} ${open.receipts}`
  const late = openDatabase(join(paid.world.dirOf('idler'), 'peer.db'))
  createSpendingStore(late).setUse(open.channelId, { mark, atMs: Date.now() - HOUR_MS - 1 })
  late.close()
  agent = await paid.world.peer('idler', { idleCloseMs: HOUR_MS, unfunded: true })
  await expect.poll(async () => (await onlyChannel(agent)).state).not.toBe('open')
  await agent.stop()
  // Whoever comes back finishes what was started, without being told.
  agent = await paid.world.peer('idler', { idleCloseMs: HOUR_MS, unfunded: true })
  await expect.poll(async () => (await onlyChannel(agent)).state).toBe('closed')
  expect(await agent.api.accounts.balance(agent.account)).toBe(before + open.withdrawableWei)
}, 60_000)

test('a withdrawal that was started by hand is finished by itself', async () => {
  const agent = await paid.agent('hasty', { idleCloseMs: HOUR_MS })
  await ask(agent, { model, content: QUESTION })
  const { channelId } = await paid.agreement(agent)
  await paid.provider.stop()
  expect((await agent.api.channels.close(channelId)).state).toBe('withdrawing')
  await paid.restartProvider()
  await expect
    .poll(async () => (await onlyChannel(agent)).state, { timeout: 10_000 })
    .toBe('closed')
})

// MONEY-R1
test('tokens are sent from an account, to nobody who could not have them', async () => {
  const agent = await paid.world.peer('sender')
  const { api } = agent
  const ann = await api.accounts.create('ann')
  const to = `0x${'5e'.repeat(20)}`
  const before = await api.accounts.holdings('own')
  expect(before).toMatchObject({ address: agent.account, label: 'own' })
  expect(before.gasWei).toBeGreaterThan(0n)
  const sent = await api.accounts.send({ account: 'own', to, amountWei: 1_000n })
  expect(sent).toMatchObject({ from: agent.account, to, amountWei: 1_000n })
  expect(await api.accounts.balance(to)).toBe(1_000n)
  expect((await api.accounts.holdings(to)).label).toBeUndefined()

  const { escrow, token } = paid.world.network.contracts
  const refused = async (draft: { account?: string; to?: string; amountWei?: bigint }) => {
    const whole = { account: 'own', to, amountWei: 1n, ...draft }
    return refusal(() => api.accounts.send(whole))
  }
  for (const bad of [escrow, token, agent.account, `0x${'0'.repeat(40)}`, 'ann']) {
    expect(await refused({ to: bad }), bad).toBe('INPUT_INVALID')
  }
  expect(await refused({ amountWei: 0n })).toBe('INPUT_INVALID')
  expect(await refused({ amountWei: 10n ** 30n })).toBe('FUNDS_INSUFFICIENT')
  expect(await refused({ account: 'nobody' })).toBe('ACCOUNT_UNKNOWN')

  // An account with tokens and nothing for gas says so; the faucet of a devnet gives both.
  await api.accounts.send({ account: 'own', to: ann.address, amountWei: 50n })
  const noGas = api.accounts.send({ account: 'ann', to, amountWei: 20n })
  await expect(noGas).rejects.toMatchObject({
    code: 'FUNDS_INSUFFICIENT',
    details: { asset: 'gas' }
  })
  expect(await api.accounts.deposit('ann')).toEqual({
    address: ann.address,
    chainId: 31_337,
    token,
    isGiven: true
  })
  await api.accounts.send({ account: 'ann', to, amountWei: 20n })
  expect(await api.accounts.balance(to)).toBe(1_020n)

  // What pays gas is sent as well, down to the last of it.
  const some = await api.accounts.send({ account: 'ann', to, amountWei: 7n, asset: 'coin' })
  expect(some).toMatchObject({ asset: 'coin', amountWei: 7n })
  const rest = await api.accounts.send({ account: 'ann', to, asset: 'coin' })
  expect((await api.accounts.holdings('ann')).gasWei).toBe(0n)
  expect((await api.accounts.holdings(to)).gasWei).toBe(7n + rest.amountWei)
  const none = api.accounts.send({ account: 'ann', to, amountWei: 1n, asset: 'coin' })
  await expect(none).rejects.toMatchObject({ details: { asset: 'gas' } })
})

test('a key goes out and comes in encrypted, and acts where it came in', async () => {
  const { api } = await paid.world.peer('sender-again')
  const passphrase = 'correct horse'
  const { address } = await api.accounts.create('ann')
  const { keystore } = await api.accounts.export({ account: 'ann', passphrase })
  expect((await Wallet.fromEncryptedJson(keystore, passphrase)).address.toLowerCase()).toBe(address)
  const other = (await paid.world.peer('taker')).api
  const given = { label: 'ann', keystore, passphrase }
  expect(await refusal(() => other.accounts.import({ ...given, label: 'own' }))).toBe(
    'INPUT_INVALID'
  )
  expect(await other.accounts.import(given)).toEqual({ address, label: 'ann' })
  expect(await other.accounts.find('ann')).toEqual({ address, label: 'ann' })
})
