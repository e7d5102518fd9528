import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEthersChain } from '../../peer/chain/ethers-chain.ts'
import type { Peer } from '../../peer/peer.ts'
import { createChannelStore } from '../../peer/store/channels.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { openWallet } from '../../peer/wallet/wallet.ts'
import { decodeRecord } from '../../protocol/base/schema.ts'
import { termsSchema } from '../../protocol/channel/terms.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

const DELAY_S = 1

let paid: PaidWorld
let model: string

beforeAll(async () => {
  paid = await createPaidWorld({ withdrawDelayS: DELAY_S })
  ;({ model } = paid)
})
afterAll(() => paid?.stop())

/** Lets the chain's clock reach `atMs`: it is the machine's, and every read looks at it. */
async function chainAt(atMs: number): Promise<void> {
  await expect.poll(() => paid.world.chain.nowMs(), { interval: 100 }).toBeGreaterThanOrEqual(atMs)
}

async function onlyChannel(peer: Peer) {
  const [channel] = await peer.api.channels.list()
  if (channel === undefined) throw new Error('no channel')
  return channel
}

// CLOSING-W1
async function claimedOn(channelId: string): Promise<bigint> {
  return (await paid.world.chain.escrow.channel(channelId)).claimedWei
}

test('a deposit comes back after the delay, less what was signed for', async () => {
  const payer = await paid.agent('payer')
  await ask(payer, { model, content: QUESTION })
  const open = await onlyChannel(payer)
  expect(open).toMatchObject({
    state: 'open',
    withdrawableWei: open.depositWei - open.authorisedWei
  })
  const { channelId, withdrawableWei } = open
  const before = await payer.api.accounts.balance(payer.account)

  const begun = await payer.api.channels.close(channelId)
  expect(begun).toMatchObject({
    state: 'withdrawing',
    pendingWei: withdrawableWei,
    returnedWei: 0n
  })
  expect(await payer.api.channels.close(channelId)).toEqual(begun)
  expect(await onlyChannel(payer)).toMatchObject({
    state: 'withdrawing',
    withdrawableWei,
    readyAtMs: begun.readyAtMs
  })
  // What was signed for is the provider's, who claims it while it sees the withdrawal.
  await expect.poll(() => claimedOn(channelId)).toBe(open.authorisedWei)
  await chainAt(begun.readyAtMs ?? 0)
  const done = await payer.api.channels.close(channelId)
  expect(done).toEqual({ channelId, state: 'closed', pendingWei: 0n, returnedWei: withdrawableWei })
  expect(await payer.api.accounts.balance(payer.account)).toBe(before + withdrawableWei)
  expect(await onlyChannel(payer)).toMatchObject({ state: 'closed', withdrawableWei: 0n })
  expect(await payer.api.channels.close(channelId)).toMatchObject({ returnedWei: 0n })
  // The provider sees that its payer is done.
  await expect.poll(async () => (await onlyChannel(paid.provider)).state).toBe('closed')
  await ask(payer, { model, content: QUESTION })
  expect(await payer.api.channels.list()).toHaveLength(2)
})

// CLOSING-W2
test('a channel on which a call runs is not closed', async () => {
  const payer = await paid.agent('talking')
  const messages = [{ role: 'user' as const, content: QUESTION }]
  let refused: string | undefined
  for await (const event of payer.api.models.ask({ model, messages })) {
    if (event.type !== 'chunk' || refused !== undefined) continue
    const { channelId } = await onlyChannel(payer)
    refused = await refusal(() => payer.api.channels.close(channelId))
  }
  expect(refused).toBe('CHANNEL_BUSY')
  expect((await onlyChannel(payer)).state).toBe('open')
  const { channelId } = await onlyChannel(paid.provider)
  expect(await refusal(() => payer.api.channels.close(channelId))).toBe('CHANNEL_UNKNOWN')
})

// CALL-R12, CALL-R7
test('a provider takes no call on a channel whose deposit is leaving', async () => {
  const payer = await paid.agent('leaving')
  await ask(payer, { model, content: QUESTION })
  const { channelId } = await onlyChannel(payer)
  await payer.api.channels.close(channelId)
  // A payer that goes on all the same: as if it had never retired the channel.
  await payer.stop()
  const database = openDatabase(join(paid.world.dirOf('leaving'), 'peer.db'))
  database.run("UPDATE channel SET retired = 0 WHERE side = 'payer'")
  expect(createChannelStore(database).channel('payer', channelId)).toMatchObject({
    isRetired: false,
    withdrawal: { amountWei: expect.any(BigInt) }
  })
  database.close()
  const again = await paid.agent('leaving')
  const refused = await refusal(() => ask(again, { model, content: QUESTION, retry: false }))
  expect(refused).toBe('CHANNEL_CLOSING')
  // And an honest one gives it up and opens another.
  await ask(again, { model, content: QUESTION })
  const states = (await again.api.channels.list()).map(({ state }) => state)
  expect(states).toEqual(['withdrawing', 'open'])
})

// CLOSING-W3
test('a payer that takes back what it signed for loses it to the provider all the same', async () => {
  const payer = await paid.agent('cheat')
  await ask(payer, { model, content: QUESTION })
  const { channelId, depositWei, authorisedWei } = await onlyChannel(payer)
  await payer.stop()
  const database = openDatabase(join(paid.world.dirOf('cheat'), 'peer.db'))
  const { terms } = createChannelStore(database).channel('payer', channelId) ?? {}
  const { own } = await openWallet(database)
  database.close()
  const chain = createEthersChain({
    rpc: paid.world.network.rpcUrl,
    contracts: paid.world.network.contracts,
    secretKey: own.secretKey
  })
  const signed = decodeRecord(termsSchema, terms as Uint8Array)
  await chain.escrow.startWithdraw(signed, depositWei)
  await expect.poll(() => claimedOn(channelId)).toBe(authorisedWei)
  const { withdrawal } = await chain.escrow.channel(channelId)
  await chainAt(withdrawal?.readyAtMs ?? 0)
  await chain.escrow.finishWithdraw(signed)
  expect(await chain.escrow.channel(channelId)).toMatchObject({ depositWei: authorisedWei })
  chain.close()
})

test('closing goes on without the provider, who claims when it is back', async () => {
  const payer = await paid.agent('abandoned')
  await ask(payer, { model, content: QUESTION })
  const { channelId } = await onlyChannel(payer)
  await paid.provider.stop()
  expect(await payer.api.channels.close(channelId)).toMatchObject({ state: 'withdrawing' })
  await payer.stop()
  const back = await paid.world.peer('abandoned')
  const { readyAtMs = 0 } = await onlyChannel(back)
  await chainAt(readyAtMs)
  expect(await claimedOn(channelId)).toBe(0n)
  await paid.restartProvider()
  await expect.poll(() => claimedOn(channelId)).toBeGreaterThan(0n)
  expect(await back.api.channels.close(channelId)).toMatchObject({ state: 'closed' })
})
