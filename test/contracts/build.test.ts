import { Interface, id } from 'ethers'
import { expect, test } from 'vitest'
import { createContract } from '../../peer/chain/ethers/contract.ts'
import { typeString } from '../../protocol/base/typed-data.ts'
import { TERMS } from '../../protocol/channel/terms.ts'
import { ChannelEscrow } from '../../protocol/contracts/abi/ChannelEscrow.ts'
import { DatanetRegistry } from '../../protocol/contracts/abi/DatanetRegistry.ts'
import { RewardPool } from '../../protocol/contracts/abi/RewardPool.ts'
import { renderArtifacts, staleArtifacts } from '../../protocol/contracts/build.ts'
import { REVISION_APPROVAL } from '../../protocol/datanet/revision.ts'
import { DROP_VETO } from '../../protocol/reward/veto.ts'
import { createWorld } from './world.ts'

test('the committed ABI and bytecode are those of the sources', () => {
  const files = renderArtifacts()
  expect(staleArtifacts(files)).toEqual([])
  const [path] = Object.keys(files) as [string]
  expect(staleArtifacts({ ...files, [path]: `${files[path]} ` })).toEqual([path])
})

test('contracts and protocol hash the same structs', async () => {
  const { contracts, rpc } = await createWorld([])
  const registry = createContract(DatanetRegistry.abi, contracts.registry, rpc)
  const escrow = createContract(ChannelEscrow.abi, contracts.escrow, rpc)
  const pool = createContract(RewardPool.abi, contracts.pool, rpc)
  const voucher =
    'Voucher(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,bytes32 receiptsRoot)'
  expect(await registry.read('REVISION_APPROVAL_TYPEHASH', [])).toEqual([
    id(typeString(REVISION_APPROVAL))
  ])
  expect(await escrow.read('TERMS_TYPEHASH', [])).toEqual([id(typeString(TERMS))])
  expect(await escrow.read('VOUCHER_TYPEHASH', [])).toEqual([id(voucher)])
  expect(await pool.read('DROP_VETO_TYPEHASH', [])).toEqual([id(typeString(DROP_VETO))])
  // The escrow brought its pool, and the pool knows both of them.
  expect(await escrow.read('rewardPool', [])).toEqual([
    expect.stringMatching(new RegExp(contracts.pool, 'i'))
  ])
  expect(`${await pool.read('escrow', [])}`.toLowerCase()).toBe(contracts.escrow)
  expect(`${await pool.read('registry', [])}`.toLowerCase()).toBe(contracts.registry)
})

test('every error of a contract carries the prefix of its room', () => {
  const prefixes = [
    [ChannelEscrow, /^(Escrow|SafeERC20|InvalidShortString|StringTooLong)/],
    [DatanetRegistry, /^(Registry|InvalidShortString|StringTooLong)/],
    [RewardPool, /^(Pool|SafeERC20|InvalidShortString|StringTooLong)/]
  ] as const
  for (const [{ abi }, prefix] of prefixes) {
    new Interface(abi).forEachError((error) => expect(error.name).toMatch(prefix))
  }
})
