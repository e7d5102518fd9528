import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { createChannelStore } from '../../peer/store/channels.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { toWire } from '../../protocol/base/schema.ts'
import { closeAskSchema } from '../../protocol/net/close.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

/** A day: nothing here can come back by waiting. */
const DELAY_S = 86_400

let paid: PaidWorld
let model: string

beforeAll(async () => {
  paid = await createPaidWorld({ withdrawDelayS: DELAY_S, claimAtWei: 10n })
  ;({ model } = paid)
})
afterAll(() => paid?.stop())

async function onlyChannel(peer: Peer) {
  const [channel] = await peer.api.channels.list()
  if (channel === undefined) throw new Error('no channel')
  return channel
}

/** What the peer called `name` keeps of its only channel as a payer. */
function kept(name: string) {
  const database = openDatabase(join(paid.world.dirOf(name), 'peer.db'))
  const [channel] = createChannelStore(database).channels('payer')
  database.close()
  if (channel === undefined) throw new Error('no channel')
  return channel
}

function totalsOn(channelId: string) {
  return paid.world.chain.escrow.channel(channelId)
}

// CLOSE-W1, CLOSE-W3
test('a provider that agrees gives the rest of a deposit back at once, and has what was signed for', async () => {
  const payer = await paid.agent('payer')
  await ask(payer, { model, content: QUESTION })
  const { channelId, withdrawableWei, authorisedWei } = await paid.agreement(payer)
  const before = await payer.api.accounts.balance(payer.account)
  const { operator, token } = { operator: paid.provider.account, ...paid.world.network.contracts }
  const hadWei = await paid.world.chain.token.balanceOf(operator)

  const closing = await payer.api.channels.close(channelId)
  expect(closing).toMatchObject({
    state: 'closed',
    agreement: 'sent',
    pendingWei: 0n,
    returnedWei: withdrawableWei
  })
  expect(await payer.api.accounts.balance(payer.account)).toBe(before + withdrawableWei)
  const onChain = await totalsOn(channelId)
  expect(onChain).toMatchObject({ isClosed: true, claimedWei: authorisedWei })
  expect(await onlyChannel(payer)).toMatchObject({ state: 'closed', withdrawableWei: 0n })
  // Neither side has to do anything for the provider to be paid.
  const operatorWei = authorisedWei - onChain.royaltyWei
  await expect
    .poll(() => paid.world.chain.token.balanceOf(operator), { timeout: 25_000 })
    .toBe(hadWei + operatorWei)
  expect(await paid.world.chain.escrow.creditOf(operator, token)).toBe(0n)
  await expect.poll(async () => (await onlyChannel(paid.provider)).state).toBe('closed')
  // The next question opens another.
  await ask(payer, { model, content: QUESTION })
  expect(await payer.api.channels.list()).toHaveLength(2)
}, 40_000)

test('a channel on which nothing was ever asked comes back whole', async () => {
  const payer = await paid.agent('unused')
  const [listing] = await payer.api.models.list()
  const offer = listing?.offers[0]?.offer ?? ''
  const { channelId } = await payer.api.channels.open({ offer, depositWei: 9_000n })
  expect(await payer.api.channels.close(channelId)).toMatchObject({
    state: 'closed',
    returnedWei: 9_000n
  })
})

test('who has no coin for gas is paid out by the provider, which is paid by that itself', async () => {
  const payer = await paid.agent('gasless')
  await ask(payer, { model, content: QUESTION })
  const { channelId, withdrawableWei } = await paid.agreement(payer)
  const to = paid.world.chain.account
  await payer.api.accounts.send({ account: 'own', to, asset: 'coin' })
  expect((await payer.api.accounts.holdings('own')).gasWei).toBe(0n)
  const before = await payer.api.accounts.balance(payer.account)
  expect(await payer.api.channels.close(channelId)).toMatchObject({
    state: 'closed',
    agreement: 'sent by the provider'
  })
  expect(await payer.api.accounts.balance(payer.account)).toBe(before + withdrawableWei)
})

// CLOSE-R4
test('a provider gives its word to the payer alone, and a stranger holds up nothing', async () => {
  const payer = await paid.agent('busy')
  await ask(payer, { model, content: QUESTION })
  await paid.agreement(payer)
  // What anyone reads on the chain once it is claimed.
  const { terms, voucher = new Uint8Array() } = kept('busy')
  const { pool } = await paid.world.node()
  const stolen = toWire(closeAskSchema, { terms, voucher })
  const asked = () => pool.request(paid.provider.peerId, PROTOCOLS.close, stolen)
  expect(await refusal(asked)).toBe('VOUCHER_STALE')
  await ask(payer, { model, content: QUESTION })
  expect(await payer.api.channels.list()).toHaveLength(1)
})

test('a provider that is away is not waited for: the delay begins', async () => {
  const payer = await paid.agent('left')
  await ask(payer, { model, content: QUESTION })
  const { channelId, withdrawableWei } = await paid.agreement(payer)
  await paid.provider.stop()
  const begun = await payer.api.channels.close(channelId)
  expect(begun).toMatchObject({ state: 'withdrawing', pendingWei: withdrawableWei })
  expect(['PEER_UNREACHABLE', 'PEER_GONE']).toContain(begun.refusedBy)
})
