// npm run bench:datanet [-- --json] [--write] [--rows 100000]: so many contributions of hundreds of
// accounts, each signed, handed in over the network, checked, reviewed, published as a revision that is
// anchored on chain, changed by a hundredth and published again, and fetched and verified by another
// process; a chain and three peers, each a process of its own. --write keeps
// test/bench/results/datanet.json
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RevisionSummary } from '../../peer/api/datanets-api.ts'
import type { Imported } from './datanet/contributors.ts'
import { writeGlosses } from './datanet/glosses.ts'
import { measureNearDuplicates } from './datanet/near-duplicates.ts'
import { createProgress } from './datanet/progress.ts'
import type { Read } from './datanet/reader.ts'
import { createBenchWorld } from './datanet/world.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    rows: { type: 'string', default: '100000' },
    accounts: { type: 'string', default: '500' }
  }
})
const rows = Number(options.rows)
const accounts = Number(options.accounts)
const topic = 'words'
/** Half of a hundredth comes, the other half goes. */
const changed = Math.max(1, Math.round(rows / 200))
const BITSWAP_MS = 10_000
const SEEDS = [1, 2, 3]

const sources = join(import.meta.dirname, 'models/sources')
if (!existsSync(join(sources, 'node_modules'))) {
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: sources, stdio: ['ignore', 2, 2] })
}

const startedAtMs = performance.now()
const progress = createProgress(options.json ? undefined : process.stderr)
const world = await createBenchWorld(progress.at)
try {
  const planted = SEEDS.map((seed) => measureNearDuplicates(seed))
  const near = (pick: (one: (typeof planted)[0]) => number) => Math.min(...planted.map(pick))

  const file = join(world.dir, 'glosses.jsonl')
  await writeGlosses(file, 2 * (rows + changed))
  const host = await world.start('host')
  const each = Math.ceil((2 * rows) / accounts) + 100
  const datanet = (await host.do<string>('found', { topic, each })).result
  const people = await world.start('contributors')
  const joined = (await people.do<number>('join', { topic, accounts, file })).result
  const before = (await host.do<number>('used')).result
  const imported = await progress.step(`${rows} handed in`, () =>
    people.do<Imported>('give', { count: rows })
  )
  const took = await host.do<number>('used')
  const accepted = await progress.step('looked at and approved', () =>
    host.do<number>('approveAll', { count: rows })
  )
  const full = await progress.step('published', () => host.do<RevisionSummary>('publish'))
  const again = await progress.step('verified by the host', () => host.do<number>('verify'))
  const reader = await world.start('reader')
  const read = await progress.step('fetched and verified', () => reader.do<Read>('read', { topic }))
  const { addresses } = host
  const root = full.result.content
  const bitswap = await progress.step('by bitswap, for comparison', () =>
    reader.do<{ blocks: number; ms: number }>('bitswap', { addresses, root, forMs: BITSWAP_MS })
  )
  await progress.step(`${changed} come`, () => people.do<Imported>('give', { count: changed }))
  await progress.step(`${changed} go`, () => people.do('takeBack', { count: changed }))
  await host.do<number>('approveAll', { count: changed })
  const next = await progress.step('published again', () => host.do<RevisionSummary>('publish'))
  const reread = await progress.step('fetched what changed', () =>
    reader.do<Read>('read', { topic })
  )

  const rate = (count: number, ms: number) => Math.round((count * 1_000) / ms)
  const round = (value: number, digits = 3) => Number(value.toFixed(digits))
  const peaks = [took, full, again, next].map(({ cost }) => cost.peakRssMb)
  const hostRssMb = Math.round(Math.max(...peaks))
  const readerRssMb = Math.round(Math.max(read.cost.peakRssMb, reread.cost.peakRssMb))
  const contributorsRssMb = Math.round(imported.cost.peakRssMb)
  const copies = imported.result.refused.CONTRIBUTION_DUPLICATE ?? 0
  const figures = {
    contributions: imported.result.taken,
    accounts: joined,
    refusedCopies: copies,
    refusedOthers: Object.values(imported.result.refused).reduce((a, b) => a + b, 0) - copies,
    nearDuplicates: imported.result.nearDuplicates,
    itemsPerSecond: rate(imported.result.taken, imported.cost.ms),
    intakeCpuMicrosPerItem: Math.round(((took.result - before) * 1_000) / rows),
    contributorsCpuMicrosPerItem: Math.round((imported.cost.cpuMs * 1_000) / rows),
    reviewsPerSecond: rate(accepted.result, accepted.cost.ms),
    reviewCpuMicros: Math.round((accepted.cost.cpuMs * 1_000) / accepted.result),
    fullBuildMs: Math.round(full.cost.ms),
    fullBuildCpuMs: Math.round(full.cost.cpuMs),
    incrementalMs: Math.round(next.cost.ms),
    incrementalCpuMs: Math.round(next.cost.cpuMs),
    incrementalShare: round(next.cost.cpuMs / full.cost.cpuMs),
    verifyMs: Math.round(again.cost.ms),
    verifiedShare: round(read.result.verified / full.result.rows, 6),
    fetchMs: Math.round(read.cost.ms),
    blocks: read.result.blocks,
    blocksPerSecond: rate(read.result.blocks, read.result.transferMs),
    readerCpuMicrosPerBlock: Math.round((read.result.transferCpuMs * 1_000) / read.result.blocks),
    bitswapBlocksPerSecond: rate(bitswap.result.blocks, bitswap.result.ms),
    changedBlocks: reread.result.blocks,
    refetchMs: Math.round(reread.cost.ms),
    nearDuplicateRecall: round(near(({ recall }) => recall)),
    nearDuplicatePrecision: round(near(({ precision }) => precision)),
    peakRssMb: Math.max(hostRssMb, readerRssMb, contributorsRssMb),
    hostRssMb,
    readerRssMb,
    contributorsRssMb,
    cores: cpus().length,
    seconds: Math.round((performance.now() - startedAtMs) / 1_000)
  }
  if (again.result !== full.result.rows || read.result.verified !== full.result.rows) {
    throw new Error(`${read.result.verified} and ${again.result} of ${full.result.rows} rows held`)
  }
  if (next.result.ordinal !== 2 || datanet !== next.result.datanet) throw new Error('no revision 2')
  if (options.write) {
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' })
    const said = { commit: commit.trim(), node: process.version, figures }
    const file = join(import.meta.dirname, 'results/datanet.json')
    writeFileSync(file, `${JSON.stringify(said, null, 2)}\n`)
  }
  if (options.json) console.log(JSON.stringify({ figures }))
  else console.table(figures)
} finally {
  await world.stop()
}
