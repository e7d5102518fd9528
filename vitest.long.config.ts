import { defineConfig } from 'vitest/config'

/** What takes a machine longest: whole devnets, kills, floods, campaigns. `npm run test:long` */
export const LONG = [
  'test/adversary/equivocation.test.ts',
  'test/adversary/flood.test.ts',
  'test/bot/community.test.ts',
  'test/bot/try.test.ts',
  'test/contracts/campaign.test.ts',
  'test/crash/crash.test.ts',
  'test/crash/review.test.ts',
  'test/e2e/channel-close.test.ts',
  'test/e2e/channel-life.test.ts',
  'test/e2e/cli-background.test.ts',
  'test/e2e/cli-first-use.test.ts',
  'test/e2e/cli.test.ts',
  'test/e2e/close-by-agreement.test.ts',
  'test/e2e/coins.test.ts',
  'test/e2e/devnet.test.ts',
  'test/e2e/drop-guard.test.ts',
  'test/e2e/fetch-killed.test.ts',
  'test/e2e/hostile-curator.test.ts',
  'test/e2e/hosting.test.ts',
  'test/e2e/import-export.test.ts',
  'test/e2e/intake-host-lost.test.ts',
  'test/e2e/payer-budget.test.ts',
  'test/e2e/provider-killed.test.ts',
  'test/e2e/serving.test.ts',
  'test/e2e/tower.test.ts',
  'test/e2e/upstream-model.test.ts',
  'test/e2e/withdrawal.test.ts',
  'test/interop/plain-ipfs.test.ts',
  'test/peer/engines/llama/llama-model.test.ts',
  'test/peer/services/bounty/bounties.test.ts',
  'test/peer/services/bounty/bounty-filling.test.ts',
  'test/peer/services/contribution/outbox.test.ts'
]

export default defineConfig({
  test: {
    include: LONG,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } }
  }
})
