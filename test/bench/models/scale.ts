import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Figures of indexes of 10 000 and 100 000 contributions and of 200 models: what they cost the
 * processor, how long a query takes, what they hold in memory. Times are processor time of one core.
 * The vectors of passages stand in for the model's, which would take a quarter of an hour and change
 * no figure here; what the model takes is measured on 300 of the contributions and added. Questions
 * are embedded by the model itself.
 */
export async function measureScale(): Promise<Readonly<Record<string, number>>> {
  const small = await child('scale-child.ts', '10000', '--stand-in')
  const large = await child('scale-child.ts', '100000', '--stand-in')
  const many = await child('many-child.ts')
  console.table({ '10 000, stand-in vectors': small, '100 000, stand-in vectors': large })
  console.table(many)
  const withModel = (of: typeof large, key: string, part: number): number =>
    (of[key] ?? 0) + part * (of.contributions ?? 0) * (of.embedMsEach ?? 0)
  const share = (of: typeof large): number =>
    withModel(of, 'updateMs', 0.01) / withModel(of, 'buildMs', 1)
  return {
    buildMs10k: withModel(small, 'buildMs', 1),
    incrementalShare10k: share(small),
    loadMs10k: small.loadMs ?? 0,
    queryP50Ms10k: small.queryP50Ms ?? 0,
    queryP95Ms10k: small.queryP95Ms ?? 0,
    rssBytes10k: small.rssBytes ?? 0,
    embedMsEach100k: large.embedMsEach ?? 0,
    buildMs100k: withModel(large, 'buildMs', 1),
    buildMs100kWithoutModel: large.buildMs ?? 0,
    updateMs100kWithoutModel: large.updateMs ?? 0,
    incrementalShare: share(large),
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

async function child(
  file: string,
  ...args: readonly string[]
): Promise<Readonly<Record<string, number>>> {
  const flags = ['--expose-gc', '--max-old-space-size=8192']
  const command = [...flags, join(import.meta.dirname, file), ...args]
  const { stdout } = await promisify(execFile)(process.execPath, command)
  return JSON.parse(stdout.trim().split('\n').at(-1) as string)
}
