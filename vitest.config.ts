import { defineConfig } from 'vitest/config'
import { LONG } from './vitest.long.config.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'test/contracts/solidity/**', ...LONG],
    pool: 'forks',
    // Vitest leaves one core free; most files here wait for sockets and disks.
    maxWorkers: 2,
    testTimeout: 60_000,
    // Most start a chain and several peers.
    hookTimeout: 60_000,
    // What is polled for comes when the machine has time for it.
    expect: { poll: { timeout: 15_000 } }
  }
})
