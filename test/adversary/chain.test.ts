import { secp256k1 as noble } from '@noble/curves/secp256k1.js'
import { beforeAll, expect, test } from 'vitest'
import type { ClaimRow } from '../../peer/chain/escrow.ts'
import { domainSeparator } from '../../protocol/base/typed-data.ts'
import { channelIdOf, escrowDomain, type Terms } from '../../protocol/channel/terms.ts'
import { encodeVoucher, verifyVoucher, voucherDigest } from '../../protocol/channel/voucher.ts'
import { accountOf, hashOf, keyOf } from '../contracts/people.ts'
import { deployTestContract } from '../contracts/test-token.ts'
import { createWorld, reverted, type World } from '../contracts/world.ts'

/** What was tried against payment channels elsewhere, against ours: on a real EVM, by raw vouchers. */
const MAX_DEPOSIT_WEI = (1n << 80n) - 1n
const MAX_WIRE_WEI = (1n << 128n) - 1n

let world: World
beforeAll(async () => {
  world = await createWorld(['payer', 'operator', 'stranger'])
  await world.drip('payer')
  await world.drip('stranger')
  for (const name of ['payer', 'stranger']) {
    await world.as(name).token.approve(world.contracts.escrow, 10n ** 30n)
  }
})

const idOf = (terms: Terms) =>
  channelIdOf(escrowDomain(world.contracts.chainId, world.contracts.escrow), terms)
const stateOf = (terms: Terms) => world.as('stranger').escrow.channel(idOf(terms))

/** Terms of a channel that the payer funded with `depositWei`. */
async function open(name: string, depositWei: bigint): Promise<Terms> {
  const terms = world.terms({ salt: hashOf(name), operator: accountOf(`operator of ${name}`) })
  await world.as('payer').escrow.fund(terms, depositWei)
  return terms
}

async function claim(...rows: ClaimRow[]) {
  return (await world.as('stranger').escrow.claim(rows)).outcomes
}

const creditOf = ({ operator, token }: Terms) =>
  world.as('stranger').escrow.creditOf(operator, token)

test('a voucher on a top-up that is not there yet spoils no batch, and is paid when it is', async () => {
  const [one, two, three] = await Promise.all([
    open('ahead one', 100n),
    open('ahead two', 50n),
    open('ahead three', 100n)
  ])
  // The payer promised 80 on the strength of a top-up that the chain has not seen.
  const ahead = world.row(two, { cumulativeWei: 80n, royaltyWei: 20n })
  const outcomes = await claim(
    world.row(one, { cumulativeWei: 10n }),
    ahead,
    world.row(three, { cumulativeWei: 30n })
  )
  expect(outcomes).toMatchObject([{ claimedWei: 10n }, { claimedWei: 50n }, { claimedWei: 30n }])
  expect(await claim(ahead, world.row(one, { cumulativeWei: 11n }))).toMatchObject([
    { skipped: 'deposit-exhausted' },
    { claimedWei: 11n }
  ])
  await world.as('stranger').escrow.fund(two, 30n)
  expect(await claim(ahead)).toMatchObject([{ claimedWei: 80n, royaltyWei: 20n }])
  expect(await creditOf(two)).toBe(60n)
})

test('a stranger who claims one wei of an older voucher first takes nothing from anyone', async () => {
  const [ran, not] = [await open('front-run', 1_000n), await open('not front-run', 1_000n)]
  const last = { cumulativeWei: 900n, royaltyWei: 300n, receipts: 9 }
  for (const cumulativeWei of [1n, 2n, 400n]) {
    await claim(world.row(ran, { cumulativeWei, royaltyWei: cumulativeWei / 3n }))
  }
  await claim(world.row(ran, last))
  await claim(world.row(not, last))
  expect(await stateOf(ran)).toEqual(await stateOf(not))
  expect(await creditOf(ran)).toBe(await creditOf(not))
})

test('a stranger’s deposits neither delay nor call off a withdrawal, nor can they be taken by it', async () => {
  const terms = await open('griefed', 100n)
  const { escrow, token } = world.as('payer')
  await escrow.startWithdraw(terms, 100n)
  const started = (await stateOf(terms)).withdrawal
  await world.warp(terms.withdrawDelayS - 1)
  for (let time = 0; time < 3; time++) await world.as('stranger').escrow.fund(terms, 1n)
  expect((await stateOf(terms)).withdrawal).toEqual(started)
  await world.warp(1)
  const before = await token.balanceOf(accountOf('payer'))
  await world.as('stranger').escrow.finishWithdraw(terms)
  expect((await token.balanceOf(accountOf('payer'))) - before).toBe(100n)
  // What the stranger gave is the channel's: the payer's to withdraw, by the same delay.
  expect((await stateOf(terms)).depositWei).toBe(3n)
  await expect(world.as('stranger').escrow.startWithdraw(terms, 3n)).rejects.toMatchObject(
    reverted('EscrowNotPayer')
  )
})

test('who funds a channel before its payer does owns nothing of it', async () => {
  const terms = world.terms({ salt: hashOf('squatted') })
  await world.as('stranger').escrow.fund(terms, 1n)
  await world.as('payer').escrow.fund(terms, 99n)
  expect((await stateOf(terms)).depositWei).toBe(100n)
  expect(await claim(world.row(terms, { cumulativeWei: 100n }, 'stranger'))).toMatchObject([
    { skipped: 'bad-signature' }
  ])
  expect(await claim(world.row(terms, { cumulativeWei: 100n }))).toMatchObject([
    { claimedWei: 100n }
  ])
})

test('a claim in the last second of the delay is paid, and the withdrawal takes the rest', async () => {
  const terms = await open('race', 1_000n)
  await world.as('payer').escrow.startWithdraw(terms, 1_000n)
  await world.warp(terms.withdrawDelayS - 1)
  await claim(world.row(terms, { cumulativeWei: 700n, royaltyWei: 100n }))
  await world.warp(1)
  const { token, escrow } = world.as('payer')
  const before = await token.balanceOf(accountOf('payer'))
  await escrow.finishWithdraw(terms)
  expect((await token.balanceOf(accountOf('payer'))) - before).toBe(300n)
  expect(await creditOf(terms)).toBe(600n)
})

test('two roots at one count pay their larger amount once, and both are the payer’s signed word', async () => {
  const terms = await open('two roots', 1_000n)
  const [one, two] = [
    world.row(terms, { cumulativeWei: 100n, receipts: 4, receiptsRoot: hashOf('one story') }),
    world.row(terms, { cumulativeWei: 140n, receipts: 4, receiptsRoot: hashOf('another') })
  ] as [ClaimRow, ClaimRow]
  expect(await claim(one, two, one, two)).toMatchObject([
    { claimedWei: 100n, receiptsRoot: hashOf('one story') },
    { claimedWei: 140n, receiptsRoot: hashOf('another') },
    { skipped: 'nothing-new' },
    { skipped: 'nothing-new' }
  ])
  const separator = domainSeparator(escrowDomain(world.contracts.chainId, world.contracts.escrow))
  for (const { terms: _, ...voucher } of [one, two]) {
    verifyVoucher(separator, { ...voucher, channelId: idOf(terms) }, accountOf('payer'))
  }
})

test('another valid signature of one voucher is the same voucher', async () => {
  const terms = await open('resigned', 100n)
  const row = world.row(terms, { cumulativeWei: 60n })
  const separator = domainSeparator(escrowDomain(world.contracts.chainId, world.contracts.escrow))
  const voucher = { ...row, channelId: idOf(terms) }
  const digest = voucherDigest(separator, voucher)
  const again = noble.sign(digest, keyOf('payer'), {
    prehash: false,
    format: 'recovered',
    extraEntropy: new Uint8Array(32).fill(5)
  })
  const signature = Uint8Array.from(again.subarray(1))
  signature[32] = (signature[32] as number) | ((again[0] as number) << 7)
  expect(Buffer.compare(signature, row.signature)).not.toBe(0)
  verifyVoucher(separator, { ...voucher, signature }, accountOf('payer'))
  expect(await claim(row, { ...row, signature })).toMatchObject([
    { claimedWei: 60n },
    { skipped: 'nothing-new' }
  ])
})

test('amounts at the edge of what fits are paid to the unit, and nothing runs over', async () => {
  const token = await deployTestContract(world, 'HostileToken')
  await token.call('payer', 'mint', [accountOf('payer'), 2n * MAX_DEPOSIT_WEI])
  await token.call('payer', 'approve', [world.contracts.escrow, 2n * MAX_DEPOSIT_WEI])
  const terms = world.terms({ salt: hashOf('edge'), token: token.address })
  const { escrow } = world.as('payer')
  await escrow.fund(terms, MAX_DEPOSIT_WEI)
  await expect(escrow.fund(terms, 1n)).rejects.toMatchObject(reverted('EscrowDepositTooLarge'))
  const largest = world.row(terms, { cumulativeWei: MAX_WIRE_WEI, royaltyWei: MAX_WIRE_WEI })
  expect(encodeVoucher({ ...largest, channelId: idOf(terms) })).toHaveLength(168)
  expect(await claim(largest)).toMatchObject([
    { claimedWei: MAX_DEPOSIT_WEI, royaltyWei: MAX_DEPOSIT_WEI }
  ])
  expect(await creditOf(terms)).toBe(0n)
  await world.as('stranger').pool.collect(terms)
  expect(await token.read('balanceOf', [world.contracts.pool])).toBe(MAX_DEPOSIT_WEI)
  // Full and spent: nothing fits any more, and no flag of the slot was touched.
  expect(await stateOf(terms)).toEqual({
    depositWei: MAX_DEPOSIT_WEI,
    claimedWei: MAX_DEPOSIT_WEI,
    royaltyWei: MAX_DEPOSIT_WEI
  })
})

test('royalty above the amount captures the amount, and the operator is never in debt', async () => {
  const terms = await open('royalty above', 100n)
  expect(await claim(world.row(terms, { cumulativeWei: 40n, royaltyWei: 90n }))).toMatchObject([
    { claimedWei: 40n, royaltyWei: 40n }
  ])
  expect(await creditOf(terms)).toBe(0n)
  expect(await claim(world.row(terms, { cumulativeWei: 100n, royaltyWei: 90n }))).toMatchObject([
    { claimedWei: 100n, royaltyWei: 90n }
  ])
  expect(await creditOf(terms)).toBe(10n)
})

test('a token that says no without reverting credits nobody', async () => {
  const token = await deployTestContract(world, 'HostileToken')
  await token.call('payer', 'mint', [accountOf('payer'), 1_000n])
  await token.call('payer', 'approve', [world.contracts.escrow, 1_000n])
  const terms = world.terms({ salt: hashOf('liar'), token: token.address })
  await token.call('payer', 'setLying', [true])
  await expect(world.as('payer').escrow.fund(terms, 100n)).rejects.toMatchObject({
    code: 'CHAIN_REVERTED'
  })
  await token.call('payer', 'setLying', [false])
  await world.as('payer').escrow.fund(terms, 100n)
  await claim(world.row(terms, { cumulativeWei: 100n }))
  await token.call('payer', 'setLying', [true])
  const pull = () => world.as('stranger').escrow.pull(terms.operator, token.address)
  await expect(pull()).rejects.toMatchObject(reverted('EscrowPaymentRefused'))
  expect(await creditOf(terms)).toBe(100n)
  await token.call('payer', 'setLying', [false])
  await pull()
  expect(await token.read('balanceOf', [terms.operator])).toBe(100n)
})
