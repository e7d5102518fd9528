import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
const hardhat = join(
  dirname(createRequire(import.meta.url).resolve('hardhat/package.json')),
  'dist/src/cli.js'
)

/**
 * What Hardhat says about the Solidity tests in these files of test/contracts/solidity; `env` says how
 * long the campaigns among them take (hardhat.config.ts). Throws an Error with its words when one fails.
 */
export async function runSolidity(
  files: readonly string[],
  env: Readonly<Record<string, string>> = {}
): Promise<string> {
  const paths = files.map((file) => join('test/contracts/solidity', file))
  const args = [hardhat, 'test', 'solidity', ...paths]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true', ...env },
    maxBuffer: 16 * 1_048_576
  }).catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`)
  })
  return stdout
}
