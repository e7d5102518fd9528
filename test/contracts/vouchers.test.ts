import { beforeAll, expect, test } from 'vitest'
import { refuseMutants } from '../deep/refuse-mutants.ts'
import { compareVouchers } from '../deep/voucher-differential.ts'
import { MUTANTS } from '../deep/voucher-mutants.ts'
import { deployVoucherReader, type VoucherReader } from './voucher-reader.ts'
import { createWorld } from './world.ts'

let reader: VoucherReader
beforeAll(async () => {
  reader = await deployVoucherReader(await createWorld([]))
})

test('our vouchers are ethers’ and Solidity’s, and each reads what the others sign', async () => {
  const compared = await compareVouchers(reader, { count: 300, allEvery: 10 })
  expect(compared).toEqual({ digests: 300, signatures: 300, byAll: 30 })
})

test('a voucher changed in any way is taken by none of them', async () => {
  const refused = await refuseMutants(reader, 3)
  expect(Object.keys(refused).length).toBeGreaterThanOrEqual(20)
  expect(refused).toEqual(Object.fromEntries(Object.keys(MUTANTS).map((name) => [name, 3])))
})
