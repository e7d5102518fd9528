// The reference validator and loader of Croissant (the Python package mlcroissant), over a revision's
// directory: `npx node test/interop/croissant-reference.ts [python]`. Skipped where Python lacks it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sampleDirectory } from '../fixtures/croissant/directory.ts'

const LOAD = `
import importlib.metadata, mlcroissant, sys
dataset = mlcroissant.Dataset(jsonld=sys.argv[1])
rows = list(dataset.records(record_set="contributions"))
issues = dataset.metadata.ctx.issues
print(importlib.metadata.version("mlcroissant"), len(rows), len(rows[0]), len(issues.errors), len(issues.warnings))
print(issues.report())
`

const python = process.argv[2] ?? 'python3'
if (spawnSync(python, ['-c', 'import mlcroissant']).status !== 0) {
  process.stdout.write(`skipped: ${python} has no mlcroissant (pip install mlcroissant)\n`)
} else {
  const dir = mkdtempSync(join(tmpdir(), 'croissant-'))
  try {
    for (const [path, bytes] of await sampleDirectory()) {
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      writeFileSync(join(dir, path), bytes)
    }
    const metadata = join(dir, 'croissant.json')
    const { status, stdout, stderr } = spawnSync(python, ['-c', LOAD, metadata], {
      encoding: 'utf8'
    })
    const [said = '', ...report] = stdout.split('\n')
    const [version, rows, columns, errors, warnings] = said.split(' ')
    const isGood = status === 0 && errors === '0' && warnings === '0'
    if (isGood) {
      process.stdout.write(
        `mlcroissant ${version} takes it and reads ${rows} rows of ${columns} columns\n`
      )
    } else {
      process.stderr.write(`${report.join('\n')}\n${stderr}`)
      process.exitCode = 1
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
}
