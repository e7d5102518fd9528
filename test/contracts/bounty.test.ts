import { beforeAll, describe, expect, test } from 'vitest'
import type { FillRequest } from '../../peer/chain/bounty.ts'
import { createContract } from '../../peer/chain/ethers/contract.ts'
import { longSignature } from '../../peer/chain/ethers/values.ts'
import { cidFromDigest } from '../../protocol/base/codec.ts'
import { buildMerkleTree } from '../../protocol/base/merkle.ts'
import { keySigner } from '../../protocol/base/typed-data.ts'
import { BountyEscrow } from '../../protocol/contracts/abi/BountyEscrow.ts'
import { bountyDomain, FILL, type Lock, lockIdOf } from '../../protocol/datanet/bounty-lock.ts'
import { contributionLeaf } from '../../protocol/datanet/revision.ts'
import { accountOf, hashOf, keyOf, signAll } from './people.ts'
import { permitOf } from './permit.ts'
import { createWorld, reverted, type World, ZERO_HASH } from './world.ts'

const COINS = `0x${'0'.repeat(40)}`
const CURATORS = ['ada', 'ben', 'cyd'].sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1))
const CONTRIBUTIONS = ['first', 'second'].map((name) => hashOf(`${name} contribution`))
const [FIRST, SECOND] = CONTRIBUTIONS as [string, string]
const REVISION = hashOf('revision 1')
const LIFE_S = 86_400
const journal = { signed() {} }

let world: World
let address: string
let datanet: string
const leaves = CONTRIBUTIONS.map((hex, row) =>
  contributionLeaf(cidFromDigest(Buffer.from(hex.slice(2), 'hex')), row)
)
const tree = buildMerkleTree(leaves)

beforeAll(async () => {
  world = await createWorld(['funder', 'other', 'author', 'stranger', ...CURATORS])
  address = world.contracts.bounty as string
  for (const name of ['funder', 'other']) {
    await world.drip(name)
    await world.as(name).token.approve(address, 10n ** 30n)
  }
  const { registry } = world.as('stranger')
  const curators = CURATORS.map(accountOf)
  ;({ datanet } = await registry.found({ manifest: hashOf('m'), curators, threshold: 2 }))
  const contributionsRoot = `0x${Buffer.from(tree.root).toString('hex')}`
  const value = { datanet, ordinal: 1, parent: ZERO_HASH, revision: REVISION, contributionsRoot }
  await registry.anchor({ ...value, approvals: await world.approve(CURATORS.slice(0, 2), value) })
})

const domain = () => bountyDomain(world.contracts.chainId, address)

/** A lock of its own for every name. */
async function lockOf(name: string, token = world.contracts.token): Promise<Lock> {
  const nowS = Math.floor((await world.as('funder').nowMs()) / 1_000)
  return { datanet, question: hashOf(name), token, expiresAtS: nowS + LIFE_S }
}

async function filling(lock: Lock, over: Partial<FillRequest> & { by?: string[] } = {}) {
  const { by = CURATORS.slice(0, 2), ...rest } = over
  const { contribution = FIRST, account = accountOf('author') } = rest
  const row = CONTRIBUTIONS.indexOf(contribution)
  const said = { lock: lockIdOf(domain(), lock), contribution, account }
  const lineage = await world.as('stranger').registry.lineage(datanet, REVISION)
  if (lineage === undefined) throw new Error('not anchored')
  const approvals = await signAll(by, domain(), FILL, said)
  return { lock, contribution, account, row, proof: tree.proof(row), lineage, approvals, ...rest }
}

describe('a bounty', () => {
  test('is locked by several, filled once, and claimed for its author by anyone', async () => {
    for (const token of [world.contracts.token, COINS]) {
      const lock = await lockOf(`filled in ${token}`, token)
      const id = lockIdOf(domain(), lock)
      await world.as('funder').bounty.fund(lock, 70n, journal)
      await world.as('other').bounty.fund(lock, 5n, journal)
      const { bounty, token: money, gasBalanceOf } = world.as('stranger')
      expect(await bounty.lockOf(id)).toEqual({ lockedWei: 75n, isFilled: false })
      expect(await bounty.fundedBy(id, accountOf('other'))).toBe(5n)
      const balance = () =>
        token === COINS ? gasBalanceOf(accountOf('author')) : money.balanceOf(accountOf('author'))
      const before = await balance()
      expect(await bounty.fill(await filling(lock))).toMatchObject({ amountWei: 75n })
      expect(await bounty.lockOf(id)).toEqual({ lockedWei: 0n, isFilled: true })
      expect(await bounty.creditOf(accountOf('author'), token)).toBe(75n)
      expect(await bounty.claim(accountOf('author'), token)).toMatchObject({ amountWei: 75n })
      expect((await balance()) - before).toBe(75n)

      const again = bounty.fill(await filling(lock, { contribution: SECOND }))
      await expect(again).rejects.toMatchObject(reverted('BountyAlreadyFilled'))
      const more = world.as('funder').bounty.fund(lock, 1n, journal)
      await expect(more).rejects.toMatchObject(reverted('BountyAlreadyFilled'))
      await expect(bounty.claim(accountOf('author'), token)).rejects.toMatchObject(
        reverted('BountyNothingCredited')
      )
    }
  })

  test('is filled by a quorum alone, for what a revision holds, and by nobody for themselves', async () => {
    const lock = await lockOf('guarded')
    await world.as('funder').bounty.fund(lock, 10n, journal)
    const { bounty } = world.as('stranger')
    const fails = async (error: string, over: Parameters<typeof filling>[1]) =>
      expect(bounty.fill(await filling(lock, over))).rejects.toMatchObject(reverted(error))
    await fails('BountyApprovalsMissing', { by: CURATORS.slice(0, 1) })
    await fails('BountyApprovalsMissing', { by: [CURATORS[0] as string, 'stranger'] })
    await fails('BountyContributionUnproven', { row: 1 })
    await fails('BountyContributionUnproven', { proof: [] })
    await fails('BountyAccountMissing', { account: COINS })
    const self = CURATORS[0] as string
    await fails('BountySelfApproved', { account: accountOf(self), by: CURATORS })
    // Signatures over another payment of the same lock.
    const { approvals } = await filling(lock)
    await fails('BountyApprovalsMissing', { account: accountOf('stranger'), approvals })
    const other = { account: accountOf(self), by: CURATORS.slice(1) }
    expect(await bounty.fill(await filling(lock, other))).toMatchObject({ amountWei: 10n })
  })

  test('comes back to each funder once it expired, and not before', async () => {
    const lock = await lockOf('expired')
    await world.as('funder').bounty.fund(lock, 30n, journal)
    await world.as('other').bounty.fund(lock, 12n, journal)
    const { bounty, token } = world.as('stranger')
    const refund = world.as('stranger').bounty.refund(lock, accountOf('other'))
    await expect(refund).rejects.toMatchObject(reverted('BountyNotExpired'))
    await world.warp(LIFE_S)
    const before = await token.balanceOf(accountOf('other'))
    expect(await bounty.refund(lock, accountOf('other'))).toMatchObject({ amountWei: 12n })
    expect(await token.balanceOf(accountOf('other'))).toBe(before + 12n)
    await expect(bounty.refund(lock, accountOf('other'))).rejects.toMatchObject(
      reverted('BountyEmpty')
    )
    await expect(bounty.fill(await filling(lock))).rejects.toMatchObject(reverted('BountyExpired'))
    await expect(world.as('funder').bounty.fund(lock, 1n, journal)).rejects.toMatchObject(
      reverted('BountyExpired')
    )
    expect(await bounty.refund(lock, accountOf('funder'))).toMatchObject({ amountWei: 30n })
    await expect(bounty.fund({ ...lock, question: ZERO_HASH }, 1n, journal)).rejects.toMatchObject(
      reverted('BountyTermsInvalid')
    )
  })

  test('is funded by a permit, shown before or not', async () => {
    const lock = await lockOf('permitted')
    const { bounty, token } = world.as('other')
    await token.approve(address, 0n)
    const permit = await permitOf(world, 'other', 9n, 4_000_000_000, address)
    // Somebody saw it on its way and showed it to the token first.
    const show = (await import('../../protocol/contracts/abi/DevnetToken.ts')).DevnetToken
    const contract = createContract(show.abi, world.contracts.token, world.rpc)
    const { v, r, s } = longSignature(permit.signature)
    const args = [accountOf('other'), address, 9n, 4_000_000_000n, v, r, s] as const
    const data = contract.encode('permit', args)
    await world.senderOf('stranger').send({ to: world.contracts.token, data, what: 'permit' })
    await bounty.fund(lock, 9n, journal, { permit })
    expect((await bounty.lockOf(lockIdOf(domain(), lock))).lockedWei).toBe(9n)
    await token.approve(address, 10n ** 30n)
  })

  test('has the id that the protocol gives it, and its domain follows the chain', async () => {
    const lock = await lockOf('named')
    const contract = createContract(BountyEscrow.abi, address, world.rpc)
    const { expiresAtS, ...terms } = lock
    const read = await contract.read('bountyId', [{ ...terms, expiresAt: BigInt(expiresAtS) }])
    expect(read).toEqual([lockIdOf(domain(), lock)])
    // What is signed for another contract approves nothing here.
    await world.as('funder').bounty.fund(lock, 3n, journal)
    const other = bountyDomain(1n, address)
    const said = { lock: lockIdOf(domain(), lock), contribution: FIRST, account: COINS }
    const approvals = [await keySigner(keyOf('ada')).signTypedData(other, FILL, said)]
    const request = await filling(lock, { approvals })
    await expect(world.as('stranger').bounty.fill(request)).rejects.toMatchObject(
      reverted('BountyApprovalsMissing')
    )
  })
})
