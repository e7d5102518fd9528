// npm run test:crash: both sides of a busy channel are killed at random moments, again and again.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type CampaignResult, merged, runCampaign } from './campaign.ts'
import { PARALLEL } from './settings.ts'

const RECOVERY_MS = 2_000

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    channels: { type: 'string', default: '10000' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    /** Ends after that, however many kills there were. */
    minutes: { type: 'string' },
    /** Channels that are killed side by side, each with a chain of its own. */
    worlds: { type: 'string', default: '2' },
    /** Folder of sides that were bundled before: see campaign.ts. */
    sides: { type: 'string' },
    json: { type: 'boolean', default: false },
    /** Writes test/bench/results/crash.json. */
    keep: { type: 'boolean', default: false }
  }
})

/** Mulberry32: the kills of one seed come at the same moments again, what they meet does not. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function missing({ hits, recovery }: CampaignResult): string[] {
  const phases = Object.keys(hits.payer) as Array<keyof typeof hits.payer>
  const empty = phases.filter((phase) => hits.payer[phase] + hits.provider[phase] === 0)
  const slow = Object.entries(recovery).filter(([, { cpuMs }]) => cpuMs > RECOVERY_MS)
  return [
    ...empty.map((phase) => `no kill hit ${phase}`),
    ...slow.map(([side, { cpuMs }]) => `the ${side} took ${Math.round(cpuMs)} ms to recover`)
  ]
}

const seed = Number(values.seed)
const kills = { provider: Number(values.kills), payer: Number(values.kills) }
const started = performance.now()
const worlds = Number(values.worlds)
const share = (kills: number, world: number) => Math.floor((kills + world) / worlds)
const result = merged(
  await Promise.all(
    Array.from({ length: worlds }, (_, world) =>
      runCampaign({
        kills: { provider: share(kills.provider, world), payer: share(kills.payer, world) },
        channels: Number(values.channels),
        lifeMs: 600,
        every: 20,
        random: seeded(seed + world),
        ...(values.minutes === undefined ? {} : { withinMs: Number(values.minutes) * 60_000 }),
        ...(values.sides === undefined ? {} : { sides: values.sides }),
        onProgress: (line) => {
          if (!values.json) process.stderr.write(`\r${line}   `)
        }
      })
    )
  )
)
const faults = [...result.faults, ...missing(result)]
const report = {
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim(),
  node: process.version,
  seed,
  tookS: Math.round((performance.now() - started) / 1_000),
  inFlight: PARALLEL,
  ...result,
  faults
}
if (values.keep) {
  const file = new URL('../bench/results/crash.json', import.meta.url)
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
}
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
else tell()
process.exit(faults.length === 0 ? 0 : 1)

function tell(): void {
  const row = (name: string, ...cells: unknown[]) =>
    process.stdout.write(`${name.padEnd(24)}${cells.map((c) => `${c}`.padStart(10)).join('')}\n`)
  process.stderr.write('\n')
  row('', 'provider', 'payer')
  row('kills', result.kills.provider, result.kills.payer)
  for (const phase of Object.keys(result.hits.payer) as Array<keyof typeof result.hits.payer>) {
    row(`  while ${phase}`, result.hits.provider[phase], result.hits.payer[phase])
  }
  const { provider, payer } = result.recovery
  row('recovery at most, ms', Math.round(provider.wallMs), Math.round(payer.wallMs))
  row('  of the processor', Math.round(provider.cpuMs), Math.round(payer.cpuMs))
  row('other channels', result.channels, result.channels)
  process.stdout.write(
    `${result.calls} calls, ${result.receipts} receipts (${result.interrupted} interrupted), ` +
      `${result.vouchers} vouchers, ${result.chunks} chunks\n` +
      `logs torn: ${JSON.stringify(result.torn)}; books compared ${result.comparisons} times\n`
  )
  for (const fault of faults) process.stdout.write(`fault: ${fault}\n`)
  if (faults.length === 0) process.stdout.write('nothing was lost, nothing was charged twice\n')
}
