import { buildDropTree } from '../../protocol/reward/drop-tree.ts'
import { accountOf, hashOf } from '../contracts/people.ts'
import { createWorld, DROP_DELAY_S, ZERO_HASH } from '../contracts/world.ts'

/** Prints the gas of every operation, whole transactions with their 21 000 and their calldata. */
async function main(): Promise<void> {
  const curators = ['ada', 'ben', 'cyd'].sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1))
  const world = await createWorld(['payer', 'operator', 'payee', ...curators])
  const [payer, operator] = [world.as('payer'), world.as('operator')]
  const print = (what: string, gas: bigint, note = ''): void =>
    console.log(`${what.padEnd(44)} ${gas.toString().padStart(9)}  ${note}`)

  await world.drip('payer')
  const approved = await payer.token.approve(world.contracts.escrow, 10n ** 30n)
  print('approve', approved.gasUsed)
  const founding = { manifest: hashOf('manifest'), curators: curators.map(accountOf), threshold: 2 }
  const founded = await payer.registry.found(founding)
  print('found, 3 curators', founded.gasUsed)
  let parent = ZERO_HASH
  for (const ordinal of [1, 2]) {
    const revision = hashOf(`revision ${ordinal}`)
    const value = { datanet: founded.datanet, ordinal, parent, revision }
    const approvals = await world.approve(curators.slice(0, 2), value)
    const contributionsRoot = hashOf('root')
    const anchored = await payer.registry.anchor({ ...value, contributionsRoot, approvals })
    print(`anchor, 2 of 3, ordinal ${ordinal}`, anchored.gasUsed)
    parent = revision
  }

  const channels = Array.from({ length: 100 }, (_, i) =>
    world.terms({ salt: hashOf(`channel ${i}`), auditor: founded.datanet })
  )
  for (const [i, terms] of channels.entries()) {
    const { gasUsed } = await payer.escrow.fund(terms, 10_000n)
    if (i < 2) print(`fund, ${i === 0 ? 'first ever' : 'new channel'}`, gasUsed)
  }
  const [one] = channels
  if (one === undefined) return
  print('fund, more', (await payer.escrow.fund(one, 10_000n)).gasUsed)
  const rows = (wei: bigint, count: number) =>
    channels
      .slice(0, count)
      .map((terms) => world.row(terms, { cumulativeWei: wei, royaltyWei: wei / 3n }))
  print('claim 1, first ever', (await operator.escrow.claim(rows(30n, 1))).gasUsed)
  print('claim 1', (await operator.escrow.claim(rows(60n, 1))).gasUsed)
  for (const count of [10, 100]) {
    await operator.escrow.claim(rows(90n, count))
    const { gasUsed } = await operator.escrow.claim(rows(BigInt(90 + count), count))
    print(`claim ${count}`, gasUsed, `${gasUsed / BigInt(count)} a row`)
  }
  const { gasUsed: first } = await operator.escrow.claim(rows(1_000n, 100))
  const skipped = await operator.escrow.claim(rows(1_000n, 100))
  print('claim 100, all stale', skipped.gasUsed, `${skipped.gasUsed / 100n} a row, ${first} fresh`)
  print('pull', (await operator.escrow.pull(operator.account, one.token)).gasUsed)
  print('startWithdraw', (await payer.escrow.startWithdraw(one, 100n)).gasUsed)
  await world.warp(one.withdrawDelayS)
  print('finishWithdraw', (await payer.escrow.finishWithdraw(one)).gasUsed)
  print('collect, first', (await operator.pool.collect(one)).gasUsed)

  const { creditedWei } = await operator.pool.state(one)
  for (const [drop, size] of [300, 300].entries()) {
    const share = (creditedWei * BigInt(drop + 1)) / 2n / BigInt(size)
    const leaves = Array.from({ length: size }, (_, i) => ({
      account: accountOf(`account ${i}`),
      cumulativeWei: share
    })).sort((a, b) => (a.account < b.account ? -1 : 1))
    const tree = buildDropTree(leaves)
    const posted = await operator.pool.postDrop(one, {
      root: tree.root,
      totalWei: tree.totalWei,
      drop: hashOf('drop')
    })
    print(`postDrop ${drop + 1}`, posted.gasUsed)
    await world.warp(DROP_DELAY_S)
    for (const [i, { account, cumulativeWei }] of leaves.slice(0, 2).entries()) {
      const proof = tree.proof(account)
      const { gasUsed } = await operator.pool.claim(one, account, cumulativeWei, proof)
      const note = i === 0 ? 'finalises the drop' : ''
      print(`claim reward of ${size}, drop ${drop + 1}`, gasUsed, note)
    }
  }
}

await main()
