// npm run bench:pay [-- --json] [--write] [--rounds 5]: the paid call against the same call unpaid, and
// against mppx and x402, each with its own unpaid handler, in the same run. --write keeps
// test/bench/results/pay.json
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Contender, measure, type Sample, startOurs, startPeer } from './pay/contenders.ts'
import { quantile } from './pay/load.ts'
import { IN_FLIGHT, ON_ONE_CHANNEL } from './pay/settings.ts'
import { runStreams } from './pay/streams.ts'
import { acceptCosts, signatureCosts } from './pay/voucher-path.ts'

const FOR_MS = 2_000
const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    write: { type: 'boolean' },
    rounds: { type: 'string', default: '5' }
  }
})
const folder = join(import.meta.dirname, 'peers')
if (!existsSync(join(folder, 'node_modules'))) {
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: folder, stdio: 'inherit' })
}

const ours = await startOurs('native')
const plain = await startOurs('javascript')
const mppx = await startPeer('mppx')
const x402 = await startPeer('x402')
const directory = mkdtempSync(join(tmpdir(), 'datanet-x402-'))
const onDisk = await startPeer('x402', { directory })
const many = { forMs: FOR_MS, parallel: IN_FLIGHT }
const sixteen = { forMs: FOR_MS, parallel: ON_ONE_CHANNEL }
const single = { forMs: FOR_MS, parallel: 1 }
const rows: ReadonlyArray<[string, Contender, string, typeof many]> = [
  ['datanet, unpaid', ours, 'unpaid', many],
  ['datanet, free call', ours, 'free', many],
  ['datanet, paid', ours, 'paid', many],
  ['x402, unpaid', x402, 'unpaid', many],
  ['x402, paid', x402, 'paid', many],
  ['x402, paid, state in files, unsynced', onDisk, 'paid', many],
  ['mppx, unpaid', mppx, 'unpaid', many],
  ['mppx, paid', mppx, 'paid', many],
  ['datanet, paid, 16 at once on 4 channels', ours, 'paid', sixteen],
  ['datanet, paid, 16 at once on 1 channel', ours, 'one', sixteen],
  ['datanet, paid, one by one', ours, 'one', single],
  ['datanet, paid, signatures in JavaScript', plain, 'paid', many]
]
const samples = new Map<string, Sample[]>(rows.map(([row]) => [row, []]))
for (const [, contender, kind, how] of rows) await measure(contender, kind, { ...how, forMs: 500 })
for (let round = 0; round < Number(options.rounds); round++) {
  for (const [row, contender, kind, how] of rows) {
    samples.get(row)?.push(await measure(contender, kind, how))
  }
}
for (const { stop } of [ours, plain, mppx, x402, onDisk]) await stop()
rmSync(directory, { recursive: true })
const streamed = await runStreams()
// Wall figures of a machine that is busy with other things say little: this tells whether it was.
const machine = { cores: availableParallelism(), loadAverage: round(loadavg()[0] ?? 0, 1) }
const signatures = signatureCosts()
const accepted = await acceptCosts()

/** The middle of what the rounds of a row give, or of two rows round by round. */
function middle(row: string, of: (sample: Sample) => number): number {
  return quantile((samples.get(row) ?? []).map(of))
}
function ratio(row: string, other: string, of: (sample: Sample) => number): number {
  const others = samples.get(other) ?? []
  return quantile((samples.get(row) ?? []).map((s, i) => of(s) / of(others[i] as Sample)))
}
const perS = (sample: Sample) => sample.callsPerS
const cpu = (sample: Sample) => sample.answererCpuMs
const table = Object.fromEntries(
  rows.map(([row]) => [
    row,
    {
      'calls/s': round(middle(row, perS), 0),
      'provider CPU ms': round(middle(row, cpu), 3),
      'payer CPU ms': round(
        middle(row, ({ callerCpuMs }) => callerCpuMs),
        3
      ),
      'p50 ms': round(
        middle(row, ({ p50Ms }) => p50Ms),
        1
      ),
      'p99 ms': round(
        middle(row, ({ p99Ms }) => p99Ms),
        1
      )
    }
  ])
)
const figures = Object.fromEntries(
  Object.entries({
    ratioToMppx: ratio('datanet, paid', 'mppx, paid', perS),
    ratioToX402: ratio('datanet, paid', 'x402, paid', perS),
    ratioToX402OnDisk: ratio('datanet, paid', 'x402, paid, state in files, unsynced', perS),
    providerCpuMs: middle('datanet, paid', cpu),
    cpuRatioToMppx: ratio('mppx, paid', 'datanet, paid', cpu),
    cpuRatioToX402: ratio('x402, paid', 'datanet, paid', cpu),
    paidOverUnpaidCpu: ratio('datanet, paid', 'datanet, unpaid', cpu),
    mppxPaidOverUnpaidCpu: ratio('mppx, paid', 'mppx, unpaid', cpu),
    x402PaidOverUnpaidCpu: ratio('x402, paid', 'x402, unpaid', cpu),
    javascriptCpuMs: middle('datanet, paid, signatures in JavaScript', cpu),
    parallelLoss:
      1 -
      ratio(
        'datanet, paid, 16 at once on 1 channel',
        'datanet, paid, 16 at once on 4 channels',
        perS
      ),
    ...streamed,
    ...accepted,
    ...signatures
  }).map(([name, value]) => [name, round(value, 4)])
)
console.table(table)
console.log(
  `${IN_FLIGHT} calls at once unless said otherwise; medians of ${options.rounds} rounds.`
)
if (options.write) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const rounds = Number(options.rounds)
  const result = { commit, node: process.version, ...machine, rounds, table, figures }
  const file = join(import.meta.dirname, 'results', 'pay.json')
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
}
if (options.json) console.log(JSON.stringify({ figures }))
else console.table(figures)

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
