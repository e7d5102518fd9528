import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { isDatanetError } from '../../protocol/base/errors.ts'
import { channelIdOf, escrowDomain, type Terms } from '../../protocol/channel/terms.ts'
import { buildDropTree, type DropTree } from '../../protocol/reward/drop-tree.ts'
import type { DropLeaf } from '../../protocol/reward/fold.ts'
import { accountOf, hashOf } from './people.ts'
import { createWorld, DROP_DELAY_S, type World } from './world.ts'

/**
 * The laws of the money corridor under arbitrary sequences of everything anyone can do: deposits,
 * vouchers with any totals, withdrawals, drops that cheat, claims against old and new drops.
 */
const CONTRIBUTORS = ['ada', 'ben', 'cyd']
const OPERATORS = ['north', 'south']
const GRANT_WEI = 100n * 10n ** 18n

let world: World
beforeAll(async () => {
  world = await createWorld(['payer', 'stranger', ...OPERATORS])
  await world.drip('payer')
  await world.as('payer').token.approve(world.contracts.escrow, 10n ** 30n)
})

const amount = fc.bigInt({ min: 0n, max: 160n })
// In tenths of what was collected: some drops give out too much, or less than the one before.
const tenths = fc.bigInt({ min: 0n, max: 5n })
const which = fc.nat({ max: 2 })
const command = fc.oneof(
  fc.record({ do: fc.constant('fund' as const), which, amount }),
  fc.record({ do: fc.constant('spend' as const), which, amount, royalty: amount }),
  fc.record({ do: fc.constant('start' as const), which, amount }),
  fc.record({ do: fc.constant('finish' as const), which }),
  fc.record({ do: fc.constant('pull' as const), which }),
  fc.record({ do: fc.constant('collect' as const), which }),
  fc.record({ do: fc.constant('post' as const), which, tenths: fc.tuple(tenths, tenths, tenths) }),
  fc.record({ do: fc.constant('reward' as const), which }),
  fc.record({ do: fc.constant('warp' as const), seconds: fc.nat({ max: 4 * DROP_DELAY_S }) })
)
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

test('no sequence of actions breaks a law of the money', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 8, maxLength: 14 }), (commands) =>
      world.undone(() => play(commands))
    ),
    { numRuns: 30, seed: 7 }
  )
  // A sequence that never pays anybody would keep the laws as well.
  expect(rewardsPaid).toBeGreaterThan(5)
}, 60_000)

let rewardsPaid = 0

/** A drop that was posted, with what its leaves are. */
interface Posted {
  readonly tree: DropTree
  readonly leaves: readonly DropLeaf[]
}

interface Totals {
  readonly claimedWei: bigint
  readonly royaltyWei: bigint
}

async function play(commands: readonly Command[]): Promise<void> {
  // Two channels of one operator and one of another: shared and separate credits and pools.
  const channels = ['one', 'two', 'three'].map((salt, i) =>
    world.terms({
      salt: hashOf(salt),
      operator: accountOf(OPERATORS[i === 2 ? 1 : 0] as string),
      withdrawDelayS: 500
    })
  )
  const posted = new Map<string, Posted[]>()
  const before: Totals[] = channels.map(() => ({ claimedWei: 0n, royaltyWei: 0n }))
  // Money is on its way from the start, so that few steps are spent on getting there.
  for (const terms of channels) await world.as('payer').escrow.fund(terms, 80n)
  const opening = { cumulativeWei: 50n, royaltyWei: 30n }
  await world.as('stranger').escrow.claim(channels.map((terms) => world.row(terms, opening)))
  for (const step of commands) {
    if (step.do === 'warp') {
      await world.warp(step.seconds)
      continue
    }
    const terms = channels[step.which] as Terms
    // Refusals are part of the game; anything but a refusal by a contract is a failure.
    await act(step, terms, posted).catch(onlyRefusals)
    await checkLaws(channels, before)
  }
}

async function act(
  step: Exclude<Command, { do: 'warp' }>,
  terms: Terms,
  posted: Map<string, Posted[]>
): Promise<unknown> {
  const payer = world.as('payer')
  const { escrow, pool } = world.as('stranger')
  const operator = terms.operator === accountOf('north') ? 'north' : 'south'
  switch (step.do) {
    case 'fund':
      return payer.escrow.fund(terms, step.amount)
    case 'spend':
      return escrow.claim([
        world.row(terms, { cumulativeWei: step.amount, royaltyWei: step.royalty })
      ])
    case 'start':
      return payer.escrow.startWithdraw(terms, step.amount)
    case 'finish':
      return escrow.finishWithdraw(terms)
    case 'pull':
      return escrow.pull(terms.operator, terms.token)
    case 'collect':
      return pool.collect(terms)
    case 'post': {
      await pool.collect(terms).catch(onlyRefusals)
      const { creditedWei } = await pool.state(terms)
      const leaves = CONTRIBUTORS.map((name, i) => ({
        account: accountOf(name),
        cumulativeWei: (creditedWei * (step.tenths[i] ?? 0n)) / 10n
      }))
        .filter(({ cumulativeWei }) => cumulativeWei > 0n)
        .sort((a, b) => (a.account < b.account ? -1 : 1))
      const tree = buildDropTree(leaves)
      posted.set(operator, [...(posted.get(operator) ?? []), { tree, leaves }])
      const { root, totalWei } = tree
      return world.as(operator).pool.postDrop(terms, { root, totalWei, drop: hashOf('drop') })
    }
    case 'reward': {
      await world.warp(DROP_DELAY_S)
      // Every drop is tried: the contract lets only the final one through.
      for (const { tree, leaves } of posted.get(operator) ?? []) {
        for (const { account, cumulativeWei } of leaves) {
          await pool.claim(terms, account, cumulativeWei, tree.proof(account)).then(() => {
            rewardsPaid += 1
          }, onlyRefusals)
        }
      }
      return
    }
  }
}

/** Checks every law on the chain's own books. */
async function checkLaws(channels: readonly Terms[], before: Totals[]): Promise<void> {
  const { escrow, pool, token } = world.as('stranger')
  const { contracts } = world
  const domain = escrowDomain(contracts.chainId, contracts.escrow)
  let owedWei = 0n
  for (const [i, terms] of channels.entries()) {
    const now = await escrow.channel(channelIdOf(domain, terms))
    const last = before[i] as Totals
    expect(now.claimedWei).toBeLessThanOrEqual(now.depositWei)
    expect(now.royaltyWei).toBeLessThanOrEqual(now.claimedWei)
    expect(now.claimedWei).toBeGreaterThanOrEqual(last.claimedWei)
    expect(now.royaltyWei).toBeGreaterThanOrEqual(last.royaltyWei)
    before[i] = now
    owedWei += now.depositWei - now.claimedWei
  }
  let pooledWei = 0n
  for (const name of OPERATORS) {
    const key = { operator: accountOf(name), auditor: hashOf('auditor'), token: contracts.token }
    owedWei += await escrow.creditOf(key.operator, key.token)
    owedWei += await escrow.royaltyOf(key.operator, key.auditor, key.token)
    const state = await pool.state(key)
    const claimed = await Promise.all(
      CONTRIBUTORS.map((who) => pool.claimedOf(key, accountOf(who)))
    )
    expect(claimed.reduce((sum, wei) => sum + wei)).toBe(state.claimedWei)
    expect(state.claimedWei).toBeLessThanOrEqual(state.final?.totalWei ?? 0n)
    expect(state.final?.totalWei ?? 0n).toBeLessThanOrEqual(state.creditedWei)
    pooledWei += state.creditedWei - state.claimedWei
  }
  expect(await token.balanceOf(contracts.escrow)).toBe(owedWei)
  expect(await token.balanceOf(contracts.pool)).toBe(pooledWei)
  const people = ['payer', ...OPERATORS, ...CONTRIBUTORS]
  const held = await Promise.all(people.map((name) => token.balanceOf(accountOf(name))))
  expect(held.reduce((sum, wei) => sum + wei) + owedWei + pooledWei).toBe(GRANT_WEI)
}

function onlyRefusals(error: unknown): void {
  if (!isDatanetError(error) || error.code !== 'CHAIN_REVERTED') throw error
}
