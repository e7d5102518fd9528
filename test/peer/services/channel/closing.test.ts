import { beforeAll, expect, test } from 'vitest'
import type { ClaimRow } from '../../../../peer/chain/escrow.ts'
import { createClosing } from '../../../../peer/services/channel/closing.ts'
import type { PayerChannels } from '../../../../peer/services/channel/payer-channels.ts'
import type { Parts } from '../../../../peer/services/parts.ts'
import { createChannelStore } from '../../../../peer/store/channels.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { DatanetError, type ErrorCode } from '../../../../protocol/base/errors.ts'
import { encodeRecord, fromWire, toWire } from '../../../../protocol/base/schema.ts'
import { type Terms, termsSchema } from '../../../../protocol/channel/terms.ts'
import { encodeVoucher } from '../../../../protocol/channel/voucher.ts'
import { closeAskSchema, closeEndSchema } from '../../../../protocol/net/close.ts'
import { PROTOCOLS } from '../../../../protocol/net/ids.ts'
import { accountOf, hashOf, keyOf } from '../../../contracts/people.ts'
import { createWorld, type World } from '../../../contracts/world.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

/** A payer's end of a channel on a real chain, with a provider that answers as it is told. */
const DELAY_S = 3_600
let world: World
beforeAll(async () => {
  world = await createWorld(['payer', 'operator', 'stranger'])
  await world.drip('payer')
  await world.as('payer').token.approve(world.contracts.escrow, 10n ** 30n)
})

type Word = { deadline: number; signature: Uint8Array; sends?: true }
type Answer = (asked: { row: ClaimRow; isToSend: boolean; times: number }) => Promise<Word>

let channels = 0
/** A channel of `payer` with 100 in it, of which 30 are signed for. */
async function channelOf(payer: string, answer: Answer) {
  const salt = hashOf(`closing ${channels++}`)
  const own = { payer: accountOf(payer), signer: accountOf(payer) }
  const terms: Terms = world.terms({ ...own, withdrawDelayS: DELAY_S, salt })
  await world.as('payer').escrow.fund(terms, 100n)
  const chain = world.as(payer)
  const channelId = await chain.escrow.channelId(terms)
  const row = world.row(terms, { cumulativeWei: 30n, royaltyWei: 10n }, payer)
  const bytes = encodeRecord(termsSchema, terms)
  const channelStore = createChannelStore(openDatabase(':memory:'))
  const stored = { side: 'payer' as const, channelId, peer: 'provider', terms: bytes }
  channelStore.addChannel({ ...stored, depositWei: 100n })
  channelStore.setVoucher('payer', channelId, encodeVoucher({ channelId, ...row }))
  let times = 0
  let recovered = 0
  const pool = {
    async request(_: string, protocol: string, value: unknown) {
      if (protocol !== PROTOCOLS.close) return undefined
      const { send } = fromWire(closeAskSchema, value)
      const word = await answer({ row, isToSend: send === true, times: times++ })
      return toWire(closeEndSchema, word)
    }
  }
  const channel = {
    ...{ channelId, provider: 'provider', terms: bytes, isIdle: true },
    ledger: { voucher: { cumulativeWei: 30n } },
    retire: () => channelStore.retire('payer', channelId),
    commit: () => undefined,
    refresh: () => chain.escrow.channel(channelId)
  }
  const known = { find: () => channel, inTurn: (_: string, work: () => unknown) => work() }
  const wallet = { own: { address: accountOf(payer), secretKey: keyOf(payer) } }
  const parts = { chain, channelStore, pool, wallet, log: () => {} } as unknown as Parts
  const recovery = {
    async channel() {
      recovered += 1
      return true
    }
  }
  const closing = createClosing(parts, known as unknown as PayerChannels, recovery)
  return {
    close: () => closing.close(channelId),
    state: () => chain.escrow.channel(channelId),
    recovered: () => recovered,
    isRetired: () => channelStore.channel('payer', channelId)?.isRetired
  }
}

/** A provider's word over `row`, by the receipt signer. */
async function wordOver(row: ClaimRow, by = 'operator', deadlineS?: number): Promise<Word> {
  const { deadlineS: deadline, signature } = await world.closing(row, by, deadlineS)
  return { deadline, signature }
}

test('with the provider’s word a channel is closed by one transaction', async () => {
  const { close, state, isRetired } = await channelOf('payer', ({ row }) => wordOver(row))
  const sent = await world.as('payer').transactions.nonce()
  expect(await close()).toMatchObject({ state: 'closed', agreement: 'sent', returnedWei: 70n })
  expect((await world.as('payer').transactions.nonce()) - sent).toBe(1)
  expect(await state()).toMatchObject({ isClosed: true, claimedWei: 30n })
  expect(isRetired()).toBe(true)
  // Asked again there is nothing to be done, and nobody is asked.
  expect(await close()).toMatchObject({ state: 'closed', returnedWei: 0n })
})

// CLOSE-R1, CLOSE-W3
test.each<[string, Answer, ErrorCode]>([
  ['another key', ({ row }) => wordOver(row, 'stranger'), 'SIGNATURE_INVALID'],
  [
    'other amounts than the last voucher’s',
    ({ row }) => wordOver({ ...row, cumulativeWei: 20n }),
    'SIGNATURE_INVALID'
  ],
  ['a deadline that has passed', ({ row }) => wordOver(row, 'operator', 1), 'CHAIN_REVERTED'],
  [
    'nobody: a call runs',
    async () => {
      throw new DatanetError('CHANNEL_BUSY', {}, {})
    },
    'CHANNEL_BUSY'
  ]
])('a word by %s is none, and the delay begins', async (_, answer, code) => {
  const { close, state, recovered } = await channelOf('payer', answer)
  const begun = await close()
  expect(begun).toMatchObject({ state: 'withdrawing', pendingWei: 70n, refusedBy: code })
  expect(await state()).toMatchObject({ withdrawal: { amountWei: 70n } })
  expect(recovered()).toBe(0)
  await world.warp(DELAY_S)
  expect(await close()).toMatchObject({ state: 'closed', returnedWei: 70n })
})

test('a receipt that never came is asked for, and the word once more', async () => {
  const { close, recovered } = await channelOf('payer', async ({ row, times }) => {
    if (times === 0) throw new DatanetError('RECEIPTS_BEHIND', {}, {})
    return wordOver(row)
  })
  expect(await close()).toMatchObject({ state: 'closed', agreement: 'sent' })
  expect(recovered()).toBe(1)
})

test('a withdrawal that has begun is overtaken by a word that comes after all', async () => {
  const { close } = await channelOf('payer', async ({ row, times }) => {
    if (times === 0) throw new DatanetError('PEER_UNREACHABLE', {}, {})
    return wordOver(row)
  })
  expect(await close()).toMatchObject({ state: 'withdrawing', refusedBy: 'PEER_UNREACHABLE' })
  expect(await close()).toMatchObject({ state: 'closed', agreement: 'sent', returnedWei: 70n })
})

test('who has nothing for gas asks the provider to send it, and says so when it does not', async () => {
  const asked: boolean[] = []
  const helped = await channelOf('poor', async ({ row, isToSend }) => {
    asked.push(isToSend)
    const word = await wordOver(row)
    const close = { deadlineS: word.deadline, signature: word.signature }
    await world.as('operator').escrow.close(row, close)
    return { ...word, sends: true }
  })
  expect(await helped.close()).toMatchObject({ state: 'closed', agreement: 'sent by the provider' })
  const token = world.as('poor').token
  expect(await token.balanceOf(accountOf('poor'))).toBe(70n)
  expect(asked).toEqual([true])
  const left = await channelOf('poor', ({ row }) => wordOver(row))
  expect(await refusal(left.close)).toBe('FUNDS_INSUFFICIENT')
})
