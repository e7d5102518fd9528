import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * Figures of indexes of 10 000 contributions, embedded by the model, and of 100 000, whose vectors
 * stand in for the model's: what they cost the processor, how long a query takes, what they hold in
 * memory. Times are processor time of one core.
 */
export function measureScale(): Readonly<Record<string, number>> {
  const small = child('scale-child.ts', '10000')
  const large = child('scale-child.ts', '100000', '--stand-in')
  const many = child('many-child.ts')
  console.table({ '10 000': small, '100 000, stand-in vectors': large })
  console.table(many)
  const withModel = (key: string, contributions: number): number =>
    (large[key] ?? 0) + contributions * (large.embedMsEach ?? 0)
  return {
    buildMs10k: small.buildMs ?? 0,
    incrementalShare10k: (small.updateMs ?? 0) / (small.buildMs ?? 1),
    loadMs10k: small.loadMs ?? 0,
    queryP50Ms10k: small.queryP50Ms ?? 0,
    queryP95Ms10k: small.queryP95Ms ?? 0,
    rssBytes10k: small.rssBytes ?? 0,
    embedMsEach100k: large.embedMsEach ?? 0,
    buildMs100kWithoutModel: large.buildMs ?? 0,
    updateMs100kWithoutModel: large.updateMs ?? 0,
    incrementalShare: withModel('updateMs', 1_000) / withModel('buildMs', 100_000),
    loadMs100k: large.loadMs ?? 0,
    reloadMs100k: large.reloadMs ?? 0,
    queryP50Ms100k: large.queryP50Ms ?? 0,
    queryP95Ms100k: large.queryP95Ms ?? 0,
    queryWallP95Ms100k: large.queryWallP95Ms ?? 0,
    rssBytes100k: large.rssBytes ?? 0,
    indexBytes100k: large.indexBytes ?? 0,
    candidateRecall: large.candidateRecall ?? 0,
    models: many.models ?? 0,
    extraModelBytes: many.extraModelBytes ?? 0,
    modelIndexBytes: many.indexBytes ?? 0
  }
}

function child(file: string, ...args: readonly string[]): Readonly<Record<string, number>> {
  const command = [
    '--expose-gc',
    '--max-old-space-size=8192',
    join(import.meta.dirname, file),
    ...args
  ]
  const said = execFileSync(process.execPath, command, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  })
  return JSON.parse(said.trim().split('\n').at(-1) as string)
}
