// Reads the published vectors with this client's own decoders, and counts what holds.
import { readFileSync } from 'node:fs'
import { bountyChecks } from './vectors-bounties.mjs'
import { decidingChecks } from './vectors-deciding.mjs'
import { exchangeChecks } from './vectors-exchanges.mjs'
import { hostingChecks } from './vectors-hosting.mjs'
import { moneyChecks } from './vectors-money.mjs'
import { recordChecks } from './vectors-records.mjs'
import { ruleChecks } from './vectors-rules.mjs'
import { ledger } from './vectors-tools.mjs'

const VECTORS = new URL('../../../specs/vectors/', import.meta.url)
const load = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, VECTORS), 'utf8'))

const CHECKS = {
  ...ruleChecks,
  ...recordChecks,
  ...decidingChecks,
  ...bountyChecks,
  ...exchangeChecks,
  ...hostingChecks,
  ...moneyChecks
}

/** Per vector file: how much was checked, and what did not hold. */
export async function verifyVectors() {
  const report = {}
  for (const [name, run] of Object.entries(CHECKS)) {
    const check = ledger()
    await run(load(name), check)
    report[name] = check.end()
  }
  return report
}
