import { beforeAll, expect, test } from 'vitest'
import type { ClaimRow } from '../../peer/chain/escrow.ts'
import { keySigner } from '../../protocol/base/typed-data.ts'
import { channelIdOf, escrowDomain, type Terms } from '../../protocol/channel/terms.ts'
import { accountOf, hashOf, highS, keyOf } from './people.ts'
import { createWorld, reverted, type World } from './world.ts'

const VOUCHER = {
  name: 'Voucher',
  fields: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'cumulativeWei', type: 'uint128' },
    { name: 'royaltyWei', type: 'uint128' },
    { name: 'receipts', type: 'uint64' },
    { name: 'receiptsRoot', type: 'bytes32' }
  ]
}

let world: World
beforeAll(async () => {
  world = await createWorld(['payer', 'operator', 'stranger'])
  await world.drip('payer')
  await world.drip('stranger')
  for (const name of ['payer', 'stranger']) {
    await world.as(name).token.approve(world.contracts.escrow, 10n ** 30n)
  }
})

/** A funded channel of its own for the test called `name`, with a pool and operator of its own. */
async function open(
  name: string,
  depositWei: bigint
): Promise<{ terms: Terms; id: string; state(): Promise<object> }> {
  const terms = world.terms({
    salt: hashOf(name),
    auditor: hashOf(name),
    operator: accountOf(`operator of ${name}`)
  })
  await world.as('payer').escrow.fund(terms, depositWei)
  const id = channelIdOf(escrowDomain(world.contracts.chainId, world.contracts.escrow), terms)
  return {
    terms,
    id,
    async state() {
      const { escrow } = world.as('stranger')
      const { depositWei, claimedWei, royaltyWei } = await escrow.channel(id)
      const creditWei = await escrow.creditOf(terms.operator, terms.token)
      const poolWei = await escrow.royaltyOf(terms.operator, terms.auditor, terms.token)
      return { depositWei, claimedWei, royaltyWei, creditWei, poolWei }
    }
  }
}

async function claim(...rows: ClaimRow[]) {
  return (await world.as('stranger').escrow.claim(rows)).outcomes
}

test('computes the channel id that the protocol computes', async () => {
  const terms = world.terms({ salt: hashOf('id') })
  const domain = escrowDomain(31_337, world.contracts.escrow)
  expect(await world.as('payer').escrow.channelId(terms)).toBe(channelIdOf(domain, terms))
})

test('takes deposits from anyone and keeps their sum', async () => {
  const { terms, state } = await open('fund', 100n)
  await world.as('stranger').escrow.fund(terms, 11n)
  expect(await state()).toMatchObject({ depositWei: 111n, claimedWei: 0n, royaltyWei: 0n })
})

test.each([
  ['no payer', { payer: `0x${'0'.repeat(40)}` }, 'EscrowTermsInvalid'],
  ['no signer', { signer: `0x${'0'.repeat(40)}` }, 'EscrowTermsInvalid'],
  ['no operator', { operator: `0x${'0'.repeat(40)}` }, 'EscrowTermsInvalid'],
  ['no withdraw delay', { withdrawDelayS: 0 }, 'EscrowTermsInvalid'],
  ['a withdraw delay over thirty days', { withdrawDelayS: 2_592_001 }, 'EscrowTermsInvalid']
])('refuses to fund terms with %s', async (_, over, error) => {
  await expect(world.as('payer').escrow.fund(world.terms(over), 1n)).rejects.toMatchObject(
    reverted(error)
  )
})

test('refuses an empty deposit and one beyond 80 bits', async () => {
  const { escrow } = world.as('payer')
  await expect(escrow.fund(world.terms(), 0n)).rejects.toMatchObject(reverted('EscrowAmountZero'))
  await expect(escrow.fund(world.terms(), 1n << 80n)).rejects.toMatchObject(
    reverted('EscrowDepositTooLarge')
  )
})

test('refuses a deposit that the sender does not hold, and one it did not approve', async () => {
  await expect(world.as('payer').escrow.fund(world.terms(), 10n ** 22n)).rejects.toMatchObject({
    code: 'FUNDS_INSUFFICIENT',
    details: { asset: 'token', account: accountOf('payer') }
  })
  await expect(world.as('operator').escrow.fund(world.terms(), 1n)).rejects.toMatchObject(
    reverted('ERC20InsufficientAllowance')
  )
})

test('splits what a voucher newly authorises between operator and pool', async () => {
  const { terms, id, state } = await open('split', 1_000n)
  const root = hashOf('receipts')
  expect(await claim(world.row(terms, { cumulativeWei: 100n, royaltyWei: 30n }))).toEqual([
    {
      channelId: id,
      claimedWei: 100n,
      royaltyWei: 30n,
      receipts: 1,
      receiptsRoot: root,
      blockNumber: expect.any(Number)
    }
  ])
  await claim(world.row(terms, { cumulativeWei: 250n, royaltyWei: 90n, receipts: 2 }))
  expect(await state()).toEqual({
    depositWei: 1_000n,
    claimedWei: 250n,
    royaltyWei: 90n,
    creditWei: 160n,
    poolWei: 90n
  })
  const events = await world.as('payer').escrow.claimsOf(id)
  expect(events.map((event) => 'claimedWei' in event && event.claimedWei)).toEqual([100n, 250n])
})

test('skips a replayed and a stale voucher', async () => {
  const { terms, state } = await open('replay', 1_000n)
  const old = world.row(terms, { cumulativeWei: 50n, royaltyWei: 50n })
  const row = world.row(terms, { cumulativeWei: 100n, royaltyWei: 20n })
  await claim(row)
  const before = await state()
  expect(await claim(row, old)).toMatchObject([
    { skipped: 'nothing-new' },
    { skipped: 'nothing-new' }
  ])
  expect(await state()).toEqual(before)
})

test('claims no more than the deposit, and the rest once it grew', async () => {
  const { terms, state } = await open('cap', 100n)
  const row = world.row(terms, { cumulativeWei: 140n, royaltyWei: 14n })
  expect(await claim(row)).toMatchObject([{ claimedWei: 100n, royaltyWei: 14n }])
  expect(await claim(row)).toMatchObject([{ skipped: 'deposit-exhausted' }])
  await world.as('payer').escrow.fund(terms, 100n)
  expect(await claim(row)).toMatchObject([{ claimedWei: 140n, royaltyWei: 14n }])
  expect(await state()).toMatchObject({ depositWei: 200n, creditWei: 126n, poolWei: 14n })
})

test('captures no more royalty than is newly claimed and never gives any back', async () => {
  const { terms, state } = await open('royalty', 1_000n)
  await claim(world.row(terms, { cumulativeWei: 100n, royaltyWei: 400n }))
  expect(await state()).toMatchObject({ royaltyWei: 100n, creditWei: 0n, poolWei: 100n })
  await claim(world.row(terms, { cumulativeWei: 150n, royaltyWei: 0n }))
  expect(await state()).toMatchObject({ royaltyWei: 100n, creditWei: 50n, poolWei: 100n })
  await claim(world.row(terms, { cumulativeWei: (1n << 128n) - 1n, royaltyWei: (1n << 128n) - 1n }))
  expect(await state()).toMatchObject({ claimedWei: 1_000n, royaltyWei: 950n, creditWei: 50n })
})

test('skips the poisoned rows of a batch and pays the others', async () => {
  const [one, two] = [await open('batch one', 100n), await open('batch two', 100n)]
  const good = world.row(one.terms, { cumulativeWei: 10n })
  const outcomes = await claim(
    world.row(two.terms, { cumulativeWei: 5n }, 'stranger'),
    world.row(world.terms({ salt: hashOf('nobody funded') }), { cumulativeWei: 5n }),
    { ...good, signature: new Uint8Array(64) },
    { ...good, signature: highS(good.signature) },
    { ...good, cumulativeWei: 99n },
    { ...good, terms: two.terms },
    good,
    world.row(two.terms, { cumulativeWei: 7n })
  )
  expect(outcomes).toMatchObject([
    { skipped: 'bad-signature' },
    { skipped: 'deposit-exhausted' },
    { skipped: 'bad-signature' },
    { skipped: 'bad-signature' },
    { skipped: 'bad-signature' },
    { skipped: 'bad-signature' },
    { channelId: one.id, claimedWei: 10n },
    { channelId: two.id, claimedWei: 7n }
  ])
})

test('skips vouchers signed for another chain, contract, name or version', async () => {
  const { terms, id, state } = await open('domain', 100n)
  const value = {
    channelId: id,
    cumulativeWei: 10n,
    royaltyWei: 0n,
    receipts: 1,
    receiptsRoot: hashOf('receipts')
  }
  const domain = escrowDomain(31_337, world.contracts.escrow)
  const signed = async (over: object): Promise<ClaimRow> => ({
    ...value,
    terms,
    signature: await keySigner(keyOf('payer')).signTypedData({ ...domain, ...over }, VOUCHER, value)
  })
  for (const over of [
    { chainId: 1n },
    { verifyingContract: world.contracts.pool },
    { name: 'datanet' },
    { version: '2' }
  ]) {
    expect(await claim(await signed(over))).toMatchObject([{ skipped: 'bad-signature' }])
  }
  expect(await state()).toMatchObject({ claimedWei: 0n })
  expect(await claim(await signed({}))).toMatchObject([{ claimedWei: 10n }])
})

test('takes vouchers of the session key in the terms, not of the payer', async () => {
  const terms = world.terms({ salt: hashOf('session'), signer: accountOf('session') })
  await world.as('payer').escrow.fund(terms, 100n)
  expect(await claim(world.row(terms, { cumulativeWei: 9n }, 'payer'))).toMatchObject([
    { skipped: 'bad-signature' }
  ])
  expect(await claim(world.row(terms, { cumulativeWei: 9n }, 'session'))).toMatchObject([
    { claimedWei: 9n }
  ])
})

test('comes to the same state whatever the order and grouping of rows', async () => {
  const states = []
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0]
  ]) {
    const { terms, state } = await open(`order ${order}`, 100n)
    const rows = [
      world.row(terms, { cumulativeWei: 10n, royaltyWei: 1n }),
      world.row(terms, { cumulativeWei: 20n, royaltyWei: 2n }),
      world.row(terms, { cumulativeWei: 30n, royaltyWei: 3n })
    ]
    const [a, b, c] = order.map((i) => rows[i] as ClaimRow) as [ClaimRow, ClaimRow, ClaimRow]
    await claim(a)
    await claim(b, c)
    states.push(await state())
  }
  expect(states[1]).toEqual(states[0])
  expect(states[2]).toEqual(states[0])
})

test('pays an operator its credit once, whoever asks', async () => {
  const { terms } = await open('pull', 100n)
  await claim(world.row(terms, { cumulativeWei: 60n, royaltyWei: 10n }))
  const { escrow, token } = world.as('stranger')
  await escrow.pull(terms.operator, terms.token)
  expect(await token.balanceOf(terms.operator)).toBe(50n)
  await expect(escrow.pull(terms.operator, terms.token)).rejects.toMatchObject(
    reverted('EscrowNothingToPull')
  )
})

test('gives the payer back the unclaimed deposit after the delay', async () => {
  const { terms, id, state } = await open('withdraw', 100n)
  const payer = world.as('payer')
  const before = await payer.token.balanceOf(payer.account)
  await payer.escrow.startWithdraw(terms, 100n)
  const { withdrawal } = await payer.escrow.channel(id)
  expect(withdrawal).toEqual({ amountWei: 100n, readyAtMs: (await payer.nowMs()) + 3_600_000 })
  await world.warp(3_599)
  await expect(payer.escrow.finishWithdraw(terms)).rejects.toMatchObject(
    reverted('EscrowWithdrawEarly')
  )
  // What was authorised in time is still the operator's.
  await claim(world.row(terms, { cumulativeWei: 40n }))
  await world.warp(1)
  await world.as('stranger').escrow.finishWithdraw(terms)
  expect(await payer.token.balanceOf(payer.account)).toBe(before + 60n)
  expect(await state()).toMatchObject({ depositWei: 40n, claimedWei: 40n, creditWei: 40n })
  await expect(payer.escrow.finishWithdraw(terms)).rejects.toMatchObject(
    reverted('EscrowWithdrawMissing')
  )
})

test('never pays a voucher twice over withdrawal and new deposits', async () => {
  const { terms, state } = await open('revive', 100n)
  const row = world.row(terms, { cumulativeWei: 40n })
  await claim(row)
  await world.as('payer').escrow.startWithdraw(terms, 60n)
  await world.warp(3_600)
  await world.as('payer').escrow.finishWithdraw(terms)
  await world.as('payer').escrow.fund(terms, 100n)
  expect(await claim(row)).toMatchObject([{ skipped: 'nothing-new' }])
  expect(await state()).toMatchObject({ depositWei: 140n, claimedWei: 40n, creditWei: 40n })
})

test("refuses a withdrawal by others, of nothing, and of more than is the payer's", async () => {
  const { terms } = await open('refuse withdraw', 100n)
  await claim(world.row(terms, { cumulativeWei: 40n }))
  const { escrow } = world.as('payer')
  await expect(world.as('stranger').escrow.startWithdraw(terms, 1n)).rejects.toMatchObject(
    reverted('EscrowNotPayer')
  )
  await expect(escrow.startWithdraw(terms, 0n)).rejects.toMatchObject(reverted('EscrowAmountZero'))
  await expect(escrow.startWithdraw(terms, 61n)).rejects.toMatchObject(
    reverted('EscrowWithdrawTooLarge')
  )
  await expect(escrow.finishWithdraw(terms)).rejects.toMatchObject(
    reverted('EscrowWithdrawMissing')
  )
})

test('starts the delay again with a new withdrawal, and never by a deposit', async () => {
  const { terms, id } = await open('timer', 100n)
  const { escrow } = world.as('payer')
  await escrow.startWithdraw(terms, 100n)
  const first = (await escrow.channel(id)).withdrawal
  await world.warp(1_000)
  await world.as('stranger').escrow.fund(terms, 1n)
  expect((await escrow.channel(id)).withdrawal).toEqual(first)
  await escrow.startWithdraw(terms, 50n)
  expect((await escrow.channel(id)).withdrawal).toEqual({
    amountWei: 50n,
    readyAtMs: Number(first?.readyAtMs) + 1_000_000
  })
})
