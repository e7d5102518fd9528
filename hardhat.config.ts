import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'hardhat/config'

// Hardhat runs the Solidity campaigns of test/contracts/solidity and nothing else: what is shipped is
// compiled by protocol/contracts/build.ts. The environment says how long they take.
const root = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)

export default defineConfig({
  paths: {
    sources: root('protocol/contracts'),
    tests: { solidity: root('test/contracts/solidity') },
    artifacts: root('artifacts'),
    cache: root('cache')
  },
  solidity: {
    version: '0.8.37',
    path: createRequire(import.meta.url).resolve('solc/soljson.js'),
    settings: { evmVersion: 'cancun', optimizer: { enabled: true, runs: 1_000_000 } }
  },
  test: {
    solidity: {
      // Addresses and signatures made in tests do not depend on it; sequences do.
      fuzz: { runs: number('DATANET_FUZZ_RUNS', 64), seed: '0x6461746e6574' },
      invariant: {
        runs: number('DATANET_INVARIANT_RUNS', 8),
        depth: number('DATANET_INVARIANT_DEPTH', 64),
        // A handler knows what may be refused; anything else is a finding.
        failOnRevert: true
      }
    }
  }
})
