// npm run test:deep [-- --json] [--write] [--count 100000]: vouchers against ethers and Solidity at
// length, and every way of changing one. --write keeps test/bench/results/vouchers.json
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Interface } from 'ethers'
import { ChannelEscrow } from '../../protocol/contracts/abi/ChannelEscrow.ts'
import { deployVoucherReader } from '../contracts/voucher-reader.ts'
import { createWorld } from '../contracts/world.ts'
import { refuseMutants } from './refuse-mutants.ts'
import { compareVouchers } from './voucher-differential.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    write: { type: 'boolean' },
    count: { type: 'string', default: '100000' }
  }
})
const world = await createWorld([])
const reader = await deployVoucherReader(world)
const escrow = new Interface(ChannelEscrow.abi)
const data = escrow.encodeFunctionData('VOUCHER_TYPEHASH')
const answer = await world.rpc('eth_call', [{ to: world.contracts.escrow, data }, 'latest'])
if (answer !== reader.typeHash) throw new Error('the escrow hashes vouchers as another struct')

const from = performance.now()
const compared = await compareVouchers(reader, { count: Number(options.count), allEvery: 20 })
const refused = await refuseMutants(reader, Math.ceil(Number(options.count) / 1_000))
const figures = {
  ...compared,
  mutantClasses: Object.keys(refused).length,
  mutantsRefused: Object.values(refused).reduce((sum, count) => sum + count, 0),
  seconds: Math.round((performance.now() - from) / 1_000)
}
console.table(refused)
console.table(figures)
if (options.write) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const file = join(import.meta.dirname, '..', 'bench', 'results', 'vouchers.json')
  const result = { commit, node: process.version, figures, refused }
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
}
if (options.json) console.log(JSON.stringify({ figures }))
process.exit(0)
