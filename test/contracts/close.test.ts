import { beforeAll, expect, test } from 'vitest'
import type { ClaimRow } from '../../peer/chain/escrow.ts'
import { createContract } from '../../peer/chain/ethers/contract.ts'
import { channelIdOf, escrowDomain, type Terms } from '../../protocol/channel/terms.ts'
import { ChannelEscrow } from '../../protocol/contracts/abi/ChannelEscrow.ts'
import { accountOf, hashOf } from './people.ts'
import { deployTestContract } from './test-token.ts'
import { createWorld, reverted, type World } from './world.ts'

const COINS = `0x${'0'.repeat(40)}`

let world: World
beforeAll(async () => {
  world = await createWorld(['payer', 'operator', 'stranger'])
  await world.drip('payer')
  await world.as('payer').token.approve(world.contracts.escrow, 10n ** 30n)
})

async function open(name: string, over: Partial<Terms> = {}) {
  const operator = accountOf(`operator of ${name}`)
  const terms = world.terms({ salt: hashOf(name), auditor: hashOf(name), operator, ...over })
  await world.as('payer').escrow.fund(terms, 1_000n)
  const id = channelIdOf(escrowDomain(world.contracts.chainId, world.contracts.escrow), terms)
  return { terms, id, state: () => world.as('stranger').escrow.channel(id) }
}

async function close(row: ClaimRow, signer = 'operator', deadlineS?: number) {
  return world.as('stranger').escrow.close(row, await world.closing(row, signer, deadlineS))
}

test('claims the last voucher, refunds the rest and ends the channel for ever', async () => {
  const { terms, id, state } = await open('close')
  const { escrow, token } = world.as('payer')
  await escrow.claim([world.row(terms, { cumulativeWei: 100n, royaltyWei: 10n })])
  await escrow.startWithdraw(terms, 900n)
  const before = await token.balanceOf(accountOf('payer'))
  const last = world.row(terms, { cumulativeWei: 400n, royaltyWei: 40n, receipts: 2 })
  expect(await close(last)).toMatchObject({ refundWei: 600n })
  expect(await token.balanceOf(accountOf('payer'))).toBe(before + 600n)
  const ended = { depositWei: 400n, claimedWei: 400n, royaltyWei: 40n, isClosed: true }
  expect(await state()).toEqual(ended)
  expect(await escrow.creditOf(terms.operator, terms.token)).toBe(360n)
  expect(await escrow.royaltyOf(terms.operator, terms.auditor, terms.token)).toBe(40n)

  const closed = reverted('EscrowChannelClosed')
  await expect(escrow.fund(terms, 1n)).rejects.toMatchObject(closed)
  await expect(close(last)).rejects.toMatchObject(closed)
  const { outcomes } = await escrow.claim([world.row(terms, { cumulativeWei: 500n, receipts: 3 })])
  expect(outcomes).toEqual([{ channelId: id, skipped: 'channel-closed' }])
  await expect(escrow.finishWithdraw(terms)).rejects.toMatchObject(
    reverted('EscrowWithdrawMissing')
  )
  await expect(escrow.startWithdraw(terms, 1n)).rejects.toMatchObject(
    reverted('EscrowWithdrawTooLarge')
  )
  expect(await state()).toEqual(ended)
})

test('ends an unused channel, and one whose last voucher was claimed, without a signature of it', async () => {
  const unsigned = { signature: new Uint8Array(64) }
  const unused = await open('unused')
  expect(
    await close({ ...world.row(unused.terms, { cumulativeWei: 0n }), ...unsigned })
  ).toMatchObject({ refundWei: 1_000n })
  const claimed = await open('claimed')
  const row = world.row(claimed.terms, { cumulativeWei: 300n })
  await world.as('stranger').escrow.claim([row])
  expect(await close({ ...row, ...unsigned })).toMatchObject({ refundWei: 700n })
})

test('refuses to close by anyone but the receipt signer, too late, or by a forged voucher', async () => {
  const { terms, state } = await open('refused')
  const row = world.row(terms, { cumulativeWei: 400n })
  const before = await state()
  const invalid = reverted('EscrowSignatureInvalid')
  await expect(close(row, 'payer')).rejects.toMatchObject(invalid)
  await expect(close(row, 'stranger')).rejects.toMatchObject(invalid)
  await expect(close(world.row(terms, { cumulativeWei: 400n }, 'stranger'))).rejects.toMatchObject(
    invalid
  )
  const nowS = Math.floor((await world.as('payer').nowMs()) / 1000)
  await expect(close(row, 'operator', nowS - 1)).rejects.toMatchObject(
    reverted('EscrowDeadlinePassed')
  )
  // What was signed for one amount closes at no other.
  const signed = await world.closing(row, 'operator')
  const lower = world.row(terms, { cumulativeWei: 300n })
  await expect(world.as('stranger').escrow.close(lower, signed)).rejects.toMatchObject(invalid)
  const royalty = world.row(terms, { cumulativeWei: 400n, royaltyWei: 1n })
  await expect(world.as('stranger').escrow.close(royalty, signed)).rejects.toMatchObject(invalid)
  const nobody = world.row(world.terms({ salt: hashOf('nobody') }), { cumulativeWei: 0n })
  await expect(close(nobody)).rejects.toMatchObject(reverted('EscrowChannelUnknown'))
  expect(await state()).toEqual(before)
})

test('closes at no more than the deposit', async () => {
  const { terms } = await open('over')
  expect(await close(world.row(terms, { cumulativeWei: 5_000n }))).toMatchObject({ refundWei: 0n })
  expect(await world.as('payer').escrow.creditOf(terms.operator, terms.token)).toBe(1_000n)
})

test('a withdrawal can be called off by the payer alone', async () => {
  const { terms, id } = await open('cancel')
  const { escrow } = world.as('payer')
  await expect(escrow.cancelWithdraw(terms)).rejects.toMatchObject(
    reverted('EscrowWithdrawMissing')
  )
  await escrow.startWithdraw(terms, 10n)
  await expect(world.as('stranger').escrow.cancelWithdraw(terms)).rejects.toMatchObject(
    reverted('EscrowNotPayer')
  )
  await escrow.cancelWithdraw(terms)
  expect((await escrow.channel(id)).withdrawal).toBeUndefined()
})

test('a group claims what its rows would alone, past a poisoned one', async () => {
  const { escrow } = world.as('stranger')
  const shared = { operator: accountOf('group'), auditor: hashOf('group') }
  const channels = []
  for (const name of ['group one', 'group two', 'group three']) {
    channels.push(await open(name, { ...shared, signer: accountOf(name) }))
  }
  const rows = channels.map(({ terms }, i) =>
    world.row(
      terms,
      { cumulativeWei: 100n * BigInt(i + 1), royaltyWei: 10n },
      ['group one', 'stranger', 'group three'][i]
    )
  )
  // One more row of the first channel: in a group as anywhere the second finds what the first left.
  const again = world.row((channels[0] as { terms: Terms }).terms, { cumulativeWei: 100n })
  const { outcomes } = await escrow.claim([...rows, again])
  expect(outcomes).toMatchObject([
    { channelId: channels[0]?.id, claimedWei: 100n, royaltyWei: 10n },
    { channelId: channels[1]?.id, skipped: 'bad-signature' },
    { channelId: channels[2]?.id, claimedWei: 300n, royaltyWei: 10n },
    { channelId: channels[0]?.id, skipped: 'nothing-new' }
  ])
  expect(await escrow.creditOf(shared.operator, world.contracts.token)).toBe(380n)
  expect(await escrow.royaltyOf(shared.operator, shared.auditor, world.contracts.token)).toBe(20n)
})

test('one poisoned row in a hundred costs the other ninety-nine nothing', async () => {
  const { escrow } = world.as('stranger')
  const rows: ClaimRow[] = []
  for (let i = 0; i < 100; i += 1) {
    const { terms } = await open(`hundred ${i}`, {
      operator: accountOf('hundred'),
      auditor: hashOf('hundred')
    })
    rows.push(world.row(terms, { cumulativeWei: 10n }, i === 41 ? 'stranger' : 'payer'))
  }
  const { outcomes } = await escrow.claim(rows)
  expect(outcomes.filter((outcome) => 'skipped' in outcome)).toMatchObject([
    { skipped: 'bad-signature' }
  ])
  expect(await escrow.creditOf(accountOf('hundred'), world.contracts.token)).toBe(990n)
})

test('a receiver that refuses coins, or calls back for more, hurts only itself', async () => {
  const shy = await deployTestContract(world, 'ShyReceiver')
  const { escrow, gasBalanceOf } = world.as('stranger')
  const mine = await open('shy', { operator: shy.address, token: COINS })
  const other = await open('not shy', { token: COINS })
  await escrow.claim([
    world.row(mine.terms, { cumulativeWei: 500n }),
    world.row(other.terms, { cumulativeWei: 500n })
  ])
  await shy.call('stranger', 'setMood', [1])
  await expect(escrow.pull(shy.address, COINS)).rejects.toMatchObject(
    reverted('EscrowPaymentRefused')
  )
  await escrow.pull(other.terms.operator, COINS)
  expect(await gasBalanceOf(other.terms.operator)).toBe(500n)

  await shy.call('stranger', 'setMood', [0])
  const contract = createContract(ChannelEscrow.abi, world.contracts.escrow, world.rpc)
  const again = contract.encode('pull', [shy.address, COINS])
  await shy.call('stranger', 'arm', [world.contracts.escrow, again])
  await escrow.pull(shy.address, COINS)
  expect(await shy.read('reached', [])).toBe(false)
  expect(await gasBalanceOf(shy.address)).toBe(500n)
})
