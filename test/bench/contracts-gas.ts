// npx node test/bench/contracts-gas.ts [--json] [--write]; --write keeps results/contracts-gas.json
import { writeFileSync } from 'node:fs'
import { merkleLeaf } from '../../protocol/base/merkle.ts'
import { keySigner } from '../../protocol/base/typed-data.ts'
import { FUND, VAULT_FUND } from '../../protocol/channel/orders.ts'
import { channelIdOf, escrowDomain, type Terms } from '../../protocol/channel/terms.ts'
import { bountyDomain, FILL, lockIdOf } from '../../protocol/datanet/bounty-lock.ts'
import { registryDomain } from '../../protocol/datanet/revision.ts'
import { ROTATION } from '../../protocol/datanet/rotation.ts'
import { buildDropTree, type DropTree } from '../../protocol/reward/drop-tree.ts'
import type { DropLeaf } from '../../protocol/reward/fold.ts'
import { findRefutation } from '../../protocol/reward/refutation.ts'
import { accountOf, hashOf, keyOf, signAll } from '../contracts/people.ts'
import { permitOf } from '../contracts/permit.ts'
import { createWorld, DROP_DELAY_S, type World, ZERO_HASH } from '../contracts/world.ts'

/** Gas of whole transactions, their 21 000 and their calldata included; "row" is a share of one. */
export type GasFigures = Record<string, number>

const COINS = `0x${'00'.repeat(20)}`
const CURATORS = ['ada', 'ben', 'cyd'].sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1))
const LEAVES = 1_000
const BATCH = 20
/** A thousandth of a token of 18 decimals, and odd: amounts as they come in calls. */
const MILLI = 1_000_000_000_000_007n

/** Measures every operation on a fresh chain; the same contracts always give the same figures. */
export async function measureGas(): Promise<GasFigures> {
  const world = await createWorld(['payer', 'newcomer', 'operator', 'payee', ...CURATORS])
  const figures: GasFigures = {}
  const note = (what: string, gas: bigint, rows = 1): void => {
    figures[what] = Math.ceil(Number(gas) / rows)
  }
  const datanet = await registryGas(world, note)
  const channels = Array.from({ length: 100 }, (_, i) =>
    world.terms({ salt: hashOf(`channel ${i}`), auditor: datanet })
  )
  await fundingGas(world, channels, note)
  await claimGas(world, channels, note)
  await poolGas(world, channels[0] as Terms, note)
  await bondGas(world, note)
  await bountyGas(world, datanet, note)
  return figures
}

type Note = (what: string, gas: bigint, rows?: number) => void

async function registryGas(world: World, note: Note): Promise<string> {
  const { registry } = world.as('payer')
  const founding = { manifest: hashOf('manifest'), curators: CURATORS.map(accountOf), threshold: 2 }
  const founded = await registry.found(founding)
  note('found with 3 curators', founded.gasUsed)
  const { datanet } = founded
  let parent = ZERO_HASH
  const gas: bigint[] = []
  for (const [i, count] of [2, 2, 3].entries()) {
    const ordinal = i + 1
    const revision = hashOf(`revision ${ordinal}`)
    const value = { datanet, ordinal, parent, revision, contributionsRoot: hashOf('root') }
    const approvals = await world.approve(CURATORS.slice(0, count), value)
    gas.push((await registry.anchor({ ...value, approvals })).gasUsed)
    parent = revision
  }
  const [first, later, three] = gas as [bigint, bigint, bigint]
  note('anchor with 2 approvals, first', first)
  note('anchor with 2 approvals', later)
  note('anchor, each approval', three - later)
  note('anchor without its approvals', later - 2n * (three - later))
  const next = {
    datanet,
    seq: 1,
    prev: founding.manifest,
    manifest: hashOf('next manifest'),
    curators: CURATORS.map(accountOf),
    threshold: 2
  }
  const domain = registryDomain(Number(world.contracts.chainId), world.contracts.registry)
  const approvals = await signAll(CURATORS.slice(0, 2), domain, ROTATION, next)
  note('rotate 3 curators', (await registry.rotate({ ...next, approvals })).gasUsed)
  return datanet
}

async function fundingGas(world: World, channels: readonly Terms[], note: Note): Promise<void> {
  const payer = world.as('payer')
  const { contracts } = world
  const { escrow } = payer
  await world.drip('payer')
  note('approve', (await payer.token.approve(contracts.escrow, 10n ** 30n)).gasUsed)
  for (const [i, terms] of channels.entries()) {
    const { gasUsed } = await escrow.fund(terms, 500n * MILLI)
    if (i === 0) note('open by allowance, first ever', gasUsed)
    if (i === 1) note('open by allowance', gasUsed)
  }
  note('top up by allowance', (await escrow.fund(channels[0] as Terms, 500n * MILLI)).gasUsed)
  const coins = (name: string) => world.terms({ salt: hashOf(name), token: COINS })
  note('open in coins', (await escrow.fund(coins('coins'), 500n * MILLI)).gasUsed)

  const domain = escrowDomain(contracts.chainId, contracts.escrow)
  const deadlineS = 4_000_000_000
  let nonce = 0n
  const order = async (struct: typeof FUND, terms: Terms, amountWei: bigint) => {
    const value = {
      channelId: channelIdOf(domain, terms),
      amountWei,
      nonce: nonce++,
      deadline: deadlineS
    }
    const signature = await keySigner(keyOf('payer')).signTypedData(domain, struct, value)
    return { nonce: value.nonce, deadlineS, signature }
  }
  for (const name of ['first', 'later']) {
    const permit = await permitOf(world, 'payer', 500n * MILLI, deadlineS)
    const terms = world.terms({ salt: hashOf(`permit ${name}`) })
    const signed = await order(FUND, terms, 500n * MILLI)
    const { gasUsed } = await world
      .as('operator')
      .escrow.fundWithPermit(terms, 500n * MILLI, signed, permit)
    note(`open by permit, ${name}`, gasUsed)
  }
  // A permit sets the allowance: the one from before is gone.
  await payer.token.approve(contracts.escrow, 10n ** 30n)
  const into = await escrow.vaultDeposit(payer.account, contracts.token, 2_000n * MILLI)
  note('vault deposit, first', into.gasUsed)
  for (const name of ['first', 'later']) {
    const terms = world.terms({ salt: hashOf(`vault ${name}`) })
    const signed = await order(VAULT_FUND, terms, 500n * MILLI)
    const { gasUsed } = await world.as('operator').escrow.fundFromVault(terms, 500n * MILLI, signed)
    note(`open from the vault, ${name}`, gasUsed)
  }
}

async function claimGas(world: World, channels: readonly Terms[], note: Note): Promise<void> {
  const [payer, operator] = [world.as('payer'), world.as('operator')]
  const [one] = channels as [Terms]
  const rows = (wei: bigint, count: number) =>
    channels
      .slice(0, count)
      .map((terms) =>
        world.row(terms, { cumulativeWei: wei * MILLI, royaltyWei: (wei * MILLI) / 3n })
      )
  note('claim 1 row, first ever', (await operator.escrow.claim(rows(30n, 1))).gasUsed)
  note('claim 1 row', (await operator.escrow.claim(rows(60n, 1))).gasUsed)
  await operator.escrow.claim(rows(90n, 100))
  note('claim 10 rows of a group, a row', (await operator.escrow.claim(rows(120n, 10))).gasUsed, 10)
  const hundred = await operator.escrow.claim(rows(150n, 100))
  note('claim 100 rows of a group, a row', hundred.gasUsed, 100)
  const stale = await operator.escrow.claim(rows(150n, 100))
  note('claim 100 stale rows of a group, a row', stale.gasUsed, 100)
  // One row of another auditor makes them a mixed batch.
  const other = world.terms({ salt: hashOf('mixed') })
  await payer.escrow.fund(other, 500n * MILLI)
  const mixed = (wei: bigint) => [
    ...rows(wei, 99),
    world.row(other, { cumulativeWei: wei * MILLI, royaltyWei: (wei * MILLI) / 3n })
  ]
  await operator.escrow.claim(mixed(180n))
  note('claim 100 mixed rows, a row', (await operator.escrow.claim(mixed(210n))).gasUsed, 100)
  note('pull, first', (await operator.escrow.pull(operator.account, one.token)).gasUsed)
  note('start withdraw', (await payer.escrow.startWithdraw(one, 20n * MILLI)).gasUsed)
  await world.warp(one.withdrawDelayS)
  note('finish withdraw', (await payer.escrow.finishWithdraw(one)).gasUsed)
  const row = world.row(other, { cumulativeWei: 400n * MILLI, royaltyWei: 100n * MILLI })
  note('close', (await payer.escrow.close(row, await world.closing(row, 'operator'))).gasUsed)
  note('collect, first', (await operator.pool.collect(one)).gasUsed)
  await operator.escrow.claim(rows(450n, 100))
  note('collect', (await operator.pool.collect(one)).gasUsed)
}

async function poolGas(world: World, key: Terms, note: Note): Promise<void> {
  const operator = world.as('operator')
  const { creditedWei } = await operator.pool.state(key)
  const accounts = Array.from({ length: LEAVES }, (_, i) => accountOf(`account ${i}`)).sort()
  const share = creditedWei / BigInt(LEAVES) / 8n
  const leavesOf = (times: bigint): DropLeaf[] =>
    accounts.map((account) => ({ account, cumulativeWei: times * share }))
  const post = async (leaves: readonly DropLeaf[], what?: string): Promise<DropTree> => {
    const tree = buildDropTree(leaves)
    const { root, totalWei } = tree
    const posted = await operator.pool.postDrop(key, { root, totalWei, drop: hashOf('drop') })
    if (what !== undefined) note(what, posted.gasUsed)
    return tree
  }
  const claimed = async (tree: DropTree, from: number, times: bigint, count: number) => {
    const leaves = accounts
      .slice(from, from + count)
      .map((account) => ({ account, cumulativeWei: times * share, proof: tree.proof(account) }))
    const [leaf] = leaves
    if (count > 1 || leaf === undefined) return operator.pool.claimMany([{ key, leaves }])
    return operator.pool.claim(key, leaf.account, leaf.cumulativeWei, leaf.proof)
  }
  let tree = await post(leavesOf(1n), 'post drop, first')
  await world.warp(DROP_DELAY_S)
  await claimed(tree, 500, 1n, 1)
  note('claim a share alone, first time', (await claimed(tree, 0, 1n, 1)).gasUsed)
  const firsts = await claimed(tree, 1, 1n, BATCH)
  note('claim shares by 20, first time, each', firsts.gasUsed, BATCH)
  tree = await post(leavesOf(2n))
  await world.warp(DROP_DELAY_S)
  tree = await post(leavesOf(3n), 'post drop, which makes the last one final')
  await world.warp(DROP_DELAY_S)
  note('claim a share, which makes the drop final', (await claimed(tree, 500, 3n, 1)).gasUsed)
  note('claim a share alone', (await claimed(tree, 0, 3n, 1)).gasUsed)
  const many = await claimed(tree, 1, 3n, BATCH)
  note('claim shares by 20, each', many.gasUsed, BATCH)

  const short = leavesOf(4n).filter((_, i) => i !== 700)
  const { totalWei } = await post(short, 'post drop')
  const refutation = findRefutation(leavesOf(3n), { leaves: short, totalWei })
  if (refutation === undefined) throw new Error('nothing to refute')
  note('refute a drop without an account', (await operator.pool.refute(key, refutation)).gasUsed)
}

async function bondGas(world: World, note: Note): Promise<void> {
  const { contracts } = world
  const { bond, token, account } = world.as('payer')
  const key = { owner: account, receiptSigner: accountOf('operator'), token: contracts.token }
  await token.approve(contracts.bond, 10n ** 30n)
  note('stake a bond', (await bond.stake(key, 500n * MILLI)).gasUsed)
  const proof = world.equivocation('operator', hashOf('some channel'), 7)
  note('slash a bond', (await bond.slash(key, proof, accountOf('payee'))).gasUsed)
}

async function bountyGas(world: World, datanet: string, note: Note): Promise<void> {
  const { contracts } = world
  const payer = world.as('payer')
  const { bounty, token } = payer
  const address = contracts.bounty as string
  const journal = { signed() {} }
  const lock = {
    ...{ datanet, question: hashOf('a question'), token: contracts.token },
    expiresAtS: Math.floor((await payer.nowMs()) / 1_000) + 86_400
  }
  await token.approve(address, 10n ** 30n)
  note('lock for a bounty, first ever', (await bounty.fund(lock, MILLI, journal)).gasUsed)
  note('lock for a bounty, top up', (await bounty.fund(lock, MILLI, journal)).gasUsed)
  const later = { ...lock, question: hashOf('another question') }
  note('lock for a bounty', (await bounty.fund(later, MILLI, journal)).gasUsed)
  const contribution = hashOf('a contribution')
  const row = Buffer.concat([Buffer.from(contribution.slice(2), 'hex'), Buffer.alloc(32)])
  const value = {
    ...{ datanet, ordinal: 4, parent: hashOf('revision 3'), revision: hashOf('revision 4') },
    contributionsRoot: `0x${Buffer.from(merkleLeaf(row)).toString('hex')}`
  }
  const anchoring = await world.approve(CURATORS.slice(0, 2), value)
  await payer.registry.anchor({ ...value, approvals: anchoring })
  const domain = bountyDomain(contracts.chainId, address)
  const account = accountOf('payee')
  const said = { lock: lockIdOf(domain, lock), contribution, account }
  const approvals = await signAll(CURATORS.slice(0, 2), domain, FILL, said)
  const lineage = await payer.registry.lineage(datanet, value.revision)
  if (lineage === undefined) throw new Error('not anchored')
  const request = { lock, contribution, account, row: 0, proof: [], lineage, approvals }
  note('fill a bounty with 2 approvals, first', (await bounty.fill(request)).gasUsed)
  note('claim a bounty, first', (await bounty.claim(account, contracts.token)).gasUsed)
  await world.warp(86_400)
  note('refund a bounty', (await bounty.refund(later, payer.account)).gasUsed)
}

async function main(): Promise<void> {
  const figures = await measureGas()
  if (!process.argv.includes('--json')) {
    for (const [what, gas] of Object.entries(figures)) {
      console.log(`${what.padEnd(48)} ${`${gas}`.padStart(9)}`)
    }
  }
  if (process.argv.includes('--write')) {
    const file = new URL('results/contracts-gas.json', import.meta.url)
    writeFileSync(file, `${JSON.stringify({ figures }, null, 2)}\n`)
  }
  if (process.argv.includes('--json')) console.log(JSON.stringify({ figures }))
}

if (import.meta.main) await main()
