import { beforeAll, expect, test } from 'vitest'
import type { PoolKey } from '../../peer/chain/pool.ts'
import type { DropLeaf } from '../../protocol/reward/fold.ts'
import { findRefutation, type Refutation } from '../../protocol/reward/refutation.ts'
import { buildSumTree } from '../../protocol/reward/sum-tree.ts'
import { DROP_POST, poolDomain } from '../../protocol/reward/veto.ts'
import { accountOf, hashOf, signAll } from './people.ts'
import { deployTestContract } from './test-token.ts'
import { createWorld, DROP_DELAY_S, reverted, type World } from './world.ts'

const CURATORS = ['ada', 'ben', 'cyd'].sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1))
const OPERATORS = Array.from({ length: 20 }, (_, i) => `operator ${i}`)
const PEOPLE = ['p', 'q', 'r', 's', 't'].map(accountOf).sort()
const UNASSIGNED = `0x${'0'.repeat(40)}`
const COINS = UNASSIGNED
const DOCUMENT = hashOf('drop document')
const SILENCE_S = 30 * 86_400

let world: World
let auditor: string
beforeAll(async () => {
  world = await createWorld(['payer', 'stranger', ...CURATORS, ...OPERATORS])
  await world.drip('payer')
  await world.as('payer').token.approve(world.contracts.escrow, 10n ** 30n)
  const manifest = hashOf('manifest')
  const founding = { manifest, curators: CURATORS.map(accountOf), threshold: 2 }
  auditor = (await world.as('ada').registry.found(founding)).datanet
})

let used = 0
let channels = 0
/** A pool of an operator of its own with `creditWei` collected. */
async function pool(creditWei: bigint, token = world.contracts.token) {
  const name = OPERATORS[used++] as string
  const key: PoolKey = { operator: accountOf(name), auditor, token }
  const add = async (royaltyWei: bigint): Promise<void> => {
    const terms = world.terms({ ...key, salt: hashOf(`drops ${channels++}`) })
    await world.as('payer').escrow.fund(terms, royaltyWei)
    const row = world.row(terms, { cumulativeWei: royaltyWei, royaltyWei })
    await world.as('stranger').escrow.claim([row])
    await world.as('stranger').pool.collect(key)
  }
  await add(creditWei)
  const post = (leaves: readonly DropLeaf[], totalWei = buildSumTree(leaves).totalWei) =>
    world.as(name).pool.postDrop(key, { root: buildSumTree(leaves).root, totalWei, drop: DOCUMENT })
  return { key, add, post, id: world.as('stranger').pool.poolId(key) }
}

/** Leaves of PEOPLE by amounts; what has none stays out, '' first is the unassigned one. */
function leaves(amounts: readonly (bigint | undefined)[], unassigned = 0n): DropLeaf[] {
  const all = PEOPLE.map((account, i) => ({ account, cumulativeWei: amounts[i] ?? 0n }))
  return [{ account: UNASSIGNED, cumulativeWei: unassigned }, ...all].filter(
    ({ cumulativeWei }) => cumulativeWei > 0n
  )
}

const refute = (key: PoolKey, refutation: Refutation | undefined) =>
  world.as('stranger').pool.refute(key, refutation as Refutation)

test.each<[string, bigint[], bigint | undefined, Refutation['kind']]>([
  ['gives an account less', [20n, 19n, 20n, 20n, 21n], undefined, 'shrunk'],
  ['leaves out the first account', [0n, 30n, 30n, 20n, 20n], undefined, 'absent'],
  ['leaves out one in the middle', [20n, 20n, 0n, 30n, 30n], undefined, 'absent'],
  ['leaves out the last account', [20n, 20n, 30n, 30n, 0n], undefined, 'absent'],
  ['leaves out all but one', [0n, 0n, 0n, 100n, 0n], undefined, 'absent'],
  ['adds up to another total', [20n, 20n, 20n, 20n, 20n], 110n, 'total']
])('anyone ends a drop that %s', async (_, amounts, totalWei, kind) => {
  const { key, add, post } = await pool(95n)
  const final = leaves([19n, 20n, 19n, 18n, 10n], 9n)
  await post(final)
  await world.warp(DROP_DELAY_S)
  await add(15n)
  const next = leaves(amounts)
  await post(next, totalWei)
  const total = totalWei ?? buildSumTree(next).totalWei
  const refutation = findRefutation(final, { leaves: next, totalWei: total })
  expect(refutation?.kind).toBe(kind)
  await refute(key, refutation)
  const state = await world.as('stranger').pool.state(key)
  expect(state.pending).toBeUndefined()
  expect(state.final?.root).toBe(buildSumTree(final).root)
  // It is gone, not postponed, and a better one may follow.
  await expect(refute(key, refutation)).rejects.toMatchObject(reverted('PoolNothingPending'))
  expect(await post(leaves([20n, 20n, 20n, 20n, 30n]))).toMatchObject({ dropSeq: 3 })
})

test('anyone ends a drop out of order, in which gaps would prove nothing', async () => {
  const { key, post } = await pool(100n)
  const [a, b, c] = leaves([30n, 30n, 40n]) as [DropLeaf, DropLeaf, DropLeaf]
  for (const next of [
    [b, a, c],
    [a, c, b],
    [a, a, c]
  ]) {
    await post(next)
    const refutation = findRefutation([], {
      leaves: next,
      totalWei: buildSumTree(next).totalWei
    })
    expect(refutation?.kind).toBe('unordered')
    await refute(key, refutation)
  }
})

test('nobody ends a drop that takes nothing from anyone', async () => {
  const { key, add, post } = await pool(100n)
  const final = leaves([20n, 20n, 20n], 40n)
  await post(final)
  await world.warp(DROP_DELAY_S)
  await add(10n)
  // The unassigned leaf may shrink: it goes to those who turn out to be owed.
  const next = leaves([20n, 30n, 20n, 40n])
  await post(next)
  expect(findRefutation(final, { leaves: next, totalWei: 110n })).toBeUndefined()
  const [finalTree, tree] = [buildSumTree(final), buildSumTree(next)]
  const before = (i: number) => ({ ...(final[i] as DropLeaf), proof: finalTree.proofAt(i) })
  const now = (i: number) => ({ ...(next[i] as DropLeaf), proof: tree.proofAt(i) })
  const not = reverted('PoolNotRefuted')
  const no = async (refutation: Refutation, error = not) =>
    expect(refute(key, refutation)).rejects.toMatchObject(error)
  await no({ kind: 'total', pending: now(0) })
  await no({ kind: 'shrunk', before: before(2), pending: now(1) })
  await no({ kind: 'shrunk', before: before(1), pending: now(1) })
  const missing = findRefutation([{ account: PEOPLE[4] as string, cumulativeWei: 1n }], {
    leaves: next,
    totalWei: 110n
  })
  if (missing?.kind !== 'absent') throw new Error('no gap')
  // A gap elsewhere says nothing about an account that is there.
  await no({ ...missing, before: before(1) })
  await no({ kind: 'unordered', gap: missing.gap })
  const invalid = reverted('PoolProofInvalid')
  // Who was never in the final drop lost nothing.
  await no(missing, invalid)
  await no({ kind: 'total', pending: before(1) }, invalid)
  // Leaves that do not stand side by side are no gap.
  const far = {
    left: { ...now(0), proof: [] },
    right: { ...now(2), proof: [] },
    proof: tree.proofAt(0).slice(1)
  }
  await no({ kind: 'absent', before: before(2), gap: far }, invalid)
  await no({ kind: 'absent', before: before(2), gap: { proof: [] } }, invalid)
  const unassigned = reverted('PoolAccountUnassigned')
  await no({ kind: 'shrunk', before: before(0), pending: now(0) }, unassigned)
  await world.warp(DROP_DELAY_S)
  await no({ kind: 'total', pending: now(0) }, reverted('PoolNothingPending'))
})

test('the curators post for an operator that is silent for thirty days, and only then', async () => {
  const { key, add, post, id } = await pool(100n)
  const { pool: contract } = world.as('stranger')
  const startedMs = (await contract.state(key)).silentAtMs
  expect(startedMs).toBe((await world.as('payer').nowMs()) + SILENCE_S * 1_000)
  const next = leaves([60n, 40n])
  const drop = { root: buildSumTree(next).root, totalWei: 100n, drop: DOCUMENT }
  const byCurators = async (names: string[], dropSeq: number, over = {}) => {
    const value = { pool: id, dropSeq, ...drop, ...over }
    const domain = poolDomain(31_337, world.contracts.pool)
    return contract.postForSilent(key, drop, await signAll(names, domain, DROP_POST, value))
  }
  await expect(byCurators(['ada', 'ben'], 1)).rejects.toMatchObject(reverted('PoolNotSilent'))

  // Posting dust, or a drop that is vetoed, does not wind the clock back.
  await world.warp(5_000)
  await post(leaves([1n]))
  await world.warp(SILENCE_S - 5_001)
  await expect(byCurators(['ada', 'ben'], 2)).rejects.toMatchObject(reverted('PoolNotSilent'))
  expect((await contract.state(key)).silentAtMs).toBe(startedMs)
  await world.warp(1)
  const missing = reverted('PoolApprovalsMissing')
  await expect(byCurators(['ada'], 2)).rejects.toMatchObject(missing)
  await expect(byCurators(['ada', 'stranger'], 2)).rejects.toMatchObject(missing)
  await expect(byCurators(['ada', 'ben'], 1)).rejects.toMatchObject(missing)
  await expect(byCurators(['ada', 'ben'], 2, { totalWei: 99n })).rejects.toMatchObject(missing)
  await expect(byCurators(['ada', 'ben'], 2, { drop: hashOf('x') })).rejects.toMatchObject(missing)

  // An operator that posts at the last moment does not keep them out either.
  await post(leaves([2n]))
  expect(await byCurators(['ada', 'ben'], 3)).toMatchObject({ dropSeq: 3 })
  const state = await contract.state(key)
  expect(state.pending?.root).toBe(drop.root)
  await world.warp(DROP_DELAY_S)
  expect((await contract.state(key)).silentAtMs).toBeUndefined()
  await expect(byCurators(['ada', 'ben'], 4)).rejects.toMatchObject(reverted('PoolNotSilent'))

  // What comes in later starts a clock of its own.
  await add(5n)
  expect((await contract.state(key)).silentAtMs).toBe(
    (await world.as('payer').nowMs()) + SILENCE_S * 1_000
  )
})

test('credit that came while a drop was pending waits since that drop was posted', async () => {
  const { key, add, post } = await pool(10n)
  await post(leaves([10n]))
  const postedMs = await world.as('payer').nowMs()
  await world.warp(DROP_DELAY_S / 2)
  await add(5n)
  await world.warp(DROP_DELAY_S)
  const { silentAtMs } = await world.as('payer').pool.state(key)
  expect(silentAtMs).toBe(postedMs + SILENCE_S * 1_000)
})

test('pays many accounts of two pools at once, past every row that cannot be paid', async () => {
  const shy = await deployTestContract(world, 'ShyReceiver')
  const [one, two] = [await pool(100n), await pool(100n, COINS)]
  const first = leaves([20n, 30n], 50n)
  const second = [...leaves([40n]), { account: shy.address, cumulativeWei: 60n }].sort((a, b) =>
    a.account < b.account ? -1 : 1
  )
  for (const [at, list] of [
    [one, first],
    [two, second]
  ] as const) {
    await at.post(list)
  }
  await world.warp(DROP_DELAY_S)
  const proven = (list: readonly DropLeaf[]) => {
    const tree = buildSumTree(list)
    return list.map((leaf, i) => ({ ...leaf, proof: tree.proofAt(i) }))
  }
  // A receiver that burns all gas it gets has no more than its share to burn.
  await shy.call('stranger', 'setMood', [2])
  const { pool: contract, token, gasBalanceOf } = world.as('stranger')
  const [unassigned, p, q] = proven(first) as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]]
  const rows = proven(second)
  const { outcomes } = await contract.claimMany([
    { key: one.key, leaves: [unassigned, p, p, { ...q, cumulativeWei: 31n }, q] },
    { key: two.key, leaves: rows }
  ])
  const coins = rows.map(({ account, cumulativeWei }) =>
    account === shy.address
      ? { account, skipped: 'payment-refused' }
      : { account, paidWei: cumulativeWei }
  )
  expect(outcomes).toEqual([
    { account: UNASSIGNED, skipped: 'not-in-drop' },
    { account: p.account, paidWei: 20n },
    { account: p.account, skipped: 'nothing-new' },
    { account: q.account, skipped: 'not-in-drop' },
    { account: q.account, paidWei: 30n },
    ...coins
  ])
  expect(await token.balanceOf(p.account)).toBeGreaterThanOrEqual(20n)
  expect(await gasBalanceOf(world.contracts.pool)).toBe(60n)
  expect((await contract.state(two.key)).claimedWei).toBe(40n)
  expect(await contract.claimedOf(two.key, shy.address)).toBe(0n)
  // It is owed all the same, and can come for it when it pleases.
  const alone = rows.find(({ account }) => account === shy.address) as (typeof rows)[0]
  await shy.call('stranger', 'setMood', [1])
  await expect(contract.claim(two.key, shy.address, 60n, alone.proof)).rejects.toMatchObject(
    reverted('PoolPaymentRefused')
  )
  await shy.call('stranger', 'setMood', [0])
  expect(await contract.claim(two.key, shy.address, 60n, alone.proof)).toMatchObject({
    paidWei: 60n
  })
})

test('a batch pays out no more than the total, whatever the trees say', async () => {
  const { key, post } = await pool(100n)
  const { pool: contract } = world.as('stranger')
  const final = leaves([80n, 20n])
  await post(final)
  await world.warp(DROP_DELAY_S)
  const proven = (list: readonly DropLeaf[]) =>
    list.map((leaf, i) => ({ ...leaf, proof: buildSumTree(list).proofAt(i) }))
  await contract.claimMany([{ key, leaves: proven(final).slice(0, 1) }])
  // Nobody looked, and a drop that takes became final.
  const unfair = leaves([1n, 99n])
  await post(unfair)
  await world.warp(DROP_DELAY_S)
  const { outcomes } = await contract.claimMany([{ key, leaves: proven(unfair) }])
  expect(outcomes).toMatchObject([{ skipped: 'nothing-new' }, { skipped: 'overdrawn' }])
  expect((await contract.state(key)).claimedWei).toBe(80n)
})
