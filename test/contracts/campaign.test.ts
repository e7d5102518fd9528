import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const hardhat = join(
  dirname(createRequire(import.meta.url).resolve('hardhat/package.json')),
  'dist/src/cli.js'
)

/** A few short sequences here; `npm run test:contracts` plays the long ones. */
test('the laws of the money corridor hold in Solidity, under whatever anyone does', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [hardhat, 'test', 'solidity'], {
    cwd: root,
    env: {
      ...process.env,
      DATANET_INVARIANT_RUNS: '4',
      DATANET_INVARIANT_DEPTH: '60',
      DATANET_FUZZ_RUNS: '32',
      HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true'
    },
    maxBuffer: 16 * 1_048_576
  }).catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`)
  })
  expect(stdout).toMatch(/✔ invariant_corridor\(\) \(runs: 4\)/)
  expect(stdout).toMatch(/✔ test_sequencesGetSomewhere\(\)/)
  expect(stdout.match(/✔ testFuzz_/g)).toHaveLength(4)
  expect(stdout).toMatch(/6 passing/)
}, 120_000)
