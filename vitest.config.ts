import { defineConfig } from 'vitest/config'
import { LONG } from './vitest.long.config.ts'

/**
 * What opens no peers and no chains shares its workers: loading the same modules for each of these files
 * took most of their time. The others have a process each, which takes what they leave behind with it.
 */
const SHARING = [
  'test/*.test.ts',
  'test/bot/**/*.test.ts',
  'test/fixtures/**/*.test.ts',
  'test/house/**/*.test.ts',
  'test/protocol/**/*.test.ts',
  'test/peer/{api,faces,intake,store}/**/*.test.ts'
]

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
        test: { name: 'sharing', include: SHARING, exclude: LONG, isolate: false }
      },
      {
        extends: true,
        test: {
          name: 'apart',
          include: ['test/**/*.test.ts'],
          exclude: ['test/bench/**', 'test/contracts/solidity/**', ...SHARING, ...LONG]
        }
      }
    ]
  }
})
