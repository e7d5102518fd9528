import { defineConfig } from 'vitest/config'
import { LONG } from './vitest.long.config.ts'

/** Replaces a module for itself alone. */
const ISOLATED = ['test/peer/chain/edr-missing.test.ts']

export default defineConfig({
  test: {
    pool: 'forks',
    // Vitest leaves one core free; most files here wait for sockets and disks.
    maxWorkers: 2,
    testTimeout: 60_000,
    // Most start a chain and several peers.
    hookTimeout: 60_000,
    // What is polled for comes when the machine has time for it.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: ['test/bench/**', 'test/contracts/solidity/**', ...ISOLATED, ...LONG],
          // Loading the same modules for each of some two hundred files took half of the time.
          isolate: false
        }
      },
      { extends: true, test: { name: 'isolated', include: ISOLATED } }
    ]
  }
})
