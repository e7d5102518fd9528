import { beforeAll, expect, test } from 'vitest'
import type { PoolKey } from '../../peer/chain/pool.ts'
import { buildDropTree, type DropTree } from '../../protocol/reward/drop-tree.ts'
import { DROP_VETO, poolDomain } from '../../protocol/reward/veto.ts'
import { accountOf, hashOf, highS, signAll } from './people.ts'
import { createWorld, DROP_DELAY_S, reverted, type World, ZERO_HASH } from './world.ts'

const CURATORS = ['ada', 'ben', 'cyd'].sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1))
const OPERATORS = Array.from({ length: 16 }, (_, i) => `operator ${i}`)
const UNASSIGNED = `0x${'0'.repeat(40)}`
const DOCUMENT = hashOf('drop document')

let world: World
let auditor: string
beforeAll(async () => {
  world = await createWorld(['payer', 'stranger', ...CURATORS, ...OPERATORS])
  await world.drip('payer')
  await world.as('payer').token.approve(world.contracts.escrow, 10n ** 30n)
  const founded = await world.as('ada').registry.found({
    manifest: hashOf('manifest'),
    curators: CURATORS.map(accountOf),
    threshold: 2
  })
  auditor = founded.datanet
})

let used = 0
let channels = 0
/** A pool of an operator of its own that `royaltyWei` was collected into. */
async function pool(royaltyWei: bigint): Promise<{ name: string; key: PoolKey; id: string }> {
  const name = OPERATORS[used++] as string
  const key = { operator: accountOf(name), auditor, token: world.contracts.token }
  await capture(name, royaltyWei)
  if (royaltyWei > 0n) await world.as('stranger').pool.collect(key)
  return { name, key, id: world.as(name).pool.poolId(key) }
}

/** Royalty of a new channel of `name`, claimed and not yet collected. */
async function capture(name: string, royaltyWei: bigint): Promise<void> {
  if (royaltyWei === 0n) return
  const salt = hashOf(`${name} ${channels++}`)
  const terms = world.terms({ operator: accountOf(name), auditor, salt })
  await world.as('payer').escrow.fund(terms, royaltyWei)
  const row = world.row(terms, { cumulativeWei: royaltyWei, royaltyWei })
  await world.as('stranger').escrow.claim([row])
}

/** A drop over `shares` by name, '' being the unassigned leaf. */
function drop(shares: Record<string, bigint>): DropTree {
  return buildDropTree(
    Object.entries(shares)
      .map(([name, cumulativeWei]) => ({
        account: name === '' ? UNASSIGNED : accountOf(name),
        cumulativeWei
      }))
      .sort((a, b) => (a.account < b.account ? -1 : 1))
  )
}

function post(name: string, tree: Pick<DropTree, 'root' | 'totalWei'>) {
  const { root, totalWei } = tree
  const key = { auditor, token: world.contracts.token }
  return world.as(name).pool.postDrop(key, { root, totalWei, drop: DOCUMENT })
}

/** Posts a drop and lets its delay pass. */
async function finalise(name: string, tree: DropTree): Promise<void> {
  await post(name, tree)
  await world.warp(DROP_DELAY_S)
}

function take(key: PoolKey, tree: DropTree, name: string, cumulativeWei: bigint) {
  const account = accountOf(name)
  return world.as('stranger').pool.claim(key, account, cumulativeWei, tree.proof(account))
}

test('takes royalties from the escrow, once', async () => {
  const { name, key } = await pool(70n)
  const { pool: contract } = world.as('stranger')
  await expect(contract.collect(key)).rejects.toMatchObject(reverted('PoolNothingToCollect'))
  await capture(name, 5n)
  expect(await contract.collect(key)).toMatchObject({ collectedWei: 5n })
  expect(await contract.state(key)).toEqual({
    creditedWei: 75n,
    claimedWei: 0n,
    dropSeq: 0,
    silentAtMs: expect.any(Number)
  })
})

test('gives royalties to nobody but the pool', async () => {
  const { key } = await pool(1n)
  const { ChannelEscrow } = await import('../../protocol/contracts/abi/ChannelEscrow.ts')
  const { createContract } = await import('../../peer/chain/ethers/contract.ts')
  const { escrow } = world.contracts
  const contract = createContract(ChannelEscrow.abi, escrow, world.rpc)
  const data = contract.encode('collectRoyalty', [key.operator, key.auditor, key.token])
  await expect(
    world.senderOf('stranger').send({ to: escrow, data, what: 'collectRoyalty' })
  ).rejects.toMatchObject(reverted('EscrowNotRewardPool'))
})

test('pays each account its share of a final drop to the unit', async () => {
  const { name, key } = await pool(100n)
  const tree = drop({ '': 7n, ada: 50n, ben: 30n, cyd: 12n, stranger: 1n })
  expect(tree.totalWei).toBe(100n)
  const { readyAtMs, dropSeq } = await post(name, tree)
  expect(dropSeq).toBe(1)
  expect(readyAtMs).toBe((await world.as(name).nowMs()) + DROP_DELAY_S * 1000)
  expect((await world.as(name).pool.state(key)).pending).toEqual({
    root: tree.root,
    totalWei: 100n,
    drop: DOCUMENT,
    readyAtMs
  })
  await world.warp(DROP_DELAY_S)
  expect(await world.as(name).pool.state(key)).toEqual({
    creditedWei: 100n,
    claimedWei: 0n,
    dropSeq: 1,
    final: { root: tree.root, totalWei: 100n, drop: DOCUMENT }
  })
  for (const [who, wei] of [
    ['ada', 50n],
    ['ben', 30n],
    ['cyd', 12n],
    ['stranger', 1n]
  ] as const) {
    const before = await world.as(who).token.balanceOf(accountOf(who))
    expect(await take(key, tree, who, wei)).toMatchObject({ paidWei: wei })
    expect(await world.as(who).token.balanceOf(accountOf(who))).toBe(before + wei)
    expect(await world.as(who).pool.claimedOf(key, accountOf(who))).toBe(wei)
  }
  expect((await world.as(name).pool.state(key)).claimedWei).toBe(93n)
  expect(await world.as(name).pool.dropsOf(key)).toEqual([
    { root: tree.root, totalWei: 100n, drop: DOCUMENT, dropSeq: 1, readyAtMs }
  ])
})

test('refuses to claim before any drop is final', async () => {
  const { name, key } = await pool(10n)
  const tree = drop({ ada: 10n })
  await expect(take(key, tree, 'ada', 10n)).rejects.toMatchObject(reverted('PoolNoDrop'))
  await post(name, tree)
  await world.warp(DROP_DELAY_S - 1)
  await expect(take(key, tree, 'ada', 10n)).rejects.toMatchObject(reverted('PoolNoDrop'))
  await world.warp(1)
  expect(await take(key, tree, 'ada', 10n)).toMatchObject({ paidWei: 10n })
})

test('refuses to claim twice, and pays the difference of a later drop', async () => {
  const { name, key } = await pool(10n)
  const tree = drop({ ada: 6n, ben: 4n })
  await finalise(name, tree)
  await take(key, tree, 'ada', 6n)
  await expect(take(key, tree, 'ada', 6n)).rejects.toMatchObject(reverted('PoolNothingToClaim'))
  await capture(name, 10n)
  await world.as(name).pool.collect(key)
  const next = drop({ ada: 11n, ben: 9n })
  await finalise(name, next)
  expect(await take(key, next, 'ada', 11n)).toMatchObject({ paidWei: 5n })
  expect(await take(key, next, 'ben', 9n)).toMatchObject({ paidWei: 9n })
})

test('refuses a proof of another amount, account, sum, side or tree', async () => {
  const { name, key } = await pool(10n)
  const tree = drop({ ada: 5n, ben: 3n, cyd: 2n })
  await finalise(name, tree)
  const { pool: contract } = world.as('stranger')
  const [ada, ben] = [accountOf('ada'), accountOf('ben')]
  const proof = tree.proof(ada)
  const refused = (account: string, wei: bigint, steps: typeof proof) =>
    expect(contract.claim(key, account, wei, steps)).rejects.toMatchObject(
      reverted('PoolProofInvalid')
    )
  await refused(ada, 6n, proof)
  await refused(ben, 5n, proof)
  await refused(ada, 5n, [])
  await refused(ada, 5n, proof.slice(0, -1))
  await refused(
    ada,
    5n,
    proof.map((step) => ({ ...step, isLeft: !step.isLeft }))
  )
  await refused(
    ada,
    5n,
    proof.map((step) => ({ ...step, sumWei: step.sumWei + 1n }))
  )
  await refused(ada, 5n, [...proof, { hash: ZERO_HASH, sumWei: 0n, isLeft: false }])
  await refused(
    ada,
    5n,
    proof.map((step) => ({ ...step, sumWei: (1n << 256n) - 1n }))
  )
  await refused(ada, 5n, drop({ ada: 5n, stranger: 5n }).proof(ada))
})

test('refuses a root whose sums do not add up to the posted total', async () => {
  const { name, key } = await pool(10n)
  const tree = drop({ ada: 5n, ben: 3n })
  await post(name, { root: tree.root, totalWei: 10n })
  await world.warp(DROP_DELAY_S)
  await expect(take(key, tree, 'ada', 5n)).rejects.toMatchObject(reverted('PoolProofInvalid'))
})

test('lets nobody claim what is unassigned', async () => {
  const { name, key } = await pool(10n)
  const tree = drop({ '': 4n, ada: 6n })
  await finalise(name, tree)
  const { pool: contract } = world.as('stranger')
  await expect(contract.claim(key, UNASSIGNED, 4n, tree.proof(UNASSIGNED))).rejects.toMatchObject(
    reverted('PoolAccountUnassigned')
  )
})

test('refuses a drop above what was collected, a shrinking one and one without a root', async () => {
  const { name, key } = await pool(10n)
  await expect(post(name, drop({ ada: 11n }))).rejects.toMatchObject(
    reverted('PoolTotalAboveCredited')
  )
  await expect(post(name, { root: ZERO_HASH, totalWei: 1n })).rejects.toMatchObject(
    reverted('PoolRootMissing')
  )
  await finalise(name, drop({ ada: 8n }))
  await expect(post(name, drop({ ada: 7n }))).rejects.toMatchObject(reverted('PoolTotalShrinks'))
  // Nobody else's post reaches this pool.
  await expect(post('stranger', drop({ stranger: 1n }))).rejects.toMatchObject(
    reverted('PoolTotalAboveCredited')
  )
  expect((await world.as(name).pool.state(key)).dropSeq).toBe(1)
})

test('keeps the final drop claimable while a new one is pending, and replaces none', async () => {
  const { name, key } = await pool(20n)
  const tree = drop({ ada: 5n, ben: 5n })
  await finalise(name, tree)
  const next = drop({ ada: 10n, ben: 10n })
  await post(name, next)
  await expect(post(name, next)).rejects.toMatchObject(reverted('PoolDropPending'))
  expect(await take(key, tree, 'ada', 5n)).toMatchObject({ paidWei: 5n })
  await expect(take(key, next, 'ada', 10n)).rejects.toMatchObject(reverted('PoolProofInvalid'))
  await world.warp(DROP_DELAY_S)
  // The old leaf is good until somebody needs the new drop, which pays all that the old one pays.
  expect(await take(key, tree, 'ben', 5n)).toMatchObject({ paidWei: 5n })
  expect(await take(key, next, 'ben', 10n)).toMatchObject({ paidWei: 5n })
  await expect(take(key, tree, 'ada', 5n)).rejects.toMatchObject(reverted('PoolProofInvalid'))
})

test('pays out no more than the total when a later drop gives paid shares to others', async () => {
  const { name, key } = await pool(10n)
  const tree = drop({ ada: 8n, ben: 2n })
  await finalise(name, tree)
  await take(key, tree, 'ada', 8n)
  const unfair = drop({ ada: 1n, ben: 9n })
  await finalise(name, unfair)
  await expect(take(key, unfair, 'ben', 9n)).rejects.toMatchObject(reverted('PoolOverdrawn'))
  await expect(take(key, unfair, 'ada', 1n)).rejects.toMatchObject(reverted('PoolNothingToClaim'))
})

test("ends a pending drop by the veto of the auditor's curators", async () => {
  const { name, key, id } = await pool(10n)
  const tree = drop({ ada: 1n })
  await finalise(name, tree)
  const bad = drop({ stranger: 10n })
  await post(name, bad)
  const domain = poolDomain(31_337, world.contracts.pool)
  const value = { pool: id, dropSeq: 2, root: bad.root }
  const { pool: contract } = world.as('stranger')
  const veto = async (names: string[], over = {}, signedIn = domain) =>
    contract.vetoDrop(key, await signAll(names, signedIn, DROP_VETO, { ...value, ...over }))

  const refused = reverted('PoolApprovalsMissing')
  await expect(veto([])).rejects.toMatchObject(refused)
  await expect(veto(['ada'])).rejects.toMatchObject(refused)
  await expect(veto(['ada', 'ada'])).rejects.toMatchObject(refused)
  await expect(veto(['ada', 'stranger'])).rejects.toMatchObject(refused)
  await expect(veto(['ada', 'ben'], { dropSeq: 1 })).rejects.toMatchObject(refused)
  await expect(veto(['ada', 'ben'], { root: tree.root })).rejects.toMatchObject(refused)
  await expect(veto(['ada', 'ben'], { pool: hashOf('other') })).rejects.toMatchObject(refused)
  for (const over of [{ chainId: 1n }, { verifyingContract: world.contracts.registry }]) {
    await expect(veto(['ada', 'ben'], {}, { ...domain, ...over })).rejects.toMatchObject(refused)
  }
  const [ada, ben] = (await signAll(['ada', 'ben'], domain, DROP_VETO, value)) as [
    Uint8Array,
    Uint8Array
  ]
  await expect(contract.vetoDrop(key, [ada, highS(ben)])).rejects.toMatchObject(refused)

  await contract.vetoDrop(key, [ada, ben])
  const { pending, final, dropSeq } = await contract.state(key)
  expect({ pending, root: final?.root, dropSeq }).toEqual({ root: tree.root, dropSeq: 2 })
  await world.warp(DROP_DELAY_S)
  expect((await contract.state(key)).final?.root).toBe(tree.root)
  // The veto named its drop: posting the same root again needs a new one.
  expect(await post(name, bad)).toMatchObject({ dropSeq: 3 })
  await expect(contract.vetoDrop(key, [ada, ben])).rejects.toMatchObject(refused)
})

test('refuses a veto when nothing is pending any more', async () => {
  const { name, key, id } = await pool(10n)
  const tree = drop({ ada: 10n })
  const { pool: contract } = world.as('stranger')
  const approvals = () =>
    signAll(['ada', 'ben'], poolDomain(31_337, world.contracts.pool), DROP_VETO, {
      pool: id,
      dropSeq: 1,
      root: tree.root
    })
  const nothing = reverted('PoolNothingPending')
  await expect(contract.vetoDrop(key, await approvals())).rejects.toMatchObject(nothing)
  await finalise(name, tree)
  await expect(contract.vetoDrop(key, await approvals())).rejects.toMatchObject(nothing)
})
