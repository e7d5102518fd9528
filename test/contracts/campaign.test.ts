import { expect, test } from 'vitest'
import { runSolidity } from './solidity-runner.ts'

/** A few short sequences here; `npm run test:contracts` plays the long ones. */
test('the laws of the money corridor hold in Solidity, under whatever anyone does', async () => {
  const stdout = await runSolidity(['Corridor.t.sol', 'Bounties.t.sol', 'Vouchers.t.sol'], {
    DATANET_INVARIANT_RUNS: '4',
    DATANET_INVARIANT_DEPTH: '60',
    DATANET_FUZZ_RUNS: '32'
  })
  expect(stdout).toMatch(/✔ invariant_corridor\(\) \(runs: 4\)/)
  expect(stdout).toMatch(/✔ test_sequencesGetSomewhere\(\)/)
  expect(stdout).toMatch(/✔ invariant_bounties\(\) \(runs: 4\)/)
  expect(stdout).toMatch(/✔ test_bountiesGetSomewhere\(\)/)
  expect(stdout.match(/✔ testFuzz_/g)).toHaveLength(4)
  expect(stdout).toMatch(/8 passing/)
}, 120_000)
