import { defineConfig } from 'vitest/config'

/** Every test, the longest too: which of them a mutant needs is the mutant's to say. */
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], pool: 'forks', expect: { poll: { timeout: 15_000 } } }
})
