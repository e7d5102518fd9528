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
/** So much that nothing here is claimed for its worth, so little that none of it is dust. */
const CLAIM_AT = 10_000_000n

let paid: PaidWorld
let model: string

beforeAll(async () => {
  paid = await createPaidWorld({ withdrawDelayS: DELAY_S, claimAtWei: CLAIM_AT })
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

/** The chain as the stopped peer called `name` would use it, and its only channel. */
async function keyOf(name: string) {
  const database = openDatabase(join(paid.world.dirOf(name), 'peer.db'))
  const [channel] = createChannelStore(database).channels('payer')
  const { own } = await openWallet(database)
  database.close()
  const { rpcUrl: rpc, contracts } = paid.world.network
  const chain = createEthersChain({ rpc, contracts, secretKey: own.secretKey })
  if (channel === undefined) throw new Error('no channel')
  const terms = decodeRecord(termsSchema, channel.terms)
  return { chain, terms, depositWei: channel.depositWei }
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

  // Nobody is there to agree.
  await paid.provider.stop()
  const begun = await payer.api.channels.close(channelId)
  expect(begun).toMatchObject({
    state: 'withdrawing',
    pendingWei: withdrawableWei,
    returnedWei: 0n,
    refusedBy: expect.stringMatching(/^PEER_/)
  })
  const again = await payer.api.channels.close(channelId)
  expect(again).toMatchObject({ state: 'withdrawing', readyAtMs: begun.readyAtMs })
  expect(await onlyChannel(payer)).toMatchObject({
    state: 'withdrawing',
    withdrawableWei,
    readyAtMs: begun.readyAtMs
  })
  // What was signed for is the provider's, who claims it while it sees the withdrawal.
  await paid.restartProvider()
  await expect.poll(() => claimedOn(channelId)).toBe(open.authorisedWei)
  await chainAt(begun.readyAtMs ?? 0)
  const done = await payer.api.channels.close(channelId)
  expect(done).toEqual({ channelId, state: 'closed', pendingWei: 0n, returnedWei: withdrawableWei })
  expect(await payer.api.accounts.balance(payer.account)).toBe(before + withdrawableWei)
  expect(await onlyChannel(payer)).toMatchObject({ state: 'closed', withdrawableWei: 0n })
  expect(await payer.api.channels.close(channelId)).toMatchObject({ returnedWei: 0n })
  // The provider sees that its payer is done.
  await expect.poll(async () => (await onlyChannel(paid.provider)).state).toBe('closed')
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
  await payer.stop()
  // A payer that takes it back behind its own peer's back, and goes on.
  const { chain, terms, depositWei } = await keyOf('leaving')
  await chain.escrow.startWithdraw(terms, depositWei / 2n)
  chain.close()
  const again = await paid.agent('leaving')
  const refused = await refusal(() => ask(again, { model, content: QUESTION, retry: false }))
  expect(refused).toBe('CHANNEL_CLOSING')
  // And an honest one gives it up and opens another.
  await ask(again, { model, content: QUESTION })
  const states = (await again.api.channels.list()).map(({ state }) => state)
  expect(states).toEqual(['retired', 'open'])
})

// CLAIMING-W1
test('a payer that takes back what it signed for loses it to the provider all the same', async () => {
  const payer = await paid.agent('cheat')
  await ask(payer, { model, content: QUESTION })
  const { channelId, depositWei, authorisedWei } = await onlyChannel(payer)
  await payer.stop()
  const { chain, terms: signed } = await keyOf('cheat')
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
