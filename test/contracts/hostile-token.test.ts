import { beforeAll, expect, test } from 'vitest'
import { createContract } from '../../peer/chain/ethers/contract.ts'
import { leafBytes } from '../../peer/chain/ethers/pool.ts'
import type { Terms } from '../../protocol/channel/terms.ts'
import { ChannelEscrow } from '../../protocol/contracts/abi/ChannelEscrow.ts'
import { RewardPool } from '../../protocol/contracts/abi/RewardPool.ts'
import { buildDropTree } from '../../protocol/reward/drop-tree.ts'
import { accountOf, hashOf } from './people.ts'
import { deployTestContract, type TestContract } from './test-token.ts'
import { createWorld, DROP_DELAY_S, reverted, type World } from './world.ts'

const GRANT = 1_000n

let world: World
let token: TestContract
beforeAll(async () => {
  world = await createWorld(['payer', 'operator', 'other', 'stranger'])
})

async function hostile(): Promise<Terms> {
  token = await deployTestContract(world, 'HostileToken')
  await token.call('payer', 'mint', [accountOf('payer'), GRANT])
  await token.call('payer', 'approve', [world.contracts.escrow, GRANT])
  return world.terms({ token: token.address })
}

test('refuses a deposit in a token that keeps a part of it', async () => {
  const terms = await hostile()
  await token.call('payer', 'setFee', [1n])
  await expect(world.as('payer').escrow.fund(terms, 100n)).rejects.toMatchObject(
    reverted('EscrowTransferInexact')
  )
})

test('refuses to credit a pool with royalty that a fee ate', async () => {
  const terms = await hostile()
  await world.as('payer').escrow.fund(terms, 100n)
  const row = world.row(terms, { cumulativeWei: 50n, royaltyWei: 20n })
  await world.as('stranger').escrow.claim([row])
  await token.call('payer', 'setFee', [1n])
  await expect(world.as('stranger').pool.collect(terms)).rejects.toMatchObject(
    reverted('PoolTransferInexact')
  )
})

test('a frozen account keeps nobody else from being paid', async () => {
  const terms = await hostile()
  const { escrow, pool } = world.as('stranger')
  const second = { ...terms, operator: accountOf('other') }
  for (const each of [terms, second]) await world.as('payer').escrow.fund(each, 100n)
  await token.call('payer', 'freeze', [accountOf('operator')])
  const spent = { cumulativeWei: 100n, royaltyWei: 60n }
  const { outcomes } = await escrow.claim([world.row(terms, spent), world.row(second, spent)])
  expect(outcomes).toMatchObject([{ claimedWei: 100n }, { claimedWei: 100n }])
  await expect(escrow.pull(terms.operator, token.address)).rejects.toMatchObject({
    code: 'CHAIN_REVERTED'
  })
  await escrow.pull(second.operator, token.address)
  expect(await token.read('balanceOf', [second.operator])).toBe(40n)
  expect(await escrow.creditOf(terms.operator, token.address)).toBe(40n)

  const leaves = ['operator', 'stranger']
    .map((name) => ({ account: accountOf(name), cumulativeWei: 30n }))
    .sort((a, b) => (a.account < b.account ? -1 : 1))
  const tree = buildDropTree(leaves)
  await pool.collect(second)
  await world.as('other').pool.postDrop(second, {
    root: tree.root,
    totalWei: 60n,
    drop: hashOf('drop')
  })
  await world.warp(DROP_DELAY_S)
  const claim = (name: string) =>
    pool.claim(second, accountOf(name), 30n, tree.proof(accountOf(name)))
  await expect(claim('operator')).rejects.toMatchObject({ code: 'CHAIN_REVERTED' })
  expect(await claim('stranger')).toMatchObject({ paidWei: 30n })
})

test('a token that calls back while it moves gets nothing twice', async () => {
  const terms = await hostile()
  const { escrow } = world.as('stranger')
  await world.as('payer').escrow.fund(terms, 100n)
  await escrow.claim([world.row(terms, { cumulativeWei: 100n, royaltyWei: 40n })])
  const contract = createContract(ChannelEscrow.abi, world.contracts.escrow, world.rpc)
  const again = contract.encode('pull', [terms.operator, token.address])
  await token.call('payer', 'arm', [world.contracts.escrow, again])
  await escrow.pull(terms.operator, token.address)
  expect(await token.read('reached', [])).toBe(false)
  expect(await token.read('balanceOf', [terms.operator])).toBe(60n)
})

test('a pool is not collected from inside the collection of another', async () => {
  const terms = await hostile()
  const second = { ...terms, operator: accountOf('other') }
  const { escrow, pool } = world.as('stranger')
  for (const each of [terms, second]) {
    await world.as('payer').escrow.fund(each, 100n)
    await escrow.claim([world.row(each, { cumulativeWei: 100n, royaltyWei: 40n })])
  }
  const contract = createContract(RewardPool.abi, world.contracts.pool, world.rpc)
  const inner = contract.encode('collect', [second.operator, second.auditor, second.token])
  await token.call('payer', 'arm', [world.contracts.pool, inner])
  await pool.collect(terms)
  expect(await token.read('reached', [])).toBe(false)
  expect((await pool.state(terms)).creditedWei).toBe(40n)
  expect((await pool.state(second)).creditedWei).toBe(0n)
})

test('no share is claimed from inside a batch, which books what it paid at its end', async () => {
  const terms = await hostile()
  const { escrow, pool } = world.as('stranger')
  await world.as('payer').escrow.fund(terms, 100n)
  await escrow.claim([world.row(terms, { cumulativeWei: 100n, royaltyWei: 40n })])
  await pool.collect(terms)
  const leaves = ['stranger', 'other']
    .map((name) => ({ account: accountOf(name), cumulativeWei: 20n }))
    .sort((a, b) => (a.account < b.account ? -1 : 1))
  const tree = buildDropTree(leaves)
  const drop = { root: tree.root, totalWei: 40n, drop: hashOf('drop') }
  await world.as('operator').pool.postDrop(terms, drop)
  await world.warp(DROP_DELAY_S)
  const proven = leaves.map((leaf) => ({ ...leaf, proof: tree.proof(leaf.account) }))
  const [first, second] = proven as [(typeof proven)[0], (typeof proven)[0]]
  const contract = createContract(RewardPool.abi, world.contracts.pool, world.rpc)
  const key = { operator: terms.operator, auditor: terms.auditor, token: terms.token }
  await token.call('payer', 'arm', [
    world.contracts.pool,
    contract.encode('claim', [key, leafBytes(second)])
  ])
  await pool.claimMany([{ key, leaves: [first] }])
  expect(await token.read('reached', [])).toBe(false)
  expect(await pool.state(key)).toMatchObject({ claimedWei: 20n })
  // On its own a claim books before it pays, and calls from inside it find all as it is.
  await token.call('payer', 'arm', [
    world.contracts.pool,
    contract.encode('claim', [key, leafBytes(first)])
  ])
  expect(await pool.claim(key, second.account, 20n, second.proof)).toMatchObject({ paidWei: 20n })
  expect(await token.read('reached', [])).toBe(false)
  expect(await pool.state(key)).toMatchObject({ claimedWei: 40n })
})
