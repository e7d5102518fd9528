import { expect, test } from 'vitest'
import { runCampaign } from './campaign.ts'

// RECOVERY-W1, RECOVERY-W2, RECOVERY-W3, RECOVERY-W4, RECOVERY-W5, RECOVERY-W6
test('a dozen kills lose nothing, charge nothing twice, and leave the same books on both sides', async () => {
  const result = await runCampaign({
    kills: { provider: 6, payer: 6 },
    channels: 500,
    lifeMs: 150,
    every: 12,
    random: Math.random
  })
  expect(result.faults).toEqual([])
  expect(result.calls).toBeGreaterThan(0)
}, 120_000)
